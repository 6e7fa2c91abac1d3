"""A run that is over, as its files tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_soak.artifacts.models import GateMetric, IterSummary, KpiGate, LaneOutcome, RunResult
from pytest_soak.artifacts.names import FINAL, KPI_GATE, LATEST, NEWEST, RESULT, iteration_of
from pytest_soak.config.documents import Document, Model, parse_json, read_document, validate
from pytest_soak.config.names import check_name
from pytest_soak.errors import SoakUsageError
from pytest_soak.storage.readers import documents, is_file, is_folder
from pytest_soak.targets.base import lane_id


@dataclass(frozen=True)
class Run:
    """A run's folder (or archive) and its RESULT.json; `given` is how the user named it."""

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

    def summaries(self) -> dict[str, dict[int, IterSummary]]:
        """Every ITER_SUMMARY that it still holds, by lane and iteration."""
        homes = {self.home(lane): lane for lane in self.lanes}
        found: dict[str, dict[int, IterSummary]] = {lane: {} for lane in self.lanes}
        try:
            for path, content in documents(self.folder, lambda path: path.endswith(".json")):
                folder, slash, name = path.rpartition("/")
                number, lane = iteration_of(name), homes.get(folder + slash)
                if number is not None and lane is not None:
                    text, source = content.decode(), f"{self.folder}/{path}"
                    found[lane][number] = _parsed(IterSummary, parse_json(text, source))
        except (OSError, ValueError) as error:
            raise SoakUsageError(str(self.folder), f"cannot be read: {error}") from None
        return found

    def checks(self, lane: str) -> list[GateMetric]:
        """The newest metrics of the lane beside their thresholds."""
        path = self.folder / f"{self.home(lane)}{NEWEST}/{KPI_GATE}"
        return _parsed(KpiGate, read_document(path)).metrics if is_there(path) else []


def read_run(given: Path) -> Run | None:
    """The run in `given`: a run's folder or archive, or an artifact root; None if there is none.

    Raises SoakUsageError when its RESULT.json is none.
    """
    for folder in (given, given / LATEST):
        if is_there(folder / RESULT):
            document = read_document(folder / RESULT)
            result = _parsed(RunResult, document)
            for number, lane in enumerate(result.lanes):
                _check_lane(lane, document, number)
            return Run(str(given), folder, result)
    return None


def summary_of(source: Path) -> Path:
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


def _parsed(model: type[Model], document: Document) -> Model:
    data: Any = document.data
    known = model.model_fields["schema_"].default
    schema = data.get("schema") if isinstance(data, dict) else None
    if schema != known:
        document.fail((), f"expected the schema {known!r}, got {schema!r}")
    return validate(model, document)


def _check_lane(lane: LaneOutcome, document: Document, number: int) -> None:
    """A lane's id becomes the name of a folder."""
    check_name(lane.profile, "profile", f"{document.source} lanes.{number}.profile")
    check_name(lane.market, "market", f"{document.source} lanes.{number}.market")
    if lane.variant:
        check_name(lane.variant, "variant", f"{document.source} lanes.{number}.variant")
    named = lane_id(lane.profile, lane.market, lane.seed, lane.variant)
    if lane.lane != named:
        document.fail((), f"lanes.{number}.lane: expected {named!r}, got {lane.lane!r}")
