"""The main process of a soak: takes its events, fails the session by its gates, concludes."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from pytest_soak.artifacts.baseline_models import AgainstBaseline
from pytest_soak.artifacts.lane_journal import complaint_kept, iterations_kept
from pytest_soak.artifacts.printed import keep_printed
from pytest_soak.engine.events import Event, Notice
from pytest_soak.engine.plan import succeeds
from pytest_soak.engine.record import LaneResult
from pytest_soak.errors import ArtifactError, SoakUsageError, one_line
from pytest_soak.gates.engine import Verdict
from pytest_soak.run.run import Run
from pytest_soak.run.verdict import Conclusion
from pytest_soak.session.context import USAGE_ERROR, SoakContext
from pytest_soak.session.gate_items import GATES, report_baseline, report_gate
from pytest_soak.session.hooks import REQUIRED, tell_hooks
from pytest_soak.session.protocol import ITERATION, LANE, USAGE
from pytest_soak.session.readiness import compile_market, simulates
from pytest_soak.session.terminal import Terminal

_NO_SOAK = (pytest.ExitCode.NO_TESTS_COLLECTED, pytest.ExitCode.USAGE_ERROR)
"""Of these pytest itself tells, and there is nothing to conclude."""


class Controller:
    """Follows the run and its items; under pytest-xdist both happen in other processes."""

    def __init__(
        self,
        config: pytest.Config,
        context: SoakContext,
        run: Run,
        terminal: Terminal,
        distributed: bool,
    ) -> None:
        self._config = config
        self._context = context
        self._run = run
        self._terminal = terminal
        self._distributed = distributed
        self._failed: dict[str, str | None] = {}
        self._noted: set[str] = set()
        self._session: pytest.Session | None = None
        self._report: Path | None = None
        self._rates: dict[str, str] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Before pytest-xdist starts its workers, and before it is known what is soaked."""
        if not self._config.option.collectonly:
            self._run.folder.announce()
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
            for result in self._bad():
                report_gate(session, result, self._failed.values())
            self._run.judge_beside(self._lanes())
            for one in self._bad_beside():
                report_baseline(session, one)

    def _get_ready(self) -> None:
        try:
            if self._distributed:
                self._run.prepare()
            settings = self._context.settings
            if settings.cluster is None and simulates(self._config, settings):
                compile_market(self._terminal, settings)
        except SoakUsageError as error:
            raise pytest.UsageError(str(error)) from None

    def deliver(self, event: Event) -> None:
        """Take an event when it happens, in whichever process; tell the users' hooks of it.

        A hook that raises ends no soak; one that is required fails the session.
        """
        self._run.handle(event)
        for error in tell_hooks(self._config, event):
            if error.required:
                self._failed.setdefault(error.hook, None)
                self._terminal.complain(str(error))
            elif str(error) not in self._noted:
                self._noted.add(str(error))
                note = f"{error}; that fails nothing, unless its plugin has {REQUIRED} = True"
                self._run.handle(Notice(lane=event.lane, time=event.time, text=note))

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take note of what failed, and end the session at a usage error."""
        lane = getattr(report, LANE, None)
        if report.failed and GATES not in report.keywords:
            self._failed[report.nodeid] = self._failed.get(report.nodeid) or lane
            self._terminal.failed(report)
        if report.when == "teardown" and lane is not None and report.sections:
            self._keep_printed(lane, getattr(report, ITERATION), report)
        usage = getattr(report, USAGE, None)
        if usage:
            self._context.usage_error = usage
        if usage and self._session is not None:
            self._session.shouldstop = USAGE_ERROR

    def _keep_printed(self, lane: str, iteration: int, report: pytest.TestReport) -> None:
        try:
            keep_printed(self._run.layout.lane(lane), iteration, report.sections)
        except ArtifactError as error:
            self._run.note(str(error), problem=True)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember that the user, not a failure, ended the session.

        pytest-xdist's own stop after a failure is a subclass of KeyboardInterrupt.
        """
        self._context.interrupted = excinfo.type in (KeyboardInterrupt, pytest.exit.Exception)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Close what is open, settle the exit status, and say last what was judged."""
        context, run = self._context, self._run
        if session.config.option.collectonly:
            return (yield)
        if run.close(context.lanes):
            context.interrupted = True
            session.exitstatus = pytest.ExitCode.INTERRUPTED
        conclusion = self._conclude(session)
        session.exitstatus = self._exit_status(session, conclusion)
        if context.usage_error is not None and not run.began:
            run.folder.withdraw()
        if run.folder.prepared:
            self._write_result(session, conclusion)
            self._write_report()
        self._terminal.hide_gated()
        yield
        self._tell_complaints()
        run.folder.release()
        if context.usage_error is not None or session.exitstatus not in _NO_SOAK:
            self._terminal.last_line(conclusion)
        return None

    def _tell_complaints(self) -> None:
        """Tell what went wrong in workers that were interrupted, and could not tell it."""
        if not (self._distributed and self._context.interrupted and self._run.folder.prepared):
            return
        for lane in self._context.settings.lanes():
            complaint = complaint_kept(self._run.layout.lane(lane.id))
            if complaint is not None:
                self._terminal.complain(f"{lane.id}: {complaint}")

    def _conclude(self, session: pytest.Session) -> Conclusion:
        if self._context.usage_error is not None:
            return Conclusion(None, f"ERROR: {self._context.usage_error}")
        failed, bad = list(self._failed), [*self._bad(), *self._bad_beside()]
        if session.exitstatus == pytest.ExitCode.TESTS_FAILED and not failed and not bad:
            failed = [] if self._run.problems else ["something beside the soak"]
        return self._run.conclude(self._lanes(), self._done(), failed)

    def _lanes(self) -> int:
        """How many lanes are to be judged."""
        return len(self._context.selected) or len(self._context.settings.lanes())

    def _done(self) -> int:
        """How many iterations are done; workers that were cut off may not have told of all."""
        run = self._run
        if not (self._distributed and self._context.interrupted and run.folder.prepared):
            return run.iterations
        lanes = (run.layout.lane(lane.id) for lane in self._context.settings.lanes())
        return max(run.iterations, sum(map(iterations_kept, lanes)))

    def _exit_status(self, session: pytest.Session, conclusion: Conclusion) -> int:
        """pytest's own status, but where a soak has more to say."""
        status, failed = int(session.exitstatus), int(pytest.ExitCode.TESTS_FAILED)
        if self._context.usage_error is not None:
            return int(pytest.ExitCode.USAGE_ERROR)
        if status == pytest.ExitCode.INTERRUPTED and session.testsfailed:
            return status if self._context.interrupted else failed
        good = self._succeeds(conclusion.verdict)
        return failed if status == pytest.ExitCode.OK and not good else status

    def _bad(self) -> list[LaneResult]:
        """The lanes that fail the session by their verdicts."""
        judged = [result for result in self._run.results if result.verdict is not None]
        return [result for result in judged if not self._succeeds(result.verdict)]

    def _bad_beside(self) -> list[AgainstBaseline]:
        """The groups of lanes that fail the session by their changes."""
        return [one for one in self._run.beside_baseline if not self._succeeds(one.verdict)]

    def _succeeds(self, verdict: Verdict | None) -> bool:
        return succeeds(verdict, self._context.settings.gate_mode)

    def _write_result(self, session: pytest.Session, conclusion: Conclusion) -> None:
        try:
            self._run.result_file.end(
                self._run.results,
                conclusion.verdict,
                int(session.exitstatus),
                interrupted=self._context.interrupted,
                baseline=self._run.beside_baseline,
            )
        except ArtifactError as error:
            self._terminal.complain(str(error))
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def _write_report(self) -> None:
        """Write what is to look at; where that fails it is told, and the verdict stands."""
        from pytest_soak.artifacts.stored_run import run_in
        from pytest_soak.calibration.stored import run_rates
        from pytest_soak.report.write import write_report

        layout, settings = self._run.layout, self._context.settings
        report = settings.report or layout.report
        try:
            self._rates = run_rates(run_in(layout.latest), settings.rootdir)
            write_report(layout, report, self._rates)
            self._report = report
        except Exception as error:
            self._terminal.complain(f"no report: {one_line(str(error) or type(error).__name__)}")

    def pytest_terminal_summary(self) -> None:
        """What came of the lanes."""
        self._terminal.show_gated()
        results = self._run.results
        if results or self._run.iterations:
            seen = {result.lane.id for result in results}
            unstarted = [x.id for x in self._context.settings.lanes() if x.id not in seen]
            beside = self._run.beside_baseline
            self._terminal.ending(results, unstarted, self._rates, beside, self._report)
