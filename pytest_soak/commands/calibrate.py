"""`pytest-soak calibrate`: how often a gate is wrong, by lanes that are recorded once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import count
from pathlib import Path
from typing import NamedTuple

from pytest_soak.artifacts.calibration import CALIBRATION
from pytest_soak.artifacts.layout import Layout
from pytest_soak.artifacts.stored_run import run_in
from pytest_soak.calibration.causes import CAUSES
from pytest_soak.calibration.lanes import RecordedLane
from pytest_soak.calibration.pool import Order, fill, orders, recorded
from pytest_soak.calibration.shelf import with_gate
from pytest_soak.calibration.stored import stored_lane
from pytest_soak.calibration.study import FEWEST_LANES, CausedLanes, study
from pytest_soak.calibration.words import report_lines
from pytest_soak.cluster.remote import Cluster
from pytest_soak.cluster.scheduler import connected
from pytest_soak.commands.output import output_file
from pytest_soak.commands.typed import as_typed
from pytest_soak.config.names import shown_path, user_path
from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.market.announced import compile_announced
from pytest_soak.merging.whole import check_whole
from pytest_soak.options import OPTIONS
from pytest_soak.run.resolve import Inputs, resolve_settings
from pytest_soak.run.settings import Settings
from pytest_soak.storage.files import write_json
from pytest_soak.storage.links import plain
from pytest_soak.text import plural

SIM = "sim"
ROOT = next(option for option in OPTIONS if option.name == "dir").default
CAUSE_LANES = 40
Say = Callable[[str], None]


class Request(NamedTuple):
    """What was typed: settings as `pytest --soak-...` takes them, by name, and what to do.

    `defaults` are of settings that were not typed, and differ from those of a soak.
    """

    options: Mapping[str, str]
    defaults: Mapping[str, str]
    runs: Sequence[Path]
    pool: str
    jobs: int
    causes: bool
    output: str | None


def calibrate(request: Request, folder: Path, say: Say, progress: Say) -> None:
    """Record the lanes that are missing, judge them, `say` the error rates, and write them.

    `progress` is told of what takes its time. Raises SoakUsageError for what cannot be meant and
    for lanes that tell nothing, ArtifactError for a file that cannot be written.
    """
    root = folder / ROOT
    if request.output is None:
        file = plain(root, root / CALIBRATION)
    else:
        file = output_file(request.output, folder, "--output")
    lanes = _stored(request) if request.runs else []
    causes: list[CausedLanes] = []
    if not request.runs:
        lanes, causes = _simulated(request, folder, progress)
    found = study(lanes, causes)
    if request.output is None:
        Layout(root, several_lanes=False).make_root()
    written = with_gate(file, found)
    write_json(file, written.data(), durable=True)
    for line in (*report_lines(found), one_line(f"wrote {shown_path(file, folder)}")):
        say(line)


def _stored(request: Request) -> list[RecordedLane]:
    """The lanes of stored runs, to be judged by their own gates."""
    if request.options or request.causes:
        name = next(iter(request.options), "causes").replace("seed", "seeds")
        raise SoakUsageError(f"--{name}", "the lanes of --from have their own; leave it out")
    return [lane for given in request.runs for lane in _of_run(given)]


def _of_run(given: Path) -> Iterator[RecordedLane]:
    run = run_in(given)
    check_whole(run)
    for lane in run.result.lanes:
        yield stored_lane(run, lane)


def _simulated(
    request: Request, folder: Path, progress: Say
) -> tuple[list[RecordedLane], list[CausedLanes]]:
    settings = _settings(request, folder)
    if len(settings.seeds) < FEWEST_LANES:
        more = FEWEST_LANES - len(settings.seeds)
        problem = f"{plural(len(settings.seeds), 'lane')} cannot show a rate of 5 % at 95 %"
        raise SoakUsageError("--seeds", f"{problem}: {FEWEST_LANES} can, {more} more needed")
    pool = user_path(request.pool, folder, "--pool")
    good = orders(settings, pool)
    _check_long_enough(good[0])
    causes = list(_causes(request, settings, pool))
    every = [*good, *(one for _, _, _, several in causes for one in several)]
    missing = sum(not one.file.exists() for one in every)
    if settings.target == SIM and missing and settings.cluster is None:
        compile_announced(progress)
    progress(f"recording {missing} of {plural(len(every), 'lane')} in {pool}")
    done = map(_tenths(missing, progress), count(1))
    try:
        with as_typed(), _cluster(settings) as cluster:
            fill(every, request.jobs, lambda: next(done), cluster)
    except KeyboardInterrupt:
        progress("interrupted; the same command goes on with the lanes that are missing")
        raise
    return [recorded(one) for one in good], [
        CausedLanes(cause, unit, size, [recorded(one) for one in several])
        for cause, unit, size, several in causes
    ]


def _cluster(settings: Settings) -> AbstractContextManager[Cluster | None]:
    if settings.cluster is None:
        return nullcontext()
    return connected(settings.cluster, settings.target, settings.rootdir)


def _tenths(missing: int, progress: Say) -> Callable[[int], None]:
    """Tells of each tenth of the lanes, by how many are done."""

    def tell(done: int) -> None:
        if 10 * done // missing > 10 * (done - 1) // missing:
            progress(f"{done} of {missing} recorded")

    return tell


def _check_long_enough(first: Order) -> None:
    plan = first.wanted.plan
    if plan.planned <= plan.gate.grace:
        problem = f"gate {plan.gate.name} grades none of {plural(plan.planned, 'iteration')}"
        more = plan.gate.grace + 1 - plan.planned
        raise SoakUsageError("--iterations", f"{problem}: {more} more needed at least")


def _causes(
    request: Request, settings: Settings, pool: Path
) -> Iterator[tuple[str, str, float, list[Order]]]:
    if not request.causes:
        return
    if settings.target != SIM:
        raise SoakUsageError("--causes", f"can be made in {SIM} alone; leave it out")
    for cause in CAUSES:
        for size in cause.sizes:
            few = settings.model_copy(update={"seeds": settings.seeds[:CAUSE_LANES]})
            caused = orders(cause.turn(few, size), pool, f"{cause.name}_{size:g}")
            yield cause.name, cause.unit, size, caused


def _settings(request: Request, folder: Path) -> Settings:
    inputs = Inputs({**request.defaults, **request.options}, {}, {}, folder, folder, folder)
    with as_typed():
        settings = resolve_settings(inputs)
    if settings.cluster is not None and request.jobs != 1:
        raise SoakUsageError("--jobs", "with --cluster its workers run the lanes; leave it out")
    if len(settings.profiles) > 1 or len(settings.scenarios) > 1:
        raise SoakUsageError("--profile, --market", "calibrate one of each at a time")
    return settings
