from __future__ import annotations

from pathlib import Path

import pytest
from builders import START, FakeClock, inputs

from pytest_soak.engine.events import Event, Notice
from pytest_soak.run.handlers import Handler
from pytest_soak.run.lanes import Lanes
from pytest_soak.run.resolve import resolve_settings
from pytest_soak.run.run import Run
from pytest_soak.run.settings import Settings


class Noting:
    """Notes what it is told; raises where `broken` says."""

    def __init__(self, broken: str = "", error: BaseException | None = None) -> None:
        self.calls: list[str] = []
        self._broken, self._error = broken, error or ValueError("no ledger")

    def _call(self, what: str) -> None:
        self.calls.append(what)
        if what == self._broken:
            raise self._error

    def start(self, settings: Settings) -> None:
        self._call("start")

    def handle(self, event: Event) -> None:
        self._call("handle")

    def close(self) -> None:
        self._call("close")


class Optional(Noting):
    optional = True


class Keeping(Noting):
    """Keeps the events that it is told of."""

    def __init__(self, *, reads_only: bool) -> None:
        super().__init__()
        self.reads_only = reads_only
        self.events: list[Event] = []

    def handle(self, event: Event) -> None:
        self.events.append(event)


def run_of(tmp_path: Path, *handlers: Handler) -> Run:
    settings = resolve_settings(inputs(tmp_path, {"dir": "a"}))
    return Run(settings, handlers, FakeClock())


def close(run: Run) -> bool:
    return run.close(Lanes(run.settings, run.layout, FakeClock(), run.handle, run.prepare))


def told(run: Run) -> bool:
    run.prepare()
    for _ in range(2):
        run.handle(Notice(lane="", time=START, text="hello"))
    return close(run)


def test_every_handler_is_started_told_and_closed_once(tmp_path: Path) -> None:
    one, two = Noting(), Noting()
    run = run_of(tmp_path, one, two)
    assert not told(run)
    close(run)
    assert one.calls == two.calls == ["start", "handle", "handle", "close"]
    assert run.problems == {}


@pytest.mark.parametrize("error", [ValueError("no ledger"), SystemExit(0)])
@pytest.mark.parametrize("broken", ["start", "handle", "close"])
def test_one_that_raises_fails_the_run_and_stops_no_other(
    broken: str, error: BaseException, tmp_path: Path
) -> None:
    bad, good = Noting(broken, error), Noting()
    run = run_of(tmp_path, bad, good)
    told(run)
    assert good.calls[0] == "start"
    assert good.calls[-1] == "close"
    assert good.calls.count("handle") == 2 + (broken == "handle")
    assert bad.calls.count("handle") == {"start": 0, "handle": 1, "close": 2}[broken]
    assert bad.calls[-1] == "close"
    [problem] = run.problems
    assert problem.startswith(f"handler Noting: its {broken} raised {type(error).__name__}: ")


def test_an_optional_one_only_has_it_told(tmp_path: Path) -> None:
    good = Noting()
    run = run_of(tmp_path, Optional("handle"), good)
    told(run)
    assert run.problems == {}
    assert good.calls.count("handle") == 3


def test_ctrl_c_while_they_close_leaves_none_open(tmp_path: Path) -> None:
    all_of_them = [Noting("close", KeyboardInterrupt()), Noting("close", KeyboardInterrupt())]
    assert told(run_of(tmp_path, *all_of_them))
    assert [handler.calls.count("close") for handler in all_of_them] == [1, 1]


def test_ctrl_c_passes(tmp_path: Path) -> None:
    run = run_of(tmp_path, Noting("handle", KeyboardInterrupt()))
    run.prepare()
    with pytest.raises(KeyboardInterrupt):
        run.handle(Notice(lane="", time=START, text="hello"))


def test_only_a_handler_that_only_reads_is_told_without_a_copy(tmp_path: Path) -> None:
    reading, other = Keeping(reads_only=True), Keeping(reads_only=False)
    run = run_of(tmp_path, reading, other)
    run.prepare()
    event = Notice(lane="", time=START, text="of the run")
    run.handle(event)
    close(run)
    assert reading.events[0] is event
    assert other.events[0] is not event
    assert other.events == [event]
