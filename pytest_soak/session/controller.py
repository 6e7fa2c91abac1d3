"""The main process of a soak: receives the events, fails the session by its gates, concludes."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from pytest_soak.engine.events import Event, IterationFinished, LaneFinished, unpack
from pytest_soak.engine.record import Ending, LaneResult
from pytest_soak.errors import ArtifactError, SoakUsageError
from pytest_soak.gates.engine import Verdict, metrics_of
from pytest_soak.session.context import USAGE_ERROR, SoakContext
from pytest_soak.session.protocol import EVENTS, USAGE
from pytest_soak.session.targets import check_plans, uses_kernel
from pytest_soak.session.terminal import Terminal, conclusion

GATES = "soak-gates"


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
        self._session: pytest.Session | None = None
        self._distributed = distributed

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Get ready what must not be done in a test; judge the finished lanes as items."""
        if session.config.option.collectonly:
            return (yield)
        self._session = session
        self._get_ready(session)
        try:
            return (yield)
        finally:
            for result in self._results:
                self._report_gate(session, result)

    def _get_ready(self, session: pytest.Session) -> None:
        try:
            if self._distributed:
                check_plans(session, self._context)
                self._context.book.prepare()
            if uses_kernel(session, self._context):
                self._compile()
        except SoakUsageError as error:
            raise pytest.UsageError(str(error)) from None

    def _compile(self) -> None:
        from pytest_soak.market.compile import compile_kernel, kernel_is_compiled

        if not kernel_is_compiled():
            reporter = self._config.pluginmanager.get_plugin("terminalreporter")
            if reporter is not None:
                reporter.write_line("soak: compiling the market kernel, once per machine ...")
            compile_kernel()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hand the events on a report to their handlers."""
        packed = getattr(report, EVENTS, None)
        if packed:
            for event in unpack(packed):
                self._deliver(event)
            setattr(report, EVENTS, [])
        if report.failed and GATES not in report.keywords:
            self._terminal.failed(report)
        usage = getattr(report, USAGE, None)
        if usage:
            self._context.usage_error = usage
        if usage and self._session is not None:
            self._session.shouldstop = USAGE_ERROR

    def _deliver(self, event: Event) -> None:
        self._terminal.handle(event)
        hook = self._config.hook
        if isinstance(event, IterationFinished):
            record = event.record
            self._iterations += 1
            hook.pytest_soak_iteration_finished(config=self._config, record=record)
            hook.pytest_soak_gate_verdict(
                config=self._config, lane=record.lane.id, judgement=record.judgement, final=False
            )
        elif isinstance(event, LaneFinished):
            result = event.result
            self._results.append(result)
            hook.pytest_soak_gate_verdict(
                config=self._config, lane=result.lane.id, judgement=result.judgement, final=True
            )
            hook.pytest_soak_lane_finished(config=self._config, result=result)

    def _report_gate(self, session: pytest.Session, result: LaneResult) -> None:
        if result.verdict is not Verdict.FAIL or result.ending is Ending.INTERRUPTED:
            return
        for metric, check in metrics_of(result.judgement.checks).items():
            if check.verdict is not Verdict.FAIL:
                continue
            session.testscollected += 1
            nodeid = f"soak::gates::{result.lane.id}::{metric}"
            text = f"{check.gate} gate, {result.judgement.note}: {check.reason}"
            for when, outcome in (("call", "failed"), ("teardown", "passed")):
                report = pytest.TestReport(
                    nodeid=nodeid,
                    location=("soak", None, f"gate {check.gate}: {metric}"),
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
        for event in context.book.take_events():
            self._deliver(event)
        if context.usage_error is not None:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        elif (
            session.exitstatus == pytest.ExitCode.INTERRUPTED
            and session.testsfailed
            and not context.interrupted
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        order = {lane.id: n for n, lane in enumerate(context.settings.lanes())}
        self._results.sort(key=lambda r: order[r.lane.id])
        if context.book.prepared:
            self._write_result(session)
        yield
        self._say_last(session)
        return None

    def _write_result(self, session: pytest.Session) -> None:
        context = self._context
        try:
            context.book.result_file.end(
                self._results, int(session.exitstatus), interrupted=context.interrupted
            )
        except ArtifactError as error:
            self._terminal.complain(str(error))
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self) -> None:
        """The table of lanes."""
        if self._results or self._iterations:
            seen = {result.lane.id for result in self._results}
            unstarted = [x.id for x in self._context.settings.lanes() if x.id not in seen]
            self._terminal.table(self._results, unstarted)

    def _say_last(self, session: pytest.Session) -> None:
        if self._context.usage_error is not None:
            self._terminal.last_line(f"ERROR: {self._context.usage_error}", None)
        elif self._context.book.prepared:
            selected = len(self._context.selected) or len(self._context.settings.lanes())
            self._terminal.last_line(*conclusion(self._results, selected, self._iterations))
