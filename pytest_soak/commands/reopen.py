"""`pytest-soak reopen`: an earlier run as the latest again, for `--soak-resume`."""

from __future__ import annotations

from pathlib import Path

from pytest_soak.artifacts.layout import Layout
from pytest_soak.artifacts.names import RESULT, RUNS
from pytest_soak.errors import SoakUsageError
from pytest_soak.storage.lock import locked
from pytest_soak.storage.readers import ARCHIVE


def reopen(run: Path) -> Path | None:
    """Make `run`, a folder in `runs/`, the latest; where the latest went, if there was one.

    Raises SoakUsageError when it is no run, ArtifactError when a session is at work there or the
    folders cannot be moved.
    """
    run = run.absolute()
    archive = run.with_name(f"{run.name.removesuffix(ARCHIVE)}{ARCHIVE}")
    if not run.is_dir() and archive.is_file():
        remedy = f"tar -xzf {archive.name} there, then reopen {archive.name.removesuffix(ARCHIVE)}"
        raise SoakUsageError(str(archive), f"a rotation has archived this run; {remedy}")
    if run.parent.name != RUNS or not (run / RESULT).is_file():
        raise SoakUsageError(str(run), "expected the folder of a run: artifacts/soak/runs/NAME")
    root = run.parent.parent
    with locked(root):
        return Layout(root, several_lanes=False).reopen(run)
