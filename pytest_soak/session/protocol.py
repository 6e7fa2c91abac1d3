"""Running a soak item: skipped behind a broken lane, gated, its failures told to the lane."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Generator
from pathlib import Path

import pytest

from pytest_soak.engine.record import IterationRecord
from pytest_soak.errors import ArtifactError, TargetError, one_line
from pytest_soak.session.context import SLOT, USAGE_ERROR, Slot, SoakContext, slot_of
from pytest_soak.session.fixtures import RECORD
from pytest_soak.session.once import forget_flaky, in_body

LANE, ITERATION = "soak_lane", "soak_iteration"
USAGE = "soak_usage_error"
GATED = "soak_gated"
"""On a report: that a gate failed it, and nothing else."""
_LONGEST = 200
_SUBTEST = pytest.StashKey[str]()
_SITE = Path(pytest.__file__).parents[1]
_OTHERS = (
    *map(str, (Path(__file__).parents[1], _SITE / "_pytest", _SITE / "pytest_timeout")),
    threading.__file__,  # where an async target is waited for
)


class ItemProtocol:
    """The run-test hooks of a soak session, on whichever process runs the items."""

    def __init__(self, context: SoakContext) -> None:
        self._context = context

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Pause before an iteration; outermost, so that no timeout counts the pause."""
        slot = slot_of(item)
        if slot is not None:
            self._context.lanes.pause(slot.lane)
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip an iteration whose lane cannot go on."""
        slot = slot_of(item)
        if slot is None:
            return
        if self._context.usage_error:
            pytest.skip(USAGE_ERROR)
        why = self._context.lanes.obstacle(*slot)
        if why is not None:
            pytest.skip(why)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Apply what only the whole test shows: it must have run its window and pass its gate."""
        if SLOT not in item.stash:
            return (yield)
        failure = None
        try:
            yield
        except TargetError as error:
            failure = _story(error)
        except ArtifactError as error:
            failure = str(error)
        record = item.stash.get(RECORD, None)
        if failure is None and record is None:
            failure = "the test did not call soak_iteration.run()"
        elif failure is None and record is not None:
            failure = record.failure
        if failure is not None:
            pytest.fail(failure, pytrace=False)
        return None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the KPIs on the report; tell the lane how the item ended."""
        slot = slot_of(item)
        if slot is None:
            return (yield)
        forget_flaky(item)
        if in_body(item):
            report = yield
            if report.failed:
                item.stash.setdefault(_SUBTEST, _text(call, report))
            return report
        record = item.stash.get(RECORD, None)
        if call.when == "call" and record is not None:
            known = {name: v for name, v in record.summary.kpis.items() if v is not None}
            item.user_properties.extend([*known.items(), ("verdict", str(record.verdict))])
        report = yield
        if call.when == "call" and report.passed and _SUBTEST in item.stash:
            report.outcome, report.longrepr = "failed", f"a subtest: {item.stash[_SUBTEST]}"
        if call.when == "call" or call.excinfo is not None:
            self._settle(slot, record, call, report)
        if call.when == "teardown" and record is not None:
            del item.stash[RECORD]  # the session keeps its items to the end
        if call.excinfo is not None and record is not None:
            setattr(report, GATED, str(call.excinfo.value) == record.failure)
        setattr(report, LANE, slot.lane)
        setattr(report, ITERATION, slot.iteration)
        if report.failed or call.when == "teardown":
            self._context.lanes.release()
        if self._context.usage_error:
            setattr(report, USAGE, self._context.usage_error)
        return report

    def _settle(
        self,
        slot: Slot,
        record: IterationRecord | None,
        call: pytest.CallInfo[None],
        report: pytest.TestReport,
    ) -> None:
        if call.when != "teardown":
            failure = _failure(call.excinfo.value) if call.excinfo else None
            self._context.lanes.settle(*slot, record, failure)
        if not report.failed or record is None:
            return
        if call.when == "teardown":
            self._context.lanes.fail(*slot, f"its teardown failed: {_text(call, report)}")
        elif record.failure is None:
            self._context.lanes.fail(*slot, f"its test failed: {_text(call, report)}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Stop the targets of lanes that did not come to their end."""
        self._context.lanes.close()


def _text(call: pytest.CallInfo[None], report: pytest.TestReport) -> str:
    if call.excinfo is not None:
        text = _failure(call.excinfo.value)
    else:
        text = one_line(report.longreprtext.strip().split("\n")[0])
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _failure(error: BaseException) -> str:
    first = one_line(str(error).split("\n")[0])
    known = isinstance(error, (pytest.fail.Exception, pytest.skip.Exception))
    return first if known else f"{type(error).__name__}: {first}"


def _story(error: TargetError) -> str:
    """The failure in one line, then the bot's own part of the traceback."""
    cause = error.__cause__
    if cause is None or cause.__traceback__ is None:
        return str(error)
    frames = traceback.extract_tb(cause.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_OTHERS)]
    return "\n".join([str(error), *(line.rstrip() for line in traceback.format_list(own))])
