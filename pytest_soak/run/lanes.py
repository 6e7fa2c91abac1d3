"""The lanes of this process: opened for their first iteration, ended when they must."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

from pytest_soak.artifacts.feed_index import LaneIndex
from pytest_soak.artifacts.feeds import Feeds
from pytest_soak.artifacts.handlers import LaneArtifacts
from pytest_soak.artifacts.lane_journal import LaneJournal
from pytest_soak.artifacts.layout import Layout
from pytest_soak.artifacts.names import FEEDS
from pytest_soak.artifacts.runtime import RuntimeOverridesFile
from pytest_soak.clock import Clock
from pytest_soak.cluster.remote import Cluster, Remote, check_able, first_task
from pytest_soak.engine.events import Event, LaneFinished, Metered, Notice
from pytest_soak.engine.plan import LanePlan
from pytest_soak.engine.record import Ending, IterationRecord
from pytest_soak.engine.run import LaneRun, Observer
from pytest_soak.engine.windows import ExtraKpi
from pytest_soak.errors import ArtifactError, TargetError
from pytest_soak.run.order import under_way
from pytest_soak.run.planning import flags_early, plan_lane
from pytest_soak.run.settings import Settings
from pytest_soak.targets.abilities import Abilities, abilities
from pytest_soak.targets.asked import Asked
from pytest_soak.targets.base import LaneInfo, Target, TargetFactory
from pytest_soak.targets.resolve import build
from pytest_soak.version import __version__


class Chosen(NamedTuple):
    """What is soaked: the factory, how the artifacts name it, and the users' KPIs beside it."""

    factory: TargetFactory
    name: str
    extra_kpis: Mapping[str, ExtraKpi] = {}


