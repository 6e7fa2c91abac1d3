"""Nothing below an artifact root is written, moved or removed by way of a symbolic link.

The root itself may be one. A hard link looks like any other file, and cannot be told.
"""

from __future__ import annotations

import os
from pathlib import Path

from pytest_soak.errors import ArtifactError
from pytest_soak.system import is_link


def plain(root: Path, path: Path) -> Path:
    """`path`, which lies below `root`.

    Raises ArtifactError when it, or a folder between it and the root, is a symbolic link.
    """
    below, end = str(path), str(root)  # as text: this is asked for each file that is written
    while below != end and below != os.path.dirname(below):  # noqa: PTH120
        if is_link(below):
            raise link_error(Path(below))
        below = os.path.dirname(below)  # noqa: PTH120
    return path


def plain_tree(root: Path, folder: Path) -> None:
    """Raise ArtifactError for `folder`, below `root`, when it is or holds a symbolic link."""
    for path in (plain(root, folder), *folder.rglob("*")):
        if is_link(path):
            raise link_error(path)


def link_error(path: Path) -> ArtifactError:
    """What to say of a link at `path`."""
    return ArtifactError(
        f"{path}: a symbolic link, which is not followed within an artifact folder; put what it "
        "leads to there, or make the whole artifact folder the link"
    )
