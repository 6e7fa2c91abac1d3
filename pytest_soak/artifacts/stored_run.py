"""A run that is over, as its files tell it: the one reader of what a soak wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from pytest_soak.artifacts.models import (
    EdgeReport,
    FinalSummary,
    GateMetric,
    IterSummary,
    KpiGate,
    LaneOutcome,
    RunResult,
)
from pytest_soak.artifacts.names import (
    EDGE_REPORT,
    FINAL,
    KPI_GATE,
    LATEST,
    NEWEST,
    RESULT,
    iteration_of,
)
from pytest_soak.config.documents import Document, Model, parse_json, read_document, validate
from pytest_soak.config.names import check_name
from pytest_soak.errors import SoakUsageError
from pytest_soak.storage.readers import documents, is_file, is_folder

MOST_KPIS = 1000
"""Of an iteration: a trend and a curve of each are made."""

OfLane = IterSummary | FinalSummary | KpiGate | EdgeReport


class Stored(NamedTuple):
    """An artifact of a lane; `home` is the lane's folder below that of the run, if it has one."""

    home: str
    artifact: OfLane


@dataclass
class StoredLane:
    """What the files of a lane say; `iterations` are those that it still has, by number."""

    iterations: dict[int, IterSummary] = field(default_factory=dict)
    gate: KpiGate | None = None


@dataclass(frozen=True)
class StoredRun:
    """A run's folder (or archive) and its RESULT.json; `given` is how the user named it.

    The files of its lanes are read once, when the first of them is asked for; that raises
    SoakUsageError where one of them is damaged.
    """

    given: str
    folder: Path
    result: RunResult

    @property
    def name(self) -> str:
        """When it began, and a digest of its settings."""
        return str(self.result.meta.get("run", self.given))

    @property
    def lanes(self) -> Mapping[str, LaneOutcome]:
        """What was made of each lane, by its id."""
        return {lane.lane: lane for lane in self.result.lanes}

    def home(self, lane: str) -> str:
        """Where the lane's files lie below the run's folder: empty, or ends with `/`."""
        several = len({*self.lanes, *self.result.unfinished}) > 1
        return f"{lane}/" if several else ""

    def files(self, lane: str) -> StoredLane:
        """What the files of a lane say."""
        return self._files.get(self.home(lane).removesuffix("/"), StoredLane())

    def check_files(self) -> None:
        """Raise SoakUsageError where a file of its lanes is damaged."""
        for lane in self.lanes:
            self.files(lane)

    def final(self, lane: str) -> FinalSummary | None:
        """The lane's ITER_SUMMARY_final, without a look at its other files; None if it is gone."""
        path = self.folder / f"{self.home(lane)}{FINAL}"
        return read(FinalSummary, path) if is_there(path) else None

    def checks(self, lane: str) -> list[GateMetric]:
        """The newest metrics of the lane beside their thresholds."""
        gate = self.files(lane).gate
        return gate.metrics if gate else []

    @cached_property
    def _files(self) -> Mapping[str, StoredLane]:
        found: dict[str, StoredLane] = {}
        for home, artifact in artifacts(self.folder):
            lane = found.setdefault(home, StoredLane())
            if isinstance(artifact, IterSummary):
                lane.iterations[artifact.iteration] = artifact
            elif isinstance(artifact, KpiGate):
                lane.gate = artifact
        return found


def find_run(given: Path) -> StoredRun | None:
    """The run in `given`: a run's folder or archive, or an artifact root; None if there is none.

    Raises SoakUsageError when its RESULT.json is none.
    """
    for folder in (given, given / LATEST):
        if is_there(folder / RESULT):
            document = read_document(folder / RESULT)
            result = artifact_of(RunResult, document)
            for number, lane in enumerate(result.lanes):
                _check_lane(lane, document, number)
            return StoredRun(str(given), folder, result)
    return None


def run_in(given: Path) -> StoredRun:
    """As `find_run`; SoakUsageError where there is none."""
    run = find_run(given)
    if run is None:
        raise SoakUsageError(str(given), f"no run in it: {RESULT} is neither there nor in latest")
    return run


