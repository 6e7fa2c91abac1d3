"""What a soak prints: header, rows or markers as it goes, what it comes to, the last line."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pytest_soak.artifacts.baseline_models import AgainstBaseline
from pytest_soak.artifacts.build import outcome
from pytest_soak.clock import Clock
from pytest_soak.engine.events import (
    Event,
    IterationFinished,
    IterationStarted,
    LaneResumed,
    LaneStarted,
    Notice,
)
from pytest_soak.engine.record import LaneResult
from pytest_soak.gates.engine import Verdict
from pytest_soak.report.beside import beside_lines
from pytest_soak.report.closing import (
    INDENT,
    Line,
    lane_closing,
    lanes_closing,
)
from pytest_soak.report.columns import gated_columns
from pytest_soak.report.fitted import COLORS, wrapped
from pytest_soak.report.iteration_rows import GRACE, Told
from pytest_soak.report.lane_rows import RUNNING, LaneRows
from pytest_soak.report.pieces import pieces
from pytest_soak.report.progress_line import counted, hms
from pytest_soak.report.rates import rate_lines
from pytest_soak.report.totals import Totals
from pytest_soak.run.progress import Progress
from pytest_soak.run.settings import Settings
from pytest_soak.run.verdict import Conclusion
from pytest_soak.session.context import SoakContext
from pytest_soak.session.gate_items import COUNTED, GATES
from pytest_soak.session.header import header_lines, short_path
from pytest_soak.session.heartbeat import Heartbeat
from pytest_soak.session.markers import SEED
from pytest_soak.session.protection import PROTECTION
from pytest_soak.session.protocol import GATED
from pytest_soak.session.screen import Screen, past_capture
from pytest_soak.session.views import Lanes, Markers, Rows, View
from pytest_soak.text import plural

PROGRESS_SECONDS = 10.0
REDRAW_SECONDS = 0.1
_NAMED = 4
_MARKUP = {**COLORS, GRACE: "light", RUNNING: "bold"}


class _Paper:
    """The terminal as a view sees it."""

    def __init__(self, reporter: Any, screen: Screen) -> None:
        self._reporter = reporter
        self._screen = screen

    def line(self, text: str) -> None:
        self._reporter.write_line(text)

    def coloured(self, text: str, verdict: str) -> str:
        color = _MARKUP.get(verdict)
        return str(self._reporter._tw.markup(text, **{color: True})) if color else text

    @property
    def size(self) -> tuple[int, int]:
        return self._screen.size


class Terminal:
    """A handler of the soak's events, and the reporting hooks."""

    reads_only = True

    def __init__(self, config: pytest.Config, context: SoakContext, clock: Clock) -> None:
        self._reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
        self._config = config
        self._context = context
        self._clock = clock
        self._totals = Totals()
        self._gated: list[pytest.TestReport] = []
        self._progress: Progress | None = None
        self._view: View | None = None
        self._shown = 0.0
        self._seeded = False
        self._begun = False
        self._heartbeat: Heartbeat | None = None
        if self._reporter is not None:
            writer = self._reporter._tw
            self._reporter.showfspath = False
            self._reporter._show_progress_info = False
            self._screen = Screen(past_capture(writer._file, config.option.capture))
            writer._file = self._screen
            self._paper = _Paper(self._reporter, self._screen)

    @property
    def _marked(self) -> bool:
        """Whether marker lines are printed, and no rows."""
        if self._context.settings.markers is not None:
            return self._context.settings.markers
        return not self._reporter.isatty or bool(os.environ.get("CI"))

    @property
    def _quiet(self) -> bool:
        """Whether the verdict is all that is wanted."""
        asked = self._context.settings.markers or bool(os.environ.get("CI"))
        return self._config.option.verbose < 0 and not asked

    def pytest_report_header(self) -> list[str]:
        """What is soaked, for how long, and by which gate it is judged."""
        return [f"soak: {x}" for x in header_lines(self._context.settings, self._config)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.CollectReport | pytest.TestReport
    ) -> tuple[str, str, str] | None:
        """Iterations leave no dots: their rows or markers, and `failed`, tell."""
        if type(report) is not pytest.TestReport or not _is_soak(report):
            return None  # of other kinds, as subtests, others know more
        if hasattr(report, "wasxfail"):
            return None
        if GATES in report.keywords:
            return ("" if report.passed else getattr(report, COUNTED)), "", ""
        if report.when == "call" or not report.passed:
            word = report.outcome if report.when == "call" or report.skipped else "error"
            return word, "", word.upper()
        return None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logstart(self) -> Generator[None, object, object]:
        """A row stands for its item: pytest's own line of it would say nothing more."""
        with _terse(self._config, if_so=self._rowed):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self) -> Generator[None, object, object]:
        """As `pytest_runtest_logstart`."""
        with _terse(self._config, if_so=self._rowed):
            return (yield)

    @property
    def _rowed(self) -> bool:
        return self._reporter is not None and not self._marked and not self._quiet

    def failed(self, report: pytest.TestReport) -> None:
        """Say live which item failed, and why; not again what a row has said."""
        if self._reporter is None or (self._rowed and getattr(report, GATED, False)):
            return
        if not self._quiet:
            crash = getattr(report.longrepr, "reprcrash", None)
            text = crash.message if crash is not None else report.longreprtext
            why = next(x for x in text.strip().splitlines() if not x.startswith("[gw"))
            self._line(f"soak: FAILED {report.nodeid}: {why}")

    def start(self, settings: Settings) -> None:
        """Begin to tell how far the soak is; at a terminal all the time, by lines of its own."""
        if self._reporter is None:
            return
        selected = self._context.selected or {x.id: settings.iterations for x in settings.lanes()}
        workers = len(self._config.getoption("tx", None) or []) or 1
        self._progress = Progress(selected, workers, settings.sleep)
        self._shown = self._clock.monotonic()
        if self._quiet:
            return
        self._view = self._chosen_view(settings, selected)
        if self._reporter.isatty and os.environ.get("TERM") != "dumb":
            self._heartbeat = Heartbeat(self._beat)

    def _chosen_view(self, settings: Settings, selected: Mapping[str, int]) -> View:
        lanes = settings.lanes()
        if self._marked:
            return Markers(self._paper, len(lanes) > 1)
        gates = {lane.id: settings.gates[lane.profile][0] for lane in lanes}
        columns = gated_columns((gates[lane.id], lane.market) for lane in lanes)
        tuner = Told.STEPS if settings.auto_tune else Told.LITTLE
        tuner = Told.REASONS if self._config.option.verbose > 0 else tuner
        if len(lanes) > 1:
            return Lanes(self._paper, LaneRows(selected, columns), tuner)
        return Rows(self._paper, columns, gates[lanes[0].id].grace, tuner)

    def handle(self, event: Event) -> None:
        """Show an event, and now and then how far the soak is."""
        if self._reporter is None or self._progress is None:
            return
        self._progress.handle(event, self._clock.monotonic())
        self._begun = self._begun or isinstance(event, LaneStarted | IterationStarted)
        if isinstance(event, IterationFinished):
            self._totals.add(event.record)
        if isinstance(event, Notice) and (event.problem or not event.lane):
            (self.complain if event.problem else self.say)(event.text)
        elif self._view is not None:
            self._show(self._view, event)

    def _show(self, view: View, event: Event) -> None:
        if isinstance(event, LaneStarted) and not self._seeded:
            self._seeded = True
            if self._context.settings.default_overrides and isinstance(view, Markers):
                self._line(SEED)
        elif isinstance(event, LaneResumed):
            self.say(_resumed(event, several_lanes=len(self._context.settings.lanes()) > 1))
        view.handle(event)
        if isinstance(event, IterationFinished) and not event.replayed:
            self._tell_progress(event.record.phase)

    def close(self) -> None:
        """End the live lines."""
        if self._heartbeat is not None:
            self._heartbeat.stop()
            self._screen.write("")

    def _tell_progress(self, phase: str) -> None:
        progress, now = self._progress, self._clock.monotonic()
        if progress is None:
            return
        if self._heartbeat is not None:
            if now - self._shown >= REDRAW_SECONDS:
                self._shown = now
                self._beat()
            return
        if now - self._shown < PROGRESS_SECONDS or progress.done == progress.total:
            return
        left = progress.seconds_left(now)
        if left is not None:
            self._shown = now
            self.say(f"{progress.done}/{progress.total} iterations, {phase}, ETA {hms(left)}")

    def _beat(self) -> None:
        """Show what is under way; also from a thread of its own."""
        if self._begun and self._progress is not None and self._view is not None:
            self._screen.live(self._view.live(self._progress, self._clock.monotonic()))

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
        if self._reporter is not None and not self._quiet:
            self._line(f"soak: {text}")

    def complain(self, text: str) -> None:
        """Say what went wrong beside the tests."""
        if self._reporter is not None:
            self._reporter.write_line(f"soak: {text}", red=True)

    def hide_gated(self) -> None:
        """Leave out of pytest's FAILURES what a gate says, until `show_gated`."""
        if self._reporter is not None:
            failed = self._reporter.stats.get("failed", [])
            self._gated = [report for report in failed if getattr(report, GATED, False)]
            failed[:] = [report for report in failed if report not in self._gated]

    def show_gated(self) -> None:
        """Let pytest name in its short summary what `hide_gated` left out."""
        if self._reporter is not None and self._gated:
            self._reporter.stats["failed"][:0] = self._gated
            self._gated = []

    def ending(
        self,
        results: Sequence[LaneResult],
        unfinished: Sequence[str],
        rates: Mapping[str, str],
        beside: Sequence[AgainstBaseline],
        report: Path | None,
    ) -> None:
        """What the soak came to: the lanes, why each is not PASS, how often their gates are wrong,
        how they stand `beside` a baseline, and where artifacts and report lie."""
        if self._reporter is None or self._quiet:
            return
        self._reporter.section("soak")
        for text, verdict in self._closing(results):
            self._reporter.write_line(text, **_color(verdict))
        width = self._paper.size[0]
        for text in (*_unfinished(unfinished), *rate_lines(rates)):
            self._line("\n".join(wrapped(text, width)))
        for text in beside_lines(beside, width):
            self._line(text)
        if unfinished or any(result.verdict is None for result in results):
            self._line("to go on: the same command with --soak-resume")
        if report is not None:
            self._line(f"report: {short_path(report, self._config)}")
        latest = self._context.layout.latest
        if latest.exists():
            for command in pieces(latest) if self._context.settings.exchange else ():
                self._line(f"what failed, again: {command}")
            self._line(f"artifacts: {short_path(latest, self._config)}{os.sep}")

    def _closing(self, results: Sequence[LaneResult]) -> Iterator[Line]:
        width = self._paper.size[0]
        lanes = self._context.settings.lanes()
        if len(lanes) == 1:
            for result in results:
                yield from lane_closing(result, counted(self._totals.counts), width)
            tuner = self._totals.tuner(shown=self._config.option.verbose > 0)
            for text in filter(None, (self._totals.money(), tuner)):
                yield Line(f"{INDENT}{text}")
        elif results:
            outcomes = [outcome(result) for result in results]
            gates = self._context.settings.gates
            judged = (t.metric for x in lanes for g in gates[x.profile] for t in g.on(x.market))
            targets = [result.target for result in results]
            yield from lanes_closing(outcomes, targets, judged, width)

    def last_line(self, conclusion: Conclusion) -> None:
        """The very last line of the session."""
        if self._reporter is not None:
            self._reporter.ensure_newline()
            self._reporter.write_line(conclusion.text, **(_color(conclusion.verdict) or _RED))
            if PROTECTION in self._config.stash:
                self._config.stash[PROTECTION].last_line = conclusion.text


_RED = {"red": True}


def _color(verdict: Verdict | None) -> dict[str, bool]:
    return {} if verdict is None else {COLORS[verdict]: True}


@contextmanager
def _terse(config: pytest.Config, *, if_so: bool) -> Iterator[None]:
    """Meanwhile let pytest print no line for each item, whatever `-v` asks for."""
    verbose = config.option.verbose
    if if_so:
        config.option.verbose = min(verbose, 0)
    try:
        yield
    finally:
        config.option.verbose = verbose


def _unfinished(lanes: Sequence[str]) -> list[str]:
    if not lanes:
        return []
    more = f" and {plural(len(lanes) - _NAMED, 'lane')} more" if len(lanes) > _NAMED else ""
    return [f"not finished: {', '.join(lanes[:_NAMED])}{more}"]


def _is_soak(report: pytest.TestReport) -> bool:
    return "soak" in report.keywords


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
