"""Lanes whose windows are run on a cluster."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from builders import FakeClock, usage_error
from clusters import GONE, FakeCluster, Talking, Walking
from crashes import contents
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.canonical import dumps
from pytest_soak.cluster import task as tasks
from pytest_soak.cluster.task import facts, run_window, why_not
from pytest_soak.engine.events import Event, IterationFinished, Metered, Notice, StopFired
from pytest_soak.errors import ClusterError, SoakUsageError, TargetError
from pytest_soak.run.folder import layout_of
from pytest_soak.run.lanes import Chosen
from pytest_soak.run.order import interleaved, under_way
from pytest_soak.run.resolve import Inputs, resolve_settings
from pytest_soak.run.settings import Settings
from pytest_soak.run.soak import SoakResult, run_soak
from pytest_soak.targets.base import Window
from pytest_soak.targets.resolve import named_factory
from pytest_soak.testing import InstantTarget

LOOSE = "name: loose\nthresholds:\n  - {metric: net_bps, fail_unless: '>= -50'}\n"
STOP = (
    "name: any\ncriteria:\n  - {name: taker, metric: taker_ratio, window: 5m, stop_if: '< 0.5'}\n"
)
LONG = (
    "name: long\ncriteria:\n"
    "  - {name: tick, metric: tick_total_p95_ms, window: 1m, stop_if: '> 0', for: 7m}\n"
)
WALKING = {"target": "clusters:Walking", "iterations": "4", "seed": "1..3", "gate": "loose.yaml"}


class Heard:
    """A handler that keeps what it is told; `then` is called first."""

    def __init__(self, then: Callable[[Event], None] = lambda event: None) -> None:
        self.events: list[Event] = []
        self._then = then

    def start(self, settings: Settings) -> None:
        pass

    def handle(self, event: Event) -> None:
        self._then(event)
        self.events.append(event)

    def close(self) -> None:
        pass


@cache
def resolved(**options: str) -> Settings:
    texts = WALKING | {name.replace("_", "-"): text for name, text in options.items()}
    with TemporaryDirectory() as folder:
        home = Path(folder)
        for name, text in (("loose.yaml", LOOSE), ("any.yaml", STOP), ("long.yaml", LONG)):
            (home / name).write_text(text, encoding="utf-8")
        return resolve_settings(Inputs(texts, {}, {}, home, home, home))


def settings_of(folder: Path, **options: str) -> Settings:
    where = {"directory": folder / "artifacts" / "soak", "rootdir": folder}
    return resolved(**options).model_copy(update=where)


def soaked(
    folder: Path, cluster: FakeCluster | None, *handlers: Any, kpis: Any = None, **options: str
) -> SoakResult:
    settings = settings_of(folder, **options)
    factory = named_factory(settings.target, "target", folder)
    chosen = Chosen(factory, settings.target, kpis or {})
    return run_soak(settings, chosen, handlers, FakeClock(), cluster)


def left(folder: Path) -> dict[str, Any]:
    return contents(folder / "artifacts" / "soak")


@pytest.mark.parametrize(
    ("feeds", "dies"), [("1", ()), ("0", (1, 3, 4, 8))], ids=["all live", "workers die"]
)
def test_a_run_leaves_the_same_bytes(tmp_path: Path, feeds: str, dies: tuple[int, ...]) -> None:
    options = {"feeds": feeds, "auto_tune": "1", "warmup": "1", "seed": "1,2"}
    cluster = FakeCluster(dies=dies)
    here = soaked(tmp_path / "here", None, **options)
    there = soaked(tmp_path / "there", cluster, **options)
    assert left(tmp_path / "there") == left(tmp_path / "here")
    assert (there.text, there.exit_status) == (here.text, here.exit_status)
    assert len(cluster.tasks) == 8
    assert cluster.under_way == 0


def test_the_market_leaves_the_same_bytes(tmp_path: Path) -> None:
    options = {"target": "sim", "seed": "1,2", "iterations": "2", "minutes": "5", "feeds": "1"}
    soaked(tmp_path / "here", None, **options)
    soaked(tmp_path / "there", FakeCluster(dies=(2,)), **options)
    assert left(tmp_path / "there") == left(tmp_path / "here")


def test_a_stop_criterion_that_fires_there_is_told_here(tmp_path: Path) -> None:
    heard = Heard(), Heard()
    for one, where in zip(heard, (None, FakeCluster()), strict=True):
        soaked(tmp_path / str(where is None), where, one, seed="1", stop="any.yaml")
    assert left(tmp_path / "True") == left(tmp_path / "False")
    fired = [[e.fired for e in one.events if isinstance(e, StopFired)] for one in heard]
    assert fired[0] == fired[1] != []


def test_a_stop_criterion_that_outlasts_a_window_goes_on_in_the_next(tmp_path: Path) -> None:
    options = {"target": "sim", "seed": "1", "iterations": "3", "minutes": "5"}
    heard = Heard(), Heard()
    for one, where in zip(heard, (None, FakeCluster()), strict=True):
        soaked(tmp_path / str(where is None), where, one, stop="long.yaml", **options)
    fired = [
        [(e.iteration, e.fired) for e in one.events if isinstance(e, StopFired)] for one in heard
    ]
    assert fired[0] == fired[1]
    assert [iteration for iteration, _ in fired[0]] == [2]


def test_what_a_bot_does_there_is_counted_here(tmp_path: Path) -> None:
    options = {"target": "sim", "seed": "1", "iterations": "2", "minutes": "5"}
    heard = Heard(), Heard()
    for one, where in zip(heard, (None, FakeCluster()), strict=True):
        soaked(tmp_path / str(where is None), where, one, metrics_port="9464", **options)
    counted = [[e.counters for e in one.events if isinstance(e, Metered)] for one in heard]
    assert counted[0] == counted[1]
    assert len(counted[0]) == 2
    assert counted[0][0]["soak_ticks_total"][""] > 100


def test_lanes_run_side_by_side(tmp_path: Path) -> None:
    cluster = FakeCluster(at_once=2)
    soaked(tmp_path, cluster)
    assert cluster.most == 2
    assert cluster.sent == "1/1 2/1 1/2 2/2 1/3 2/3 1/4 2/4 3/1 3/2 3/3 3/4"


@given(st.integers(1, 7), st.integers(1, 4), st.integers(1, 9))
def test_each_lane_runs_in_order_beside_as_many_as_are_asked_for(
    count: int, iterations: int, at_once: int
) -> None:
    lanes = list(range(count))
    order = list(interleaved(lanes, iterations, at_once))
    assert sorted(order) == [(lane, n) for lane in lanes for n in range(1, iterations + 1)]
    begun: set[int] = set()
    over: set[int] = set()
    for lane, iteration in order:
        begun |= {*under_way(lanes, lane, at_once, is_last=iteration == iterations)}
        assert lane in begun
        assert len(begun - over) == min(at_once, count - len(over))
        over |= {lane} if iteration == iterations else set()


def test_one_lane_at_once_is_lane_by_lane() -> None:
    assert list(interleaved("ab", 2, 1)) == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]


def test_an_operator_s_edit_holds_in_the_very_next_window(tmp_path: Path) -> None:
    """That window is under way already, without the edit: it is run again."""

    def edit(folder: Path) -> Callable[[Event], None]:
        def handle(event: Event) -> None:
            if isinstance(event, IterationFinished) and event.record.iteration == 2:
                settings = settings_of(folder, seed="1")
                (lane,) = settings.lanes()
                path = layout_of(settings).lane(lane.id).runtime
                values = json.loads(path.read_text(encoding="utf-8"))
                path.write_text(dumps(values | {"min_interval_ms": 90.0}), encoding="utf-8")

        return handle

    cluster = FakeCluster()
    for name, where in (("here", None), ("there", cluster)):
        folder = tmp_path / name
        soaked(folder, where, Heard(edit(folder)), seed="1")
    assert left(tmp_path / "there") == left(tmp_path / "here")
    assert cluster.sent == "1/1 1/2 1/3 1/3 1/4"
    assert cluster.tasks[3].overrides["min_interval_ms"] == 90.0
    assert cluster.under_way == 0


def test_what_a_target_says_and_why_it_fails_is_told_as_here(tmp_path: Path) -> None:
    heard = Heard(), Heard()
    here = soaked(tmp_path / "here", None, heard[0], target="clusters:Talking", seed="1")
    there = soaked(tmp_path / "there", FakeCluster(), heard[1], target="clusters:Talking", seed="1")
    assert there.text == here.text
    assert "the target's run raised LookupError: no book" in there.text
    assert left(tmp_path / "there") == left(tmp_path / "here")
    said = [[e.text for e in one.events if isinstance(e, Notice)] for one in heard]
    assert said[0] == said[1] != []


def test_without_its_cluster_a_run_fails_and_goes_on_later_here_or_there(tmp_path: Path) -> None:
    soaked(tmp_path / "here", None, seed="1")
    lost = soaked(tmp_path / "there", FakeCluster(answers=2), seed="1")
    assert lost.exit_status == 1
    assert GONE in lost.text
    again = FakeCluster(answers=1)
    soaked(tmp_path / "there", again, seed="1", resume="1")
    assert again.sent == "1/3 1/4"
    assert soaked(tmp_path / "there", None, seed="1", resume="1").exit_status == 0
    found, wanted = left(tmp_path / "there"), left(tmp_path / "here")
    found["latest/RESULT.json"]["settings"].pop("resume", None)
    assert found == wanted


def test_what_cannot_go_to_a_worker_is_refused(tmp_path: Path) -> None:
    def refused(target: str, factory: Any = None, kpis: Any = None) -> str:
        settings = settings_of(tmp_path, target=target, gate="smoke")
        made = factory or named_factory(target, "target", tmp_path)
        chosen = Chosen(made, target, kpis or {})
        return usage_error(lambda: run_soak(settings, chosen, [], FakeClock(), FakeCluster()))

    assert refused("mock").startswith("--soak-cluster: mock has no checkpoint() with restore():")
    assert "another worker; add that, or soak it without" in refused("mock")
    instant = refused("pytest_soak.testing:InstantTarget", InstantTarget)
    assert "InstantTarget has no checkpoint()" in instant
    assert "is a process of this machine, beside the soak; soak it without" in refused(
        "process:python bot.py"
    )
    nameless = refused("clusters:Walking", lambda lane: Walking(lane))
    assert "cannot be found by that name on a worker; name it by --soak-target" in nameless
    assert "cannot be found by that name" in refused("nowhere:Bot", Walking)
    mine = refused("clusters:Walking", kpis={"mine": lambda given, summary: 1.0})
    assert mine.startswith("--soak-cluster: mine: KPIs of your own")


@pytest.mark.parametrize(
    "text",
    ["tcp://a:1", "dask://a", "dask://:8786", "dask://a:0", "dask://a:65536", "dask://a:1/x",
     "dask://u@a:1", "a:8786"],
)  # fmt: skip
def test_an_address_is_dask_host_and_port(text: str) -> None:
    problem = usage_error(lambda: resolved(cluster=text))
    assert problem.startswith("--soak-cluster: expected dask://HOST:PORT, as in dask://127.0.0.1")
    assert problem.endswith(repr(text))


def test_an_address_may_have_any_form_of_host() -> None:
    for text in ("a.b-c.example:8786", "127.0.0.1:1", "[::1]:65535"):
        assert resolved(cluster=f"dask://{text}").cluster == text


def a_task(folder: Path, target: str = "clusters:Walking") -> Any:
    cluster = FakeCluster()
    soaked(folder, cluster, seed="1", iterations="1", target=target)
    return cluster.tasks[0]


def test_a_task_needs_nothing_but_itself(tmp_path: Path) -> None:
    task = a_task(tmp_path)
    assert (task.lane.folder, task.lane.feeds, task.lane.runtime) == (None, None, None)
    assert task.plan.lane.folder is None
    again = pickle.loads(pickle.dumps(task))
    one, two = run_window(task), run_window(again)
    assert isinstance(one, tasks.Answer)
    assert isinstance(two, tasks.Answer)
    assert one.measured.summary == two.measured.summary
    assert one.measured.checkpoint == two.measured.checkpoint


def test_without_feeds_a_worker_sends_no_events_but_those_of_the_audit(tmp_path: Path) -> None:
    found = run_window(a_task(tmp_path))
    assert isinstance(found, tasks.Answer)
    assert not hasattr(found.measured.observation, "fills")
    assert len(found.measured.observation.blocks) > 0


def test_other_versions_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = a_task(tmp_path)
    other = run_window(task._replace(version="0123"))
    assert isinstance(other, ClusterError)
    assert "target clusters:Walking: a worker has version " in str(other)
    assert "this is 0123; install the same" in str(other)
    monkeypatch.setattr(tasks, "__version__", "9.9")
    late = run_window(task)
    assert isinstance(late, ClusterError)
    assert str(late).startswith("a worker: has pytest_soak 9.9, this is ")


def test_a_worker_says_why_it_cannot(tmp_path: Path) -> None:
    mine = facts()
    assert why_not(mine, "clusters:Walking", tmp_path) is None
    old = why_not(mine._replace(pytest_soak="0.0.1"), "sim", tmp_path) or ""
    assert old.startswith(f"has pytest_soak {mine.pytest_soak}, this is 0.0.1; install the same")
    kernel = why_not(mine._replace(kernel="f" * 64), "sim", tmp_path) or ""
    assert kernel.startswith(f"has kernel {mine.kernel[:16]}, this is {'f' * 16};")
    absent = why_not(mine, "no_such_module:Bot", tmp_path) or ""
    assert absent.startswith("has no such target: cannot import 'no_such_module'")


def test_a_failing_window_stops_its_target_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = []

    def stop(self: Talking) -> None:
        stopped.append(self.place)
        raise LookupError("and no end")

    task = a_task(tmp_path, "clusters:Talking")
    monkeypatch.setattr(Talking, "stop", stop)
    found = run_window(task._replace(window=Window(3, 120.0, 60.0)))
    assert isinstance(found, TargetError)
    assert str(found) == "the target's run raised LookupError: no book"
    assert len(stopped) == 1


def test_a_usage_error_of_a_target_s_own_is_no_result(tmp_path: Path) -> None:
    def refuses(lane: object) -> Walking:
        raise SoakUsageError("bot", "no")

    task = a_task(tmp_path)
    with pytest.MonkeyPatch.context() as patcher:
        patcher.setattr(tasks, "named_factory", lambda *given: refuses)
        found = run_window(task)
    assert isinstance(found, TargetError)
    assert "raised SoakUsageError: bot: no" in str(found)