def read(model: type[Model], path: Path) -> Model:
    """The artifact in a file; SoakUsageError when it is none, or one of another kind."""
    return artifact_of(model, read_document(path))


def artifact_of(model: type[Model], document: Document) -> Model:
    """The artifact in a document; SoakUsageError when it is none, or one of another kind."""
    data: Any = document.data
    known = model.model_fields["schema_"].default
    schema = data.get("schema") if isinstance(data, dict) else None
    if schema != known:
        document.fail((), f"expected the schema {known!r}, got {schema!r}")
    return validate(model, document)


def artifacts(folder: Path, wanted: Callable[[str], bool] = lambda name: True) -> Iterator[Stored]:
    """What the files of the lanes say in a run's folder (or archive), or in that of a lane.

    Only those whose names, relative and with `/`, are `wanted`. Raises SoakUsageError where one of
    them is damaged.
    """
    try:
        for path, content in documents(
            folder, lambda path: _kind(path) is not None and wanted(path)
        ):
            kind = _kind(path)
            assert kind is not None
            home, model = kind
            document = parse_json(content.decode("utf-8-sig"), str(folder / path))
            artifact = artifact_of(model, document)
            if isinstance(artifact, IterSummary):
                _check_summary(artifact, document, path)
            yield Stored(home, artifact)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise SoakUsageError(str(folder), f"cannot be read: {why}") from None


def _kind(path: str) -> tuple[str, type[OfLane]] | None:
    """The folder of the lane that a file is of, and what it holds; None for any other file."""
    folder, _, name = path.rpartition("/")
    if iteration_of(name) is not None:
        return folder, IterSummary
    if name == FINAL:
        return folder, FinalSummary
    home, _, last = folder.rpartition("/")
    of_newest: dict[str, type[OfLane]] = {KPI_GATE: KpiGate, EDGE_REPORT: EdgeReport}
    return (home, of_newest[name]) if last == NEWEST and name in of_newest else None


def _check_summary(summary: IterSummary, document: Document, path: str) -> None:
    number = iteration_of(path.rpartition("/")[2])
    if summary.iteration != number:
        document.fail((), f"iteration: expected {number}, as it is called, got {summary.iteration}")
    if len(summary.summary.__pydantic_extra__) > MOST_KPIS:
        document.fail((), f"has more than {MOST_KPIS} KPIs")


def result_says(folder: Path, *keys: str) -> Any:
    """What a RESULT.json of whatever version has at `keys`; None where that cannot be told."""
    try:
        found = read_document(folder / RESULT).data
    except SoakUsageError:
        return None
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def run_around(file: Path) -> Path | None:
    """The folder of the run that a lane's file lies in; None where it lies in none."""
    folders = (file.parent, file.parent.parent)
    return next((folder for folder in folders if is_there(folder / RESULT)), None)


def final_of(source: Path) -> Path:
    """The `ITER_SUMMARY_final.json` of a lane's folder or archive; any other path is itself.

    Raises SoakUsageError when a folder has none.
    """
    try:
        if not is_folder(source):
            return source
        if is_file(final := source / FINAL):
            return final
    except ValueError as error:
        raise SoakUsageError(str(source), f"cannot be read: {error}") from None
    raise SoakUsageError(
        str(source), f"has no {FINAL}; give the folder of a lane that ended, e.g. {source / 'LANE'}"
    )


def is_there(path: Path) -> bool:
    """Whether a file can be read; SoakUsageError where an archive of it is damaged."""
    try:
        return is_file(path)
    except ValueError as error:
        raise SoakUsageError(str(path), f"cannot be read: {error}") from None


def _check_lane(lane: LaneOutcome, document: Document, number: int) -> None:
    """A lane's id becomes the name of a folder."""
    check_name(lane.profile, "profile", f"{document.source} lanes.{number}.profile")
    check_name(lane.market, "market", f"{document.source} lanes.{number}.market")
    if lane.variant:
        check_name(lane.variant, "variant", f"{document.source} lanes.{number}.variant")
    if lane.lane != lane.axes.id:
        document.fail((), f"lanes.{number}.lane: expected {lane.axes.id!r}, got {lane.lane!r}")
