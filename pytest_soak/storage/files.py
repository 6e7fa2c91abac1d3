"""Writing files so that a reader never sees half of one, and never through a symbolic link."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from pytest_soak.canonical import dumps
from pytest_soak.errors import ArtifactError
from pytest_soak.storage.links import link_error
from pytest_soak.system import not_followed, sync_folder

_HALF = re.compile(r"\..+\.\d+\.tmp")


def write_json(path: Path, value: Any, *, durable: bool = False) -> None:
    """Replace `path` by `value` as JSON; `durable` also waits for the disk."""
    write_text(path, dumps(value), durable=durable)


def write_text(path: Path, text: str, *, durable: bool = False) -> None:
    """Replace `path` by `text` in UTF-8, in one step; ArtifactError where that fails."""
    write_bytes(path, text.encode(), durable=durable)


def write_bytes(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Replace `path` by `data`, in one step; ArtifactError where that fails."""
    with writing(path):
        _replace(path, data, durable=durable)


def append(path: Path, data: bytes) -> None:
    """Append `data` to a file that is there, and wait for the disk; all of it or nothing.

    Raises ArtifactError where that fails.
    """
    with writing(path), opened(path, "r+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        try:
            left = memoryview(data)
            while left:
                left = left[file.write(left) :]
            os.fsync(file.fileno())
        except BaseException:
            file.truncate(size)
            raise


def append_lines(path: Path, lines: Iterable[str]) -> None:
    """Append whole lines to a file, new or not, and wait for the disk."""
    append_new(path, "".join(f"{line}\n" for line in lines).encode())


def append_new(path: Path, data: bytes) -> None:
    """`append` to a file that may be new."""
    with writing(path):
        opened(path, "ab").close()
    append(path, data)


def cut(path: Path, size: int) -> None:
    """Shorten a file to its first `size` bytes, and wait for the disk."""
    with writing(path), opened(path, "r+b") as file:
        file.truncate(size)
        os.fsync(file.fileno())


def sweep(folder: Path) -> None:
    """Remove what a killed process left of files that it was writing in `folder`."""
    with writing(folder):
        for path in folder.glob(".*.tmp"):
            if _HALF.fullmatch(path.name):
                path.unlink()


_owner: int | None = None


def own() -> None:
    """From now on this process alone writes; the children that it forks do not."""
    global _owner
    _owner = os.getpid()


def _check_owner(path: Path) -> None:
    if _owner not in (None, os.getpid()):
        raise ArtifactError(f"{path}: not written by a child process of the session")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says of `path` into an ArtifactError."""
    _check_owner(path)
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> ArtifactError:
    """What the system says of `path`, as the error of who wanted to write it."""
    if error.errno == errno.ELOOP:
        return link_error(Path(error.filename or path))
    return ArtifactError(f"{path}: cannot be written: {error.strerror or error}")


def opened(path: Path, mode: str, buffering: int = -1) -> BinaryIO:
    """`path` opened for bytes, unless it is a symbolic link (OSError ELOOP).

    A new file's folder is made if need be.
    """
    try:
        return _open(path, mode, buffering)
    except FileNotFoundError:
        if mode[0] not in "wa":
            raise
        path.parent.mkdir(parents=True, exist_ok=True)
        return _open(path, mode, buffering)


def _open(path: Path, mode: str, buffering: int) -> BinaryIO:
    return cast(BinaryIO, open(path, mode, buffering, opener=not_followed))


def _replace(path: Path, data: bytes, *, durable: bool) -> None:
    with replacing(path, durable=durable) as file:
        file.write(data)


@contextmanager
def replacing(path: Path, *, durable: bool) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path`, in one step, when the block is done."""
    half = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with opened(half, "wb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        half.replace(path)
        if durable:
            sync_folder(path.parent)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
