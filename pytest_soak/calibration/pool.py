"""A folder of recorded lanes: the journal of each, which is all that judging it needs."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import replace
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from pytest_soak.artifacts.lane_journal import parse_journal
from pytest_soak.artifacts.layout import Layout
from pytest_soak.artifacts.names import JOURNAL
from pytest_soak.calibration.key import WORDS, first_difference, key_of
from pytest_soak.calibration.lanes import RecordedLane, lane_of
from pytest_soak.clock import SystemClock
from pytest_soak.cluster.remote import Cluster
from pytest_soak.engine.events import Event, LaneFinished
from pytest_soak.engine.plan import GateMode
from pytest_soak.engine.record import Ending
from pytest_soak.errors import ArtifactError, SoakUsageError
from pytest_soak.run.handlers import Handler
from pytest_soak.run.lanes import Chosen
from pytest_soak.run.planning import plan_lane
from pytest_soak.run.settings import Settings
from pytest_soak.run.soak import SoakResult, run_soak
from pytest_soak.storage.files import sweep, write_bytes
from pytest_soak.storage.links import plain
from pytest_soak.storage.readers import read_bytes
from pytest_soak.targets.abilities import abilities
from pytest_soak.targets.resolve import build, named_factory

SUFFIX = ".journal"


class Order(NamedTuple):
    """A lane that a pool is to hold: the settings of its soak, which have no other, and its file.

    `wanted` is the lane as it is planned, without any iteration.
    """

    settings: Settings
    file: Path
    wanted: RecordedLane


def orders(settings: Settings, pool: Path, cause: str = "") -> list[Order]:
    """An order for each seed of `settings`; `cause` is the folder of lanes that have one.

    Raises SoakUsageError for a target that cannot be calibrated by simulated lanes.
    """
    first, *_ = lanes = settings.lanes()
    factory = named_factory(settings.target, "--target", settings.rootdir)
    can = abilities(build(factory, first), settings.target)
    if not can.deterministic:
        problem = "takes real time, or does not say that it is deterministic; soak it yourself"
        raise SoakUsageError(f"--target={settings.target}", f"{problem}, and give --from=RUN")
    plan = plan_lane(settings, first, can, settings.target)
    home = pool / cause if cause else pool
    found = []
    for lane in lanes:
        file = plain(pool, home / f"{lane.id}_{plan.planned}x{lane.minutes:g}{SUFFIX}")
        own = plan.model_copy(update={"lane": replace(lane, config=plan.lane.config)})
        wanted = RecordedLane(str(file), own, (), can.version or can.source)
        found.append(Order(settings.model_copy(update={"seeds": (lane.seed,)}), file, wanted))
    return found


def fill(
    wanted: Sequence[Order], jobs: int, done: Callable[[], None], cluster: Cluster | None = None
) -> None:
    """Record what is not there; `done` is told of each lane when it is durable.

    So many lanes as there are `jobs` are under way at a time, or as `cluster` can run.

    What is there is checked first. An interruption lets the lanes under way end, and no more.
    Raises SoakUsageError for a lane of other settings or versions, and for one that does not end.
    """
    for one in wanted:
        if one.file.exists():
            recorded(one)
    missing = [one for one in wanted if not one.file.exists()]
    for folder in {one.file.parent for one in missing}:
        if folder.is_dir():
            sweep(folder)
    if cluster is not None:
        for _, alike in groupby(missing, key=_but_seed):
            record_together(list(alike), cluster, done)
    elif jobs == 1:
        for one in missing:
            record(one.settings, one.file)
            done()
    elif missing:
        _fill_side_by_side(missing, jobs, done)


def _fill_side_by_side(missing: Sequence[Order], jobs: int, done: Callable[[], None]) -> None:
    spawn, ignored = get_context("spawn"), (signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(jobs, spawn, signal.signal, ignored) as workers:
        tasks = {workers.submit(record, one.settings, one.file) for one in missing}
        try:
            _gather(tasks, done)
        except BaseException:
            workers.shutdown(wait=True, cancel_futures=True)
            raise


def _gather(tasks: set[Future[None]], done: Callable[[], None]) -> None:
    while tasks:
        over, tasks = wait(tasks, return_when=FIRST_COMPLETED)
        for task in over:
            task.result()
            done()


def record(settings: Settings, file: Path) -> None:
    """Soak the one lane of `settings` to its end, whatever its gate says, and keep its journal."""
    with TemporaryDirectory(prefix="pytest-soak-calibrate-") as folder:
        result = _soaked(settings, Path(folder))
        write_bytes(file, (result.folder / JOURNAL).read_bytes(), durable=True)


def record_together(several: Sequence[Order], cluster: Cluster, done: Callable[[], None]) -> None:
    """As `record`, of lanes that differ in their seeds alone, on a cluster."""
    seeds = tuple(one.wanted.plan.lane.seed for one in several)
    together = several[0].settings.model_copy(update={"seeds": seeds})
    files = {one.wanted.plan.lane.id: one.file for one in several}
    with TemporaryDirectory(prefix="pytest-soak-calibrate-") as folder:
        layout = Layout(Path(folder), several_lanes=len(several) > 1)
        _soaked(together, Path(folder), [_Keeper(layout, files, done)], cluster)


def _soaked(
    settings: Settings,
    folder: Path,
    handlers: Sequence[Handler] = (),
    cluster: Cluster | None = None,
) -> SoakResult:
    """What comes of the lanes of `settings` in `folder`, all of which have come to their end."""
    settings = settings.model_copy(update={"directory": folder, "gate_mode": GateMode.SOFT})
    factory = named_factory(settings.target, "--target", settings.rootdir)
    chosen = Chosen(factory, settings.target)
    result = run_soak(settings, chosen, handlers, SystemClock(), cluster)
    for lane in result.lanes:
        if lane.ending is not Ending.COMPLETED:
            raise SoakUsageError(lane.lane.id, f"did not end: {'; '.join(lane.reasons)}")
    if result.problems:
        raise ArtifactError(result.problems[0])
    return result


class _Keeper:
    """Keeps the journal of each lane that has come to its end."""

    reads_only = True

    def __init__(self, layout: Layout, files: Mapping[str, Path], done: Callable[[], None]) -> None:
        self._layout = layout
        self._files = files
        self._done = done

    def start(self, settings: Settings) -> None:
        """Nothing to get ready."""

    def handle(self, event: Event) -> None:
        """Keep the journal of a lane that is over."""
        if isinstance(event, LaneFinished) and event.result.ending is Ending.COMPLETED:
            journal = self._layout.lane(event.lane).journal
            write_bytes(self._files[event.lane], journal.read_bytes(), durable=True)
            self._done()

    def close(self) -> None:
        """Nothing to release."""


def _but_seed(one: Order) -> Settings:
    return one.settings.model_copy(update={"seeds": (0,)})


def recorded(one: Order) -> RecordedLane:
    """The lane of an order that the pool holds, to be judged by the gate of the order.

    Raises SoakUsageError where what is there is another lane.
    """
    source, wanted = str(one.file), one.wanted
    try:
        content = parse_journal(source, read_bytes(one.file))
    except (OSError, ValueError, SoakUsageError):
        problem = "is damaged, or cannot be read; take it away, and it is recorded anew"
        raise SoakUsageError(source, problem) from None
    found = lane_of(source, content, wanted.plan.planned)
    found = found.judged_by(wanted.plan.finals, wanted.plan.gate_mode)
    if found.plan.lane.seed != wanted.plan.lane.seed:
        raise _other(source, "seed", found.plan.lane.seed, wanted.plan.lane.seed)
    old, new = key_of(found), key_of(wanted)
    name = first_difference(old, new)
    if name is not None:
        raise _other(source, WORDS[name], getattr(old, name), getattr(new, name))
    return found


def _other(source: str, what: str, old: object, new: object) -> SoakUsageError:
    remedy = "take it away, or give another --pool"
    return SoakUsageError(source, f"is of another {what}: {old}, not {new}; {remedy}")
