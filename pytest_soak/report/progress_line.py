"""How far a soak is, in one line: done, counts by verdict, what runs, when it will be over."""

from __future__ import annotations

from collections import Counter

from pytest_soak.gates.engine import OF_ITERATIONS
from pytest_soak.run.progress import Progress
from pytest_soak.text import plural

_BAR = 20


def progress_line(progress: Progress, counts: Counter[str], now: float, width: int) -> str:
    """One line shorter than `width`; `counts` are the iterations by verdict, or why they have none.

    `now` is on the clock that `progress` was told the events by.
    """
    parts = [f"{progress.done}/{progress.total}", counted(counts), _running(progress, now)]
    left = progress.seconds_left(now)
    if left is not None and progress.done < progress.total:
        parts.append(f"ETA {hms(left)}")
    text = "  ".join(part for part in parts if part)
    bar = min(_BAR, width - len(text) - 4)
    if bar >= 4:
        full = bar * progress.done // max(1, progress.total)
        text = f"[{'#' * full}{'-' * (bar - full)}] {text}"
    return text[: max(1, width - 1)]


def hms(seconds: float) -> str:
    """`3 s`, `2 min 5 s`, `1 h 4 min`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def counted(counts: Counter[str]) -> str:
    """`P12 W0 F0 grace 4`; empty of none."""
    usual = [f"{verdict[0]}{counts[verdict]}" for verdict in OF_ITERATIONS]
    others = [f"{word} {n}" for word, n in counts.items() if word not in OF_ITERATIONS]
    return " ".join([*usual, *others]) if counts else ""


def _running(progress: Progress, now: float) -> str:
    running = progress.running(now)
    if not running:
        starting = [seconds for _, seconds in progress.starting(now)]
        return f"starting for {hms(max(starting))}" if starting else ""
    if len(running) > 1:
        return plural(len(running), "lane")
    _, iteration, seconds, minutes = running[0]
    at = "" if minutes is None else f" ({minutes:.1f} min of it)"
    return f"it {iteration} for {hms(seconds)}{at}"
