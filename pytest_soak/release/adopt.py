"""A run that was made elsewhere, taken into a release."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path

from pytest_soak.artifacts.layout import Layout
from pytest_soak.artifacts.stored_run import StoredRun, run_in
from pytest_soak.errors import SoakUsageError
from pytest_soak.release.evidence import Wanted, evidence
from pytest_soak.storage.files import writing
from pytest_soak.storage.links import plain_tree


def check_adoptable(run: StoredRun, wanted: Wanted) -> None:
    """Raise SoakUsageError where a run is no evidence of what is wanted, or is an archive.

    ArtifactError is raised for a symbolic link in it.
    """
    if not run.folder.is_dir():
        raise SoakUsageError("--from", f"{run.given} is an archive; unpack it first")
    plain_tree(run.folder.parent, run.folder)
    made, here = str(run.result.meta.get("python", "none")), platform.python_version()
    if _minor(made) != _minor(here):
        raise SoakUsageError("--from", f"{run.given} was made by Python {made}, this is {here}")
    evidence(run, wanted)


def adopt(run: StoredRun, root: Path) -> StoredRun:
    """A copy of a run as the latest one of an artifact root; the one before is kept beside.

    Raises ArtifactError where it cannot be copied.
    """
    layout = Layout(root, several_lanes=len(run.result.lanes) > 1)
    with writing(root):
        root.parent.mkdir(parents=True, exist_ok=True)
        layout.prepare()
        shutil.copytree(run.folder, layout.latest, dirs_exist_ok=True)
    return run_in(root)


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]
