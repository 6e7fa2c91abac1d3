"""What a soak prints: header, live markers, progress, the table of lanes, the last line."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_soak.artifacts.baseline_models import AgainstBaseline
from pytest_soak.baseline.words import baseline_lines
from pytest_soak.clock import Clock
from pytest_soak.engine.events import (
    Event,
    IterationFinished,
    LaneResumed,
    LaneStarted,
    Notice,
)
from pytest_soak.engine.record import LaneResult
from pytest_soak.run.progress import Progress
from pytest_soak.run.settings import Settings
from pytest_soak.run.verdict import Conclusion
from pytest_soak.session.context import SoakContext
from pytest_soak.session.heartbeat import Heartbeat
from pytest_soak.session.markers import SEED, marker_lines
from pytest_soak.session.protection import PROTECTION
from pytest_soak.session.screen import Screen, past_capture
from pytest_soak.session.table import lane_table
from pytest_soak.session.target_fixture import users_place
from pytest_soak.text import plural

PROGRESS_SECONDS = 10.0
LANES_SHOWN = 4
_COLORS = {"PASS": "green", "WARN": "yellow", "HOLD": "cyan", "FAIL": "red"}


class Terminal:
    """A handler of the soak's events, and the reporting hooks."""

    reads_only = True

    def __init__(self, config: pytest.Config, context: SoakContext, clock: Clock) -> None:
        self._reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
        self._config = config
        self._context = context
        self._clock = clock
        self._several = len(context.settings.lanes()) > 1
        self._progress: Progress | None = None
        self._shown: float | None = None
        self._seeded = False
        self._heartbeat: Heartbeat | None = None
        if self._reporter is not None:
            writer = self._reporter._tw
            self._reporter.showfspath = False
            self._screen = Screen(past_capture(writer._file, config.option.capture))
            writer._file = self._screen

    def pytest_report_header(self) -> list[str]:
        """What is soaked, for how long, and by which gate it is judged."""
        settings = self._context.settings
        lanes = settings.lanes()
        shown = [lane.id for lane in lanes[:LANES_SHOWN]]
        more = f" and {len(lanes) - LANES_SHOWN} more" if len(lanes) > LANES_SHOWN else ""
        stops = f", stop criteria {settings.criteria.name}" if settings.criteria else ""
        held = (
            f", no worse than {', '.join(settings.baseline.folders)}" if settings.baseline else ""
        )
        lines = [
            f"soak: {plural(settings.iterations, 'iteration')} of {settings.minutes:g} min, "
            f"{plural(len(lanes), 'lane')}, target {self._target()}",
            f"soak: {', '.join(shown)}{more}",
            f"soak: gate {', '.join(dict.fromkeys(g[0].name for g in settings.gates.values()))} "
            f"({settings.gate_mode}){stops}{held}, "
            f"artifacts in {_short(settings.directory, self._config)}",
        ]
        if settings.target_source == "USE_MOCK":
            lines.append("soak: USE_MOCK=1 makes the target mock: its KPIs are random numbers")
        lines += [f"soak: {name} is yours, not the one of the package" for name in _yours(settings)]
        return lines

    def _target(self) -> str:
        fixture = users_place(self._config)
        if fixture is not None:
            return f"from the soak_target fixture of {fixture}"
        settings = self._context.settings
        unless = " unless a soak_target fixture says otherwise"
        return settings.target + (unless if settings.target_source == "default" else "")

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.CollectReport | pytest.TestReport
    ) -> tuple[str, str, str] | None:
        """Iterations leave no dots: their markers, and `failed`, tell."""
        if type(report) is not pytest.TestReport or not _is_soak(report):
            return None  # of other kinds, as subtests, others know more
        if hasattr(report, "wasxfail"):
            return None
        if report.when == "call" or not report.passed:
            word = report.outcome if report.when == "call" or report.skipped else "error"
            return word, "", word.upper()
        return None

    def failed(self, report: pytest.TestReport) -> None:
        """Say live which item failed, and why."""
        if self._reporter is not None:
            crash = getattr(report.longrepr, "reprcrash", None)
            text = crash.message if crash is not None else report.longreprtext
            why = next(x for x in text.strip().splitlines() if not x.startswith("[gw"))
            self._line(f"soak: FAILED {report.nodeid}: {why}")

    def start(self, settings: Settings) -> None:
        """Begin to tell how far the soak is; at a terminal all the time, by a line of its own."""
        if self._reporter is None:
            return
        selected = self._context.selected or {x.id: settings.iterations for x in settings.lanes()}
        workers = len(self._config.getoption("tx", None) or []) or 1
        self._progress = Progress(selected, workers, settings.sleep)
        self._shown = self._clock.monotonic()
        if self._reporter.isatty:
            self._heartbeat = Heartbeat(self._beat)

    def handle(self, event: Event) -> None:
        """Print the markers of an event, and now and then how far the soak is."""
        if self._reporter is None or self._progress is None:
            return
        self._progress.handle(event, self._clock.monotonic())
        if isinstance(event, Notice) and (event.problem or not event.lane):
            (self.complain if event.problem else self.say)(event.text)
        elif isinstance(event, LaneStarted) and not self._seeded:
            self._seeded = True
            if self._context.settings.default_overrides:
                self._line(SEED)
        elif isinstance(event, LaneResumed):
            self.say(_resumed(event, several_lanes=self._several))
        elif not (isinstance(event, IterationFinished) and event.replayed):
            lines = marker_lines(event, several_lanes=self._several)
            if lines:
                self._line("\n".join(lines))
            if isinstance(event, IterationFinished):
                self._tell_progress(event.record.phase)

    def close(self) -> None:
        """End the live line."""
        if self._heartbeat is not None:
            self._heartbeat.stop()
            self._screen.write("")

    def _tell_progress(self, phase: str) -> None:
        progress, now = self._progress, self._clock.monotonic()
        if progress is None or self._shown is None or self._heartbeat is not None:
            return
        if now - self._shown < PROGRESS_SECONDS or progress.done == progress.total:
            return
        left = progress.seconds_left(now)
        if left is None:
            return
        self._shown = now
        self.say(f"{progress.done}/{progress.total} iterations, {phase}, ETA {_duration(left)}")

    def _beat(self) -> None:
        """Show what is under way; from a thread of its own."""
        assert self._progress is not None
        self._screen.live(_under_way(self._progress, self._clock.monotonic(), self._width()))

    def _width(self) -> int:
        return int(self._reporter._tw.fullwidth)

    def _line(self, text: str) -> None:
        self._reporter.write_line(text)

    def line_of_its_own(self, text: str) -> None:
        """Print `text` at the start of a line, also after a bot that printed half of one."""
        if self._reporter is not None:
            self._reporter.ensure_newline()
            if self._config.option.capture == "no":
                self._line("")
            self._line(text)

    def say(self, text: str) -> None:
        """Say something of the run."""
        if self._reporter is not None:
            self._line(f"soak: {text}")

    def complain(self, text: str) -> None:
        """Say what went wrong beside the tests."""
        if self._reporter is not None:
            self._reporter.write_line(f"soak: {text}", red=True)

    def table(
        self,
        results: Sequence[LaneResult],
        unfinished: Sequence[str],
        rates: Mapping[str, str],
        beside: Sequence[AgainstBaseline],
        report: Path | None,
    ) -> None:
        """The lanes side by side, why each is not PASS, how often their gates are wrong, how they
        stand `beside` a baseline, and where artifacts and report lie."""
        if self._reporter is None:
            return
        self._reporter.section("soak")
        heads, *rows = lane_table(results)
        self._reporter.write_line(heads, bold=True)
        for result, row in zip(results, rows, strict=True):
            self._reporter.write_line(row, **{_COLORS.get(str(result.verdict), "red"): True})
        for lane in unfinished:
            self._line(f"{lane}: not finished")
        for result in results:
            for reason in result.reasons:
                self._line(f"{result.lane.id}: {reason}")
        for text, lanes in _lanes_by_text(rates).items():
            self._line(f"{lanes[0] if len(lanes) == 1 else plural(len(lanes), 'lane')}: {text}")
        for text in baseline_lines(beside):
            self._line(text)
        if unfinished or any(result.verdict is None for result in results):
            self._line("to go on: the same command with --soak-resume")
        latest = self._context.layout.latest
        if latest.exists():
            self._line(f"artifacts: {_short(latest, self._config)}{os.sep}")
        if report is not None:
            self._line(f"report: {_short(report, self._config)}")

    def last_line(self, conclusion: Conclusion) -> None:
        """The very last line of the session."""
        if self._reporter is not None:
            self._reporter.ensure_newline()
            color = _COLORS.get(str(conclusion.verdict), "red")
            self._reporter.write_line(conclusion.text, **{color: True})
            if PROTECTION in self._config.stash:
                self._config.stash[PROTECTION].last_line = conclusion.text


