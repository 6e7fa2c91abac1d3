"""`pytest-soak init`: a repository in which a bot is soaked at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pytest_soak.commands.starter import plan_start
from pytest_soak.errors import ArtifactError, one_line
from pytest_soak.storage.files import write_text
from pytest_soak.system import is_link

LEFT = 1


def init(
    folder: Path, kind: str, say: Callable[[str], None], *, workflow: bool, force: bool
) -> int:
    """Write what is not there, say each file and the next command; LEFT where something stays.

    A file that is there stays unless `force` replaces it; nothing is written through a link.
    """
    start = plan_start(folder, kind, workflow=workflow, force=force)
    left = len(start.kept)
    for path, text in start.texts.items():
        told, good = _written(folder, path, text, force=force)
        left += not good
        say(one_line(told))
    for kept in start.kept:
        say(one_line(f"left {kept.path}: {kept.why}"))
    say(f"next: {start.command}")
    return LEFT if left else 0


def _written(folder: Path, path: str, text: str, *, force: bool) -> tuple[str, bool]:
    """What became of a file, and whether it is now as it should be."""
    file = folder / path
    try:
        if (link := _link(folder, file)) is not None:
            return f"left {path}: {link} is a symbolic link, which is not followed", False
        if file.is_dir():
            return f"left {path}: a folder is there", False
        there = file.exists()
        if there and file.read_text(encoding="utf-8", errors="replace") == text:
            return f"unchanged {path}", True
        if there and not force:
            return f"left {path}: it is there; --force replaces it", False
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, text)
    except ArtifactError as error:
        return f"left {error}", False
    except OSError as error:
        return f"left {path}: {error.strerror or error}", False
    return f"{'replaced' if there else 'wrote'} {path}", True


def _link(folder: Path, file: Path) -> Path | None:
    """The symbolic link that is in the way from `folder` to `file`, if there is one."""
    steps = (file, *file.parents)
    found = (step for step in steps if step.is_relative_to(folder) and step != folder)
    return next((step.relative_to(folder) for step in found if is_link(step)), None)
