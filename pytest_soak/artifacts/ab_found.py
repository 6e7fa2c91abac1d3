"""The A/Bs of a folder, as its ledger has them: what each stage came to, what goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from pytest_soak.artifacts.ab_models import AbReport
from pytest_soak.artifacts.ledger import LEDGER, Entry, Ledger
from pytest_soak.artifacts.names import LATEST, RUNS
from pytest_soak.artifacts.stored_run import read
from pytest_soak.canonical import compact
from pytest_soak.errors import ArtifactError, SoakUsageError

STEP = "ab"
"""What the events of an A/B are called on a ledger, and the folder of those beside a run's root."""
_DECIDED = ("promoted", "held", "rolled_back")


@dataclass(frozen=True)
class FoundAb:
    """One A with one B: its decided stages in their order, and the stage that is not decided.

    `name` is what the files of all its stages begin with.
    """

    name: str
    stages: tuple[AbReport, ...]
    under_way: int | None = None

    @property
    def last(self) -> AbReport:
        """The stage that was decided last."""
        return self.stages[-1]


@dataclass(frozen=True)
class FoundAbs:
    """The A/Bs of a folder, the one that was decided last first, and what cannot be read."""

    folder: Path
    found: tuple[FoundAb, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass
class _Kept:
    """The stages of an A/B so far: by number the report's file, None of one not decided."""

    stages: dict[int, Path | None] = field(default_factory=dict)
    seq: int = 0


def abs_place(run: Path) -> Path | None:
    """Where the A/Bs of a run's folder, or of a lane's, are looked for: beside the artifact root.

    None of a run that lies in no artifact root.
    """
    for home in (run, run.parent):
        if home.name == LATEST:
            return home.parent.parent / STEP
        if home.parent.name == RUNS:
            return home.parent.parent.parent / STEP
    return None


def abs_stamp(folder: Path | None) -> tuple[int, int] | None:
    """What changes when the A/Bs of a folder do; None where there are none."""
    try:
        status = None if folder is None else (folder / LEDGER).stat()
    except OSError:
        return None
    return None if status is None else (status.st_mtime_ns, status.st_size)


def found_abs(folder: Path) -> FoundAbs:
    """The A/Bs of a folder that has a ledger of them, which another process may be writing."""
    try:
        entries = Ledger(folder, lambda _: None, only_read=True).entries
    except ArtifactError as error:
        return FoundAbs(folder, (), (str(error),))
    found: dict[str, _Kept] = {}
    problems: list[str] = []
    for entry in entries:
        if entry.step == STEP and entry.stage is not None:
            _take(folder, entry, found.setdefault(_key(entry), _Kept()), problems)
    newest = sorted(found.values(), key=lambda kept: kept.seq, reverse=True)
    read = [_found(kept, problems) for kept in newest]
    return FoundAbs(folder, tuple(one for one in read if one is not None), tuple(problems))


def _key(entry: Entry) -> str:
    """The same for all stages of an A/B."""
    versions = {name: text for name, text in entry.versions.items() if name != "python"}
    return compact([entry.inputs, versions])


def _take(folder: Path, entry: Entry, kept: _Kept, problems: list[str]) -> None:
    assert entry.stage is not None
    if entry.event not in _DECIDED:
        kept.stages.setdefault(entry.stage, None)
        if entry.event == "superseded":
            kept.stages.pop(entry.stage)
        return
    kept.seq = entry.seq
    kept.stages.pop(entry.stage, None)
    for name, digest in entry.outputs.items():
        if name.endswith(".json"):
            path = folder / name
            if Path(name).name == name and _is(path, digest):
                kept.stages[entry.stage] = path
            else:
                problems.append(f"{path}: is missing, or is not what the ledger says was written")


def _is(path: Path, digest: str) -> bool:
    try:
        return sha256(path.read_bytes()).hexdigest() == digest
    except OSError:
        return False


def _found(kept: _Kept, problems: list[str]) -> FoundAb | None:
    paths = [path for path in kept.stages.values() if path is not None]
    stages = tuple(sorted(_reports(paths, problems), key=lambda report: report.stage))
    pending = [stage for stage, path in kept.stages.items() if path is None]
    if not stages:
        return None
    return FoundAb(paths[0].stem.rpartition("_")[0], stages, max(pending, default=None))


def _reports(paths: Sequence[Path], problems: list[str]) -> Iterator[AbReport]:
    for path in paths:
        try:
            yield read(AbReport, path)
        except SoakUsageError as error:
            problems.append(str(error))
