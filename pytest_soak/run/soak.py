"""One call that soaks: lane by lane, in this process, without pytest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_soak.clock import Clock
from pytest_soak.cluster.remote import Cluster
from pytest_soak.cluster.scheduler import connected
from pytest_soak.engine.plan import succeeds
from pytest_soak.engine.record import LaneResult
from pytest_soak.errors import ArtifactError, SoakUsageError, TargetError
from pytest_soak.gates.engine import Verdict
from pytest_soak.run.handlers import Handler
from pytest_soak.run.lanes import Chosen, Lanes
from pytest_soak.run.order import interleaved
from pytest_soak.run.run import Run
from pytest_soak.run.settings import Settings

FAILED, INTERRUPTED, USAGE = 1, 2, 4


@dataclass(frozen=True)
class SoakResult:
    """What a soak came to.

    Attributes:
        verdict: The worst of its lanes; None where nothing was judged.
        text: The line that says what was judged, and how.
        exit_status: 0 for PASS, WARN and, unless the gate is hard, HOLD; else 1.
        lanes: What came of each lane.
        problems: What failed beside the lanes.
        folder: Where the artifacts lie.
    """

    verdict: Verdict | None
    text: str
    exit_status: int
    lanes: tuple[LaneResult, ...]
    problems: tuple[str, ...]
    folder: Path


def run_soak(
    settings: Settings,
    chosen: Chosen,
    handlers: Sequence[Handler],
    clock: Clock,
    cluster: Cluster | None = None,
) -> SoakResult:
    """Soak every lane of `settings` to its end, on `cluster`, or on that which they name, if any.

    Raises SoakUsageError where target and settings do not fit, and KeyboardInterrupt, after the
    artifacts say that the run was interrupted.
    """
    if cluster is None and settings.cluster is not None:
        with connected(settings.cluster, chosen.name, settings.rootdir) as found:
            return run_soak(settings, chosen, handlers, clock, found)
    run = Run(settings, handlers, clock)
    lanes = Lanes(settings, run.layout, clock, run.handle, run.prepare, cluster)
    names = [lane.id for lane in settings.lanes()]
    run.folder.announce()
    try:
        for lane, iteration in interleaved(names, settings.iterations, lanes.at_once):
            _soak(lanes, lane, iteration, chosen)
        return _end(run, lanes)
    except KeyboardInterrupt:
        _end(run, lanes, INTERRUPTED)
        raise
    except SoakUsageError:
        if run.began:
            _end(run, lanes, USAGE)
        run.folder.withdraw()
        raise
    finally:
        run.folder.release()


def _soak(lanes: Lanes, lane: str, iteration: int, chosen: Chosen) -> None:
    if lanes.obstacle(lane, iteration) is not None:
        return
    under_way = lanes.open_ahead(lane, iteration, lambda: chosen)
    lanes.pause(lane)
    record, failure = None, None
    try:
        record = under_way.run_iteration()
    except (TargetError, ArtifactError) as error:
        failure = str(error)
    lanes.settle(lane, iteration, record, failure)
    lanes.release()


def _end(run: Run, lanes: Lanes, ended_by: int | None = None) -> SoakResult:
    if run.close(lanes) and ended_by is None:
        raise KeyboardInterrupt
    conclusion = run.conclude(len(run.settings.lanes()), run.iterations)
    good = succeeds(conclusion.verdict, run.settings.gate_mode)
    status = ended_by if ended_by is not None else 0 if good else FAILED
    if run.folder.prepared:
        interrupted = ended_by == INTERRUPTED
        run.result_file.end(
            run.results,
            conclusion.verdict,
            status,
            interrupted=interrupted,
            baseline=run.beside_baseline,
        )
    return SoakResult(
        verdict=conclusion.verdict,
        text=conclusion.text,
        exit_status=status,
        lanes=tuple(run.results),
        problems=tuple(run.problems),
        folder=run.layout.latest,
    )
