"""`pytest-soak init`: a repository in which a bot is soaked at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count
from pathlib import Path

from pytest_soak.commands.starter import plan_start
from pytest_soak.errors import ArtifactError, one_line
from pytest_soak.storage.files import write_text
from pytest_soak.system import is_link

LEFT = 1


def init(
    folder: Path, kind: str, say: Callable[[str], None], *, workflow: bool, force: bool
) -> int:
    """Write what is not there, say each file and the next command; LEFT where that is not all.

    A file that is there stays unless `force` replaces it, and then lies beside it; nothing is
    written through a link. Raises SoakUsageError where a file that is no bot has the bot's name.
    """
    start = plan_start(folder, kind, workflow=workflow, force=force)
    left = sum(kept.to_do for kept in start.kept)
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
        aside = _put_aside(file) if there else None
        write_text(file, text)
    except ArtifactError as error:
        return f"left {error}", False
    except OSError as error:
        return f"left {path}: {error.strerror or error}", False
    if aside is not None:
        return f"replaced {path}; what was there is {aside.name} beside it", True
    return f"wrote {path}", True


def _put_aside(file: Path) -> Path:
    """Give a file a free name beside its own: `conftest.py.orig`, `.orig2` ..."""
    names = (f"{file.name}.orig{number if number > 1 else ''}" for number in count(1))
    free = next(file.with_name(name) for name in names if not os.path.lexists(file.with_name(name)))
    file.rename(free)
    return free


def _link(folder: Path, file: Path) -> Path | None:
    """The symbolic link that is in the way from `folder` to `file`, if there is one."""
    steps = (file, *file.parents)
    found = (step for step in steps if step.is_relative_to(folder) and step != folder)
    return next((step.relative_to(folder) for step in found if is_link(step)), None)
