"""What a soak shows on the terminal: header, live markers, progress, table, last line."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_soak.clock import SystemClock
from pytest_soak.engine.events import Event, IterationFinished, LaneResumed, LaneStarted
from pytest_soak.engine.record import IterationRecord, LaneResult
from pytest_soak.run.verdict import Conclusion
from pytest_soak.session.context import SoakContext
from pytest_soak.session.markers import SEED, marker_lines
from pytest_soak.session.protection import PROTECTION
from pytest_soak.session.stdout import Lasting
from pytest_soak.session.table import lane_table
from pytest_soak.session.target_fixture import users_place
from pytest_soak.text import plural

PROGRESS_SECONDS = 10.0
LANES_SHOWN = 4
_COLORS = {"PASS": "green", "WARN": "yellow", "FAIL": "red"}


class Terminal:
    """A handler of the engine's events, and the reporting hooks."""

    def __init__(self, config: pytest.Config, context: SoakContext) -> None:
        self._reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
        self._config = config
        self._context = context
        self._clock = SystemClock()
        self._several = len(context.settings.lanes()) > 1
        self._done = 0
        self._replayed = 0
        self._began: float | None = None
        self._shown = 0.0
        self._seeded = False
        if self._reporter is not None:
            self._reporter.showfspath = False
            self._reporter._tw._file = Lasting(self._reporter._tw._file)

    def pytest_report_header(self) -> list[str]:
        """What is soaked, for how long, and by which gate it is judged."""
        settings = self._context.settings
        lanes = settings.lanes()
        shown = [lane.id for lane in lanes[:LANES_SHOWN]]
        more = f" and {len(lanes) - LANES_SHOWN} more" if len(lanes) > LANES_SHOWN else ""
        lines = [
            f"soak: {plural(settings.iterations, 'iteration')} of {settings.minutes:g} min, "
            f"{plural(len(lanes), 'lane')}, target {self._target()}",
            f"soak: {', '.join(shown)}{more}",
            f"soak: gate {', '.join(dict.fromkeys(g[0].name for g in settings.gates.values()))} "
            f"({settings.gate_mode}), artifacts in {_short(settings.directory, self._config)}",
        ]
        if settings.target_source == "USE_MOCK":
            lines.append("soak: USE_MOCK=1 makes the target mock: its KPIs are random numbers")
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

    def handle(self, event: Event) -> None:
        """Print the markers of an event, and now and then how far the soak is."""
        if self._reporter is None:
            return
        if isinstance(event, LaneStarted):
            self._began = self._began or self._clock.monotonic()
            if self._context.settings.default_overrides and not self._seeded:
                self._seeded = True
                self._line(SEED)
        if isinstance(event, LaneResumed):
            self.say(_resumed(event, several_lanes=self._several))
        if isinstance(event, IterationFinished):
            self._done += 1
            self._replayed += event.replayed
            if event.replayed:
                return
        lines = marker_lines(event, several_lanes=self._several)
        if lines:
            self._line("\n".join(lines))
        if isinstance(event, IterationFinished):
            self._progress(event.record)

    def _progress(self, record: IterationRecord) -> None:
        now = self._clock.monotonic()
        total = (
            sum(self._context.selected.values())
            or len(self._context.settings.lanes()) * self._context.settings.iterations
        )
        if self._began is None or now - self._shown < PROGRESS_SECONDS or self._done == total:
            return
        if self._shown or now - self._began >= PROGRESS_SECONDS:
            each = (now - self._began) / (self._done - self._replayed)
            left = each * (total - self._done)
            self._line(
                f"soak: {self._done}/{total} iterations, {record.phase}, ETA {_duration(left)}"
            )
        self._shown = now

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
        self, results: Sequence[LaneResult], unfinished: Sequence[str], report: Path | None
    ) -> None:
        """The lanes side by side, why each is not PASS, where artifacts and report lie."""
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
        if unfinished or any(result.verdict is None for result in results):
            self._line("to go on: the same command with --soak-resume")
        latest = self._context.book.layout.latest
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


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
