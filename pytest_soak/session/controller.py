"""The main process of a soak: receives the events, fails the session by its gates, concludes."""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from pytest_soak.artifacts.lane_journal import iterations_kept
from pytest_soak.engine.events import Event, IterationFinished, LaneFinished, Notice
from pytest_soak.engine.record import LaneResult
from pytest_soak.errors import ArtifactError, SoakUsageError, one_line
from pytest_soak.gates.engine import Verdict, metrics_of
from pytest_soak.run.verdict import Conclusion, conclude
from pytest_soak.session.context import USAGE_ERROR, SoakContext
from pytest_soak.session.hooks import HookError, call_hook
from pytest_soak.session.protocol import LANE, USAGE
from pytest_soak.session.target_fixture import users_place
from pytest_soak.session.terminal import Terminal
from pytest_soak.session.wire import EVENTS

GATES = "soak-gates"
SIMULATING = {"pytest_soak.targets.simulated", "pytest_soak.market.exchange"}


class Controller:
    """Consumes what the items report; under pytest-xdist they report from other processes."""

    def __init__(
        self, config: pytest.Config, context: SoakContext, terminal: Terminal, distributed: bool
    ) -> None:
        self._config = config
        self._context = context
        self._terminal = terminal
        self._results: list[LaneResult] = []
        self._iterations = 0
        self._begun = False
        self._failed: dict[str, str | None] = {}
        self._session: pytest.Session | None = None
        self._distributed = distributed
        self._report: Path | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Before pytest-xdist starts its workers, and before it is known what is soaked."""
        if not self._config.option.collectonly:
            self._context.book.run.announce()
        if self._distributed and self._context.settings.target == "sim":
            from pytest_soak.market.compile import share_kernel

            share_kernel()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Get ready what must not be done in a test; judge the finished lanes as items."""
        if session.config.option.collectonly:
            return (yield)
        self._session = session
        self._get_ready()
        try:
            return (yield)
        finally:
            for result in self._results:
                if result.verdict is Verdict.FAIL:
                    self._report_gate(session, result)

    def _get_ready(self) -> None:
        try:
            if self._distributed:
                self._context.book.prepare()
                self._take_events()
            if self._simulates():
                self._compile()
        except SoakUsageError as error:
            raise pytest.UsageError(str(error)) from None

    def _simulates(self) -> bool:
        """Whether the market will run: it is the target, or what the user wrote imported it."""
        built_in = self._context.settings.target == "sim" and users_place(self._config) is None
        return built_in or not SIMULATING.isdisjoint(sys.modules)

    def _compile(self) -> None:
        from pytest_soak.market.compile import compile_kernel, kernel_is_compiled, why_not_kept

        if kernel_is_compiled():
            return
        why = why_not_kept()
        often = "once per machine" if why is None else "in each session"
        self._terminal.say(f"compiling the market kernel, {often} ...")
        if why is not None:
            self._terminal.say(
                f"the kernel cannot be kept: {why}; make a folder named here writable, or set "
                "NUMBA_CACHE_DIR to one that is"
            )
        compile_kernel()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hand the events on a report to their handlers."""
        for event in report.__dict__.pop(EVENTS, ()):
            self._deliver(event)
        lane = getattr(report, LANE, None)
        if report.failed and GATES not in report.keywords:
            self._failed[report.nodeid] = self._failed.get(report.nodeid) or lane
            self._terminal.failed(report)
        usage = getattr(report, USAGE, None)
        if usage:
            self._context.usage_error = usage
        if usage and self._session is not None:
            self._session.shouldstop = USAGE_ERROR

    def _take_events(self) -> None:
        for event in self._context.book.take_events():
            self._deliver(event)

    def _deliver(self, event: Event) -> None:
        if isinstance(event, Notice):
            self._notice(event)
            return
        self._begun = True
        self._terminal.handle(event)
        if isinstance(event, IterationFinished):
            record = event.record
            self._iterations += 1
            self._tell("iteration_finished", record=record)
            self._tell("gate_verdict", lane=record.lane.id, judgement=record.judgement, final=False)
        elif isinstance(event, LaneFinished):
            result = event.result
            self._results = [x for x in self._results if x.lane.id != result.lane.id]
            self._results.append(result)
            self._tell("gate_verdict", lane=result.lane.id, judgement=result.judgement, final=True)
            self._tell("lane_finished", result=result)

    def _notice(self, notice: Notice) -> None:
        if notice.problem:
            self._failed.setdefault(notice.text, None)
            self._terminal.complain(notice.text)
        else:
            self._terminal.say(notice.text)

    def _tell(self, what: str, **facts: object) -> None:
        """Call a hook of the user's; one that raises fails the session, not the soak."""
        name = f"pytest_soak_{what}"
        try:
            call_hook(self._config, name, **facts)
        except HookError as error:
            self._failed.setdefault(f"hook {name}", None)
            self._terminal.complain(str(error))

    def _report_gate(self, session: pytest.Session, result: LaneResult) -> None:
        """Emit a failed item for each KPI that fails a lane, or for the lane itself."""
        checks = metrics_of(result.judgement.checks)
        failing = {metric: c for metric, c in checks.items() if c.verdict is Verdict.FAIL}
        for metric, check in failing.items():
            text = f"{check.gate} gate, {result.judgement.note}: {check.reason}"
            self._emit(session, result, metric, f"gate {check.gate}: {metric}", text)
        if not failing and result.lane.id not in self._failed.values():
            self._emit(session, result, "lane", result.lane.id, "; ".join(result.reasons))

    def _emit(
        self, session: pytest.Session, result: LaneResult, name: str, title: str, text: str
    ) -> None:
        session.testscollected += 1
        for when, outcome in (("call", "failed"), ("teardown", "passed")):
            report = pytest.TestReport(
                nodeid=f"soak::gates::{result.lane.id}::{name}",
                location=("soak", None, title),
                keywords={"soak": 1, GATES: 1},
                outcome=outcome,  # type: ignore[arg-type]
                longrepr=text if outcome == "failed" else None,
                when=when,  # type: ignore[arg-type]
            )
            session.config.hook.pytest_runtest_logreport(report=report)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember that the user, not a failure, ended the session.

        pytest-xdist's own stop after a failure is a subclass of KeyboardInterrupt.
        """
        self._context.interrupted = excinfo.type in (KeyboardInterrupt, pytest.exit.Exception)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Close what is open, settle the exit status, and say last what was judged."""
        context = self._context
        if session.config.option.collectonly:
            return (yield)
        context.book.close()
        self._take_events()
        order = {lane.id: n for n, lane in enumerate(context.settings.lanes())}
        self._results.sort(key=lambda r: order[r.lane.id])
        conclusion = self._conclude(session)
        session.exitstatus = self._exit_status(session, conclusion)
        if context.usage_error is not None and not self._begun:
            context.book.run.withdraw()
        if context.book.run.prepared:
            self._write_result(session, conclusion)
            self._write_report()
        yield
        context.book.run.release()
        if session.exitstatus != pytest.ExitCode.NO_TESTS_COLLECTED:
            self._terminal.last_line(conclusion)
        return None

    def _conclude(self, session: pytest.Session) -> Conclusion:
        if self._context.usage_error is not None:
            return Conclusion(None, f"ERROR: {self._context.usage_error}")
        lanes = len(self._context.selected) or len(self._context.settings.lanes())
        failed = list(self._failed)
        if session.exitstatus == pytest.ExitCode.TESTS_FAILED and not failed:
            failed = ["something beside the soak"]
        return conclude(self._results, lanes, self._done(), failed)

    def _done(self) -> int:
        """How many iterations are done; workers that were cut off may not have told of all."""
        book = self._context.book
        if not (self._distributed and self._context.interrupted and book.run.prepared):
            return self._iterations
        lanes = (book.layout.lane(lane.id) for lane in self._context.settings.lanes())
        return max(self._iterations, sum(map(iterations_kept, lanes)))

    def _exit_status(self, session: pytest.Session, conclusion: Conclusion) -> int:
        """pytest's own status, but where a soak has more to say."""
        status, failed = int(session.exitstatus), int(pytest.ExitCode.TESTS_FAILED)
        if self._context.usage_error is not None:
            return int(pytest.ExitCode.USAGE_ERROR)
        if status == pytest.ExitCode.INTERRUPTED and session.testsfailed:
            return status if self._context.interrupted else failed
        good = conclusion.verdict in (Verdict.PASS, Verdict.WARN)
        return failed if status == pytest.ExitCode.OK and not good else status

    def _write_result(self, session: pytest.Session, conclusion: Conclusion) -> None:
        try:
            self._context.book.result_file.end(
                self._results,
                conclusion.verdict,
                int(session.exitstatus),
                interrupted=self._context.interrupted,
            )
        except ArtifactError as error:
            self._terminal.complain(str(error))
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def _write_report(self) -> None:
        """Write what is to look at; where that fails it is told, and the verdict stands."""
        from pytest_soak.report.write import write_report

        layout, wanted = self._context.book.layout, self._context.settings.report
        try:
            write_report(layout, wanted or layout.report)
            self._report = wanted or layout.report
        except Exception as error:
            self._terminal.complain(f"no report: {one_line(str(error) or type(error).__name__)}")

    def pytest_terminal_summary(self) -> None:
        """The table of lanes."""
        if self._results or self._iterations:
            seen = {result.lane.id for result in self._results}
            unstarted = [x.id for x in self._context.settings.lanes() if x.id not in seen]
            self._terminal.table(self._results, unstarted, self._report)