def _yours(settings: Settings) -> list[str]:
    """What a user of the package would take for its own, by kind and name."""
    profiles = [f"profile {one.name}" for one in settings.profiles if one.hides_shipped]
    return profiles + [f"market {one.name}" for one in settings.scenarios if one.hides_built_in]


def _lanes_by_text(rates: Mapping[str, str]) -> dict[str, list[str]]:
    """Which lanes each text is of: all seeds of a gate, a profile and a market share theirs."""
    found: dict[str, list[str]] = {}
    for lane, text in rates.items():
        found.setdefault(text, []).append(lane)
    return found


def _is_soak(report: pytest.TestReport) -> bool:
    return "soak" in report.keywords


def _short(path: Path, config: pytest.Config) -> str:
    base = config.invocation_params.dir
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)


def _resumed(event: LaneResumed, *, several_lanes: bool) -> str:
    lane = f"{event.lane} " if several_lanes else ""
    span = f"iterations 1-{event.iterations}" if event.iterations > 1 else "iteration 1"
    if event.ending is not None:
        rest = f"where the lane ended ({event.ending})"
    elif event.restored:
        rest = f"the target goes on from its checkpoint with iteration {event.iterations + 1}"
    else:
        rest = f"the target keeps no checkpoint and begins with iteration {event.iterations + 1}"
    return f"{lane}resumed: {span} from the journal, {rest}"


def _under_way(progress: Progress, now: float, width: int) -> str:
    running = progress.running(now)
    parts = [f"soak: {progress.done}/{progress.total} iterations"]
    if running:
        lane, iteration, seconds, minutes = running[0]
        where = f"{lane} " if len(running) > 1 else ""
        at = "" if minutes is None else f", {minutes:.1f} min of it"
        more = f" and {plural(len(running) - 1, 'lane')}" if len(running) > 1 else ""
        parts.append(f"{where}iteration {iteration} for {_duration(seconds)}{at}{more}")
    left = progress.seconds_left(now)
    if left is not None:
        parts.append(f"ETA {_duration(left)}")
    return ", ".join(parts)[: width - 1]


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
