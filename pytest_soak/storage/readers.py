"""Reading files under the names they were written with, also when a rotation compressed them.

`X.json` may since be `X.json.gz`, and a run's folder `X/` may be the archive `X.tar.gz`.
"""

from __future__ import annotations

import io
import os.path
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from pytest_soak.storage.archives import GZIP, archive, members, read_limited, unpacking

ARCHIVE = ".tar.gz"

_PLAIN_NAME = re.compile(r"(?!\.\.?(/|$))[^/\\:]+(/(?!\.\.?(/|$))[^/\\:]+)*")


class _Place(NamedTuple):
    """A file; of an archive also the name of what is meant in it, with `/`, without the run's."""

    file: str
    member: str | None = None


def read_bytes(path: Path) -> bytes:
    """What was written to `path`, unpacked.

    Raises OSError when it is not there, ValueError when it is damaged or larger than its kind is.
    """
    place = _locate(path)
    if place is None or place.member is None:
        file = path if place is None else Path(place.file)  # None: the system says why
        with unpacking():
            return read_limited(file.open("rb"), file.name)
    for name in _names_of(place.member):
        content = archive(place.file).document(name)
        if content is not None:
            return content
    raise FileNotFoundError(None, f"{Path(place.file).name} holds no {place.member or 'such file'}")


def is_file(path: Path) -> bool:
    """Whether `read_bytes` finds something; ValueError for a damaged archive."""
    place = _locate(path)
    if place is None or place.member is None:
        return place is not None
    wanted = _names_of(place.member)
    return any(name in wanted for name in archive(place.file).names())


def is_folder(path: Path) -> bool:
    """Whether `path` is a folder, or was one before its run was archived."""
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for a name too long
        return True
    place = _locate(path)
    if place is None or place.member is None:
        return False
    start = place.member and f"{place.member}/"
    return any(name.startswith(start) for name in archive(place.file).names())


def contents(run: Path) -> Iterator[tuple[str, io.BufferedIOBase]]:
    """The regular files of a run's folder or archive, by name with `/`, each to be read at once.

    Raises OSError, and ValueError for a damaged archive or a name in it that leads elsewhere.
    """
    place = None if os.path.isdir(run) else _locate(run)  # noqa: PTH112 - as above
    if place is None:
        for path in sorted(run.rglob("*")):
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    yield path.relative_to(run).as_posix(), file
        return
    with unpacking():
        for name, content in members(place.file):
            if not _PLAIN_NAME.fullmatch(name):
                raise ValueError(f"damaged (a file in it is named {name!r})")
            yield name, content


def documents(folder: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """The files below `folder`, or of what was one, whose names are `wanted`.

    Names are relative, with `/`, as they were written; the order is that of the archive, or
    sorted. Raises as `read_bytes`.
    """
    place = None if os.path.isdir(folder) else _locate(folder)  # noqa: PTH112 - as above
    if place is None or place.member is None:
        for path in sorted(folder.rglob("*")):
            full = path.relative_to(folder).as_posix()
            name = full.removesuffix(GZIP)
            if wanted(name) and path.is_file():
                yield name, read_bytes(folder / name)
        return
    start = place.member and f"{place.member}/"
    found = archive(place.file)
    for full in found.names():
        name = full.removeprefix(start).removesuffix(GZIP)
        if full.startswith(start) and wanted(name):
            content = found.document(full)
            assert content is not None
            yield name, content


def _locate(path: Path) -> _Place | None:
    if _is_plain_file(str(path)):
        return _Place(str(path), "" if str(path).endswith(ARCHIVE) else None)
    if _is_plain_file(f"{path}{GZIP}"):
        return _Place(f"{path}{GZIP}")
    for folder in (path, *path.parents):
        for file in (str(folder), f"{folder}{ARCHIVE}"):
            if file.endswith(ARCHIVE) and _is_plain_file(file):
                inside = path.relative_to(folder)
                return _Place(file, "" if inside == Path() else inside.as_posix())
    return None


def _is_plain_file(name: str) -> bool:
    return os.path.isfile(name)  # noqa: PTH113 - Path.is_file raises for a name too long


def _names_of(member: str) -> tuple[str, str]:
    """How a document may be called in an archive."""
    return member, member + GZIP
