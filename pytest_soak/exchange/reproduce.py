"""The commands that have a bot meet the same again: all of it, or no more than what failed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from shlex import quote

from pytest_soak.exchange.blame import Spell
from pytest_soak.exchange.faults.selection import selected
from pytest_soak.exchange.judged import Judged

REPEATED = ("profile", "market", "seed", "minutes", "exchange", "faults", "gate-mode")
"""The options that have an exchange do the same again, beside the target and its beliefs."""
JUDGED_S = 30.0
"""How long a bot is judged after it had its time to find back: one that tells late, too."""
MOST_FAULTS = 3


def again(settings: Mapping[str, str], target: str, iterations: int) -> str:
    """The command that has a lane's bot meet the same again.

    `settings` are by option; a target that is none of them is the session's own.
    """
    options = {name: settings[name] for name in REPEATED if name in settings}
    asked = settings.get("target") or (target if target.startswith("process:") else "")
    words = [f"--soak-iterations={iterations}"]
    words += [f"--soak-target={asked}"] if asked else []
    words += [f"--soak-{name}={value}" for name, value in options.items()]
    words += [f"--soak-belief={one}" for one in settings.get("belief", "").split() if one]
    return " ".join(["pytest", *map(quote, words)])


def piece_again(settings: Mapping[str, str], target: str, windows: Sequence[Judged]) -> str:
    """The command for what failed alone: the faults that are blamed, until they can be judged.

    Empty where no fault is blamed, or where it would be no shorter.
    """
    names = _blamed(windows)
    minutes, whole = _minutes(windows, names), _number(settings.get("minutes", ""))
    if not names or minutes is None or whole is None:
        return ""
    iterations = math.ceil(minutes / whole)
    given = {
        "minutes": f"{min(minutes, whole):g}",
        "faults": selected(settings.get("faults", ""), names),
    }
    return again({**settings, **given}, target, iterations)


def _blamed(windows: Sequence[Judged]) -> list[str]:
    """The faults of the first finding of each KPI; else that of the first order sent twice."""
    first: dict[str, str] = {}
    for found in (one for window in windows for one in window.findings):
        first.setdefault(found.kpi, found.fault)
    counts = Counter(filter(None, first.values()))
    return [name for name, _ in counts.most_common(MOST_FAULTS)]


def _minutes(windows: Sequence[Judged], names: Iterable[str]) -> float | None:
    """From the lane's beginning until all of them have met something and the bot was judged."""
    ends = [_first_end_us(windows, name) for name in names]
    known = [end for end in ends if end is not None]
    if not known:
        return None
    seconds = (max(known) - windows[0].start_us) / 1e6 + windows[-1].settle_s + JUDGED_S
    return math.ceil(2 * seconds / 60) / 2


def _first_end_us(windows: Sequence[Judged], name: str) -> int | None:
    spells = [one for window in windows for one in window.faults if one.name == name]
    met = [spell for spell in spells if spell.met] or spells
    return min(map(_end, met), default=None)


def _end(spell: Spell) -> int:
    return max(spell.end_us or 0, spell.start_us + spell.longest_us)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