class Lanes:
    """The lanes under way in this process; what happens in them is told to `emit`.

    `prepare` makes room for the artifacts, before the first lane opens. That a lane is finished is
    told by `release`: until the test of its last iteration is over, it may still fail by it. Their
    windows are run on `cluster` where there is one.
    """

    def __init__(
        self,
        settings: Settings,
        layout: Layout,
        clock: Clock,
        emit: Callable[[Event], None],
        prepare: Callable[[], None],
        cluster: Cluster | None = None,
    ) -> None:
        self._cluster = cluster
        self._settings = settings
        self._layout = layout
        self._clock = clock
        self._emit = emit
        self._prepare = prepare
        self._infos = {lane.id: lane for lane in settings.lanes()}
        self._runs: dict[str, LaneRun] = {}
        self._finished: dict[str, LaneFinished] = {}
        self._why: dict[str, str] = {}

    def obstacle(self, lane: str, iteration: int) -> str | None:
        """Why an iteration of a lane cannot run; None when it can."""
        if lane in self._why:
            return self._why[lane]
        run = self._runs.get(lane)
        done = run.state.iteration if run else 0
        if done == iteration - 1:
            return None
        return f"iteration {iteration - 1} of {lane} did not run in this process"

    def pause(self, lane: str) -> None:
        """Wait until the lane's next iteration is due."""
        if lane in self._runs:
            self._runs[lane].pause()

    @property
    def at_once(self) -> int:
        """How many lanes are under way side by side."""
        return 1 if self._cluster is None else self._cluster.at_once

    def open_ahead(
        self,
        lane: str,
        iteration: int,
        choose: Callable[[], Chosen],
        last: Mapping[str, int] | None = None,
    ) -> LaneRun:
        """The lane, for one of its iterations; with a cluster also those that go beside it.

        `last` is as in `open`, by lane.
        """
        if self._cluster is not None:
            places = list(self._infos)
            ends = self._settings.iterations if last is None else last.get(lane, 0)
            for other in under_way(places, lane, self.at_once, is_last=iteration >= ends):
                if last is None or other in last:
                    self.open(other, choose, None if last is None else last[other])
        return self.open(lane, choose, None if last is None else last.get(lane))

    def open(self, lane: str, choose: Callable[[], Chosen], last: int | None = None) -> LaneRun:
        """The lane, which ends with iteration `last`, by default that of the settings.

        What it soaks is chosen when it opens. Raises SoakUsageError when the target and the
        settings do not fit.
        """
        if lane not in self._runs:
            self._runs[lane] = self._opened(lane, choose(), last)
            self._runs[lane].foresee()
        return self._runs[lane]

    def _opened(self, lane: str, chosen: Chosen, last: int | None) -> LaneRun:
        settings, extra = self._settings, chosen.extra_kpis
        files = self._layout.lane(lane)
        info = replace(
            self._infos[lane],
            folder=files.home,
            feeds=files.home / FEEDS,
            runtime=files.runtime,
            iterations=settings.iterations,
        )
        early = flags_early(settings, info, chosen.factory, chosen.name)
        built = replace(info, config=early.values)
        asked = Asked()
        target = _build(chosen.factory, asked.lane(built))
        can = abilities(target, chosen.name)
        plan = plan_lane(settings, info, can, chosen.name, extra, last)
        cluster = None if isinstance(target, _Unbuilt) else self._cluster
        if cluster is not None:
            check_able(chosen.factory, chosen.name, can, extra, settings.rootdir)
        self._prepare()
        artifacts = LaneArtifacts(files, self._clock)
        keep = (settings.feeds, settings.feeds_gzip)
        feeds = Feeds(files, LaneIndex(lane, chosen.name), *keep, bots_own=can.writes_feeds)
        journal = LaneJournal(files, _fingerprint(settings, plan, can, extra), feeds)

        def emit(event: Event) -> None:
            artifacts.handle(event)
            if isinstance(event, LaneFinished):
                self._finished[lane] = event
            else:
                self._emit(event)

        journal.open()
        runtime = RuntimeOverridesFile(files.runtime)
        remote = None
        if cluster is not None:
            name, root, past = chosen.name, settings.rootdir, journal.past
            events = settings.feeds or settings.metrics_port is not None
            first = first_task(name, can, root, built, plan, past, events=events)
            remote = Remote(cluster, first)
        return LaneRun(
            plan,
            target,
            runtime,
            self._clock,
            emit,
            journal,
            extra,
            settings.sleep,
            can,
            remote,
            self._observer(lane),
            asked,
        )

    def _observer(self, lane: str) -> Observer | None:
        """Who says what its target does, where somebody asked for metrics."""
        if self._settings.metrics_port is None:
            return None
        from pytest_soak.metrics.meter import Meter, Tally

        def tell(tally: Tally) -> None:
            self._emit(Metered(lane=lane, time=self._clock.now(), **tally._asdict()))

        return Meter(tell)

    def settle(
        self, lane: str, iteration: int, record: IterationRecord | None, failure: str | None
    ) -> None:
        """After an iteration: say why its lane cannot go on, if it cannot."""
        if lane in self._why:
            return
        if record is None:
            self._why[lane] = f"iteration {iteration} did not complete: {failure}"
            if lane in self._runs:
                self._end(lane, Ending.TEST, self._why[lane])
        elif record.ending is not None:
            self._why[lane] = f"the {record.ending} ended the lane at iteration {iteration}"

    def fail(self, lane: str, iteration: int, cause: str) -> None:
        """Say why the test of an iteration failed that was itself measured: its lane fails."""
        if lane in self._runs:
            with self._complaining(lane):
                self._runs[lane].fail(iteration, cause)

    def release(self) -> None:
        """Tell of the lanes that have finished since the last call."""
        while self._finished:
            self._emit(self._finished.pop(next(iter(self._finished))))

    def close(self) -> None:
        """End what is still under way: the run was interrupted."""
        for lane, run in self._runs.items():
            self._end(
                lane, Ending.INTERRUPTED, f"interrupted after iteration {run.state.iteration}"
            )
        self.release()

    def _end(self, lane: str, ending: Ending, cause: str) -> None:
        with self._complaining(lane):
            self._runs[lane].end(ending, cause)

    @contextmanager
    def _complaining(self, lane: str) -> Iterator[None]:
        """Tell what cannot be written."""
        try:
            yield
        except ArtifactError as error:
            now = self._clock.now()
            self._emit(Notice(lane=lane, time=now, text=str(error), problem=True))


def _fingerprint(
    settings: Settings, plan: LanePlan, can: Abilities, extra_kpis: Iterable[str]
) -> dict[str, Any]:
    """All that the bytes of a lane, and the verdict on its run, depend on, but for its length."""
    beside = {} if settings.baseline is None else {"baseline": settings.baseline.digest}
    return (
        beside
        | plan.model_dump(mode="json", exclude={"iterations", "planned"})
        | {
            "pytest_soak": __version__,
            "target_version": can.version,
            "extra_kpis": sorted(extra_kpis),
            "feeds": settings.feeds,
            "feeds_gzip": settings.feeds_gzip,
        }
    )


class _Unbuilt:
    """Stands in for a target whose factory raised, so that its lane fails like any other."""

    def __init__(self, error: TargetError) -> None:
        self._error = error

    def start(self, lane: LaneInfo) -> None:
        raise self._error

    def run(self, overrides: object, window: object) -> dict[str, float | None]:
        return {}

    def stop(self) -> None:
        pass


def _build(factory: TargetFactory, lane: LaneInfo) -> Target:
    try:
        return build(factory, lane)
    except TargetError as error:
        return _Unbuilt(error)
