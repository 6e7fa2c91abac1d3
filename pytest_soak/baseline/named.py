"""Which stored run a user means by a path, the name of a baseline, or a production snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_soak.artifacts.models import ProductionSnapshot
from pytest_soak.artifacts.names import LATEST, RUNS
from pytest_soak.artifacts.stored_run import find_run, read, result_says, run_around
from pytest_soak.config.names import user_path
from pytest_soak.errors import SoakUsageError
from pytest_soak.storage.archives import GZIP
from pytest_soak.storage.readers import ARCHIVE

BASELINES = "baseline"
"""The folder of named baselines, below an artifact root or a working directory."""
_SNAPSHOT = (".json", f".json{GZIP}")


def find_baseline(given: str, root: Path, base: Path) -> Path:
    """The run's folder, archive or artifact root that is meant by `given`.

    That is a path from `base` on with a run, else the name of a baseline of the artifact root
    `root`, else of one of `base`; of a production snapshot the run that it was made of. Raises
    SoakUsageError where there is none.
    """
    path, homes = user_path(given, base, given), (root / BASELINES, base / BASELINES)
    if given.endswith(_SNAPSHOT):
        return _of_snapshot(path, (root, *(one for home in homes for one in _children(home))))
    if find_run(path) is not None:
        return path
    named = [home / given for home in homes if given in _names(home)]
    if named:
        return _only_run(named[0])
    known = sorted({name for home in homes for name in _names(home)})
    told = f"baselines by name: {', '.join(known)}" if known else f"no {BASELINES}/NAME either"
    raise SoakUsageError(
        str(path), f"no run in it: RESULT.json is neither there nor in latest; {told}"
    )


def _only_run(home: Path) -> Path:
    """`home`, or the one run or archive in it."""
    if find_run(home) is not None:
        return home
    runs = [one for one in _children(home) if find_run(one) is not None]
    if len(runs) == 1:
        return runs[0]
    if not runs:
        raise SoakUsageError(str(home), "no run in it; put a run's folder or archive there")
    names = ", ".join(one.name for one in runs)
    raise SoakUsageError(str(home), f"has several runs ({names}); give the path of one")


def _of_snapshot(path: Path, places: Sequence[Path]) -> Path:
    """The run of a production snapshot: the one that it names, else the one that it lies in."""
    run = read(ProductionSnapshot, path).run
    if run is None:
        around = run_around(path)
        if around is None:
            problem = "names no run and lies in none; give the run's folder, or freeze it anew"
            raise SoakUsageError(str(path), problem)
        return around
    found = next((one for one in _runs(places) if result_says(one, "meta", "run") == run), None)
    if found is None:
        problem = f"its run {run} is neither in {places[0]} nor a baseline; give the run's folder"
        raise SoakUsageError(str(path), problem)
    return found


def _runs(places: Sequence[Path]) -> Iterator[Path]:
    """Where runs may lie in artifact roots and in folders of runs."""
    for place in places:
        yield from (place, place / LATEST, *_children(place / RUNS), *_children(place))


def _names(home: Path) -> set[str]:
    return {one.name.removesuffix(ARCHIVE) for one in _children(home)}


def _children(folder: Path) -> list[Path]:
    """The folders and archives in a folder, if it is one."""
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [one for one in found if one.is_dir() or one.name.endswith(ARCHIVE)]
