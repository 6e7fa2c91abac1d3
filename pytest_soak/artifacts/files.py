"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pytest_soak.canonical import dumps
from pytest_soak.errors import ArtifactError


def write_json(path: Path, value: Any, *, durable: bool = False) -> None:
    """Replace `path` by `value` as JSON; `durable` also waits for the disk."""
    write_text(path, dumps(value), durable=durable)


def write_text(path: Path, text: str, *, durable: bool = False) -> None:
    """Replace `path` by `text` in UTF-8, in one step; ArtifactError where that fails."""
    with writing(path):
        _replace(path, text, durable=durable)


def append_lines(path: Path, lines: Iterable[str]) -> None:
    """Append whole lines."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in lines)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says of `path` into an ArtifactError."""
    try:
        yield
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be written: {error.strerror or error}") from error


def _replace(path: Path, text: str, *, durable: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with half.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        half.replace(path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
