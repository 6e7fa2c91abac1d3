"""Reading files under the names they were written with, also when a rotation compressed them.

`X.json` may since be `X.json.gz`, and a run's folder `X/` may be the archive `X.tar.gz`.
"""

from __future__ import annotations

import gzip
import io
import os.path
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_soak.errors import SoakUsageError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

FINAL = "ITER_SUMMARY_final.json"
GZIP = ".gz"
ARCHIVE = ".tar.gz"
MOST_BYTES = 64 * 2**20
"""Of one document: more is a mistake, or an attack by decompression."""
MOST_UNPACKED = 8 * 2**30
"""Of an archive, while a document is looked for in it."""

_LONGEST_NAME = 4096
_PLAIN_NAME = re.compile(r"(?!\.\.?(/|$))[^/\\:]+(/(?!\.\.?(/|$))[^/\\:]+)*")


class _Place(NamedTuple):
    """A file; of an archive also the name of what is meant in it, with `/`, without the run's."""

    file: str
    member: str | None = None


def read_bytes(path: Path) -> bytes:
    """What was written to `path`, unpacked.

    Raises OSError when it is not there, ValueError when it is damaged or larger than MOST_BYTES.
    """
    place = _locate(path)
    with _unpacking():
        if place is None:
            return _document(path.open("rb"))  # the system says why it cannot be read
        if place.member is None:
            with Path(place.file).open("rb") as file:
                packed = place.file.endswith(GZIP)
                return _document(gzip.GzipFile(fileobj=file) if packed else file)
        wanted = (place.member, place.member + GZIP)
        for name, content in _members(place.file):
            if name in wanted:
                return _document(gzip.GzipFile(fileobj=content) if name == wanted[1] else content)
    raise FileNotFoundError(None, f"{Path(place.file).name} holds no {place.member or 'such file'}")


def is_file(path: Path) -> bool:
    """Whether `read_bytes` finds something; ValueError for a damaged archive."""
    place = _locate(path)
    if place is None or place.member is None:
        return place is not None
    wanted = (place.member, place.member + GZIP)
    with _unpacking():
        return any(name in wanted for name, _ in _members(place.file))


def is_folder(path: Path) -> bool:
    """Whether `path` is a folder, or was one before its run was archived."""
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for a name too long
        return True
    place = _locate(path)
    if place is None or place.member is None:
        return False
    start = place.member and f"{place.member}/"
    with _unpacking():
        return any(name.startswith(start) for name, _ in _members(place.file))


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
    with _unpacking():
        for name, content in _members(place.file):
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
                yield (
                    name,
                    read_bytes(folder / name) if name != full else _document(path.open("rb")),
                )
        return
    start = place.member and f"{place.member}/"
    with _unpacking():
        for full, content in _members(place.file):
            name = full.removeprefix(start).removesuffix(GZIP)
            if full.startswith(start) and wanted(name):
                packed = full.endswith(GZIP)
                yield name, _document(gzip.GzipFile(fileobj=content) if packed else content)


def summary_of(source: Path) -> Path:
    """The `ITER_SUMMARY_final.json` of a lane's folder or archive; any other path is itself.

    Raises SoakUsageError when a folder has none.
    """
    try:
        if not is_folder(source):
            return source
        if is_file(final := source / FINAL):
            return final
    except ValueError as error:
        raise SoakUsageError(str(source), f"cannot be read: {error}") from None
    raise SoakUsageError(
        str(source), f"has no {FINAL}; give the folder of a lane that ended, e.g. {source / 'LANE'}"
    )


def _locate(path: Path) -> _Place | None:
    if _is_plain_file(str(path)):
        return _Place(str(path), "" if str(path).endswith(ARCHIVE) else None)
    if _is_plain_file(f"{path}{GZIP}"):
        return _Place(f"{path}{GZIP}")
    for folder in (path, *path.parents):
        for archive in (str(folder), f"{folder}{ARCHIVE}"):
            if archive.endswith(ARCHIVE) and _is_plain_file(archive):
                inside = path.relative_to(folder)
                return _Place(archive, "" if inside == Path() else inside.as_posix())
    return None


def _is_plain_file(name: str) -> bool:
    return os.path.isfile(name)  # noqa: PTH113 - Path.is_file raises for a name too long


def _document(opened: io.BufferedIOBase) -> bytes:
    with opened:
        content = opened.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"larger than {MOST_BYTES // 2**20} MB, which no document is")
    return content


@contextmanager
def _unpacking() -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError) as error:
        raise ValueError(f"damaged ({error})") from None


class _Member(NamedTuple):
    """A regular file of an archive, to be read before the next one is asked for."""

    name: str
    content: io.BufferedIOBase


def _members(archive: str) -> Iterator[_Member]:
    """The regular files of an archive, by their names below the run's folder.

    Unlike `tarfile`, believes no size in a header before the bytes have come.
    """
    with gzip.open(archive) as unpacked:
        long_name = ""
        while block := _exactly(unpacked, tarfile.BLOCKSIZE):
            try:
                header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
            except tarfile.HeaderError:
                if any(block):
                    raise
                return
            end = unpacked.tell() + -(-header.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
            if header.size < 0 or end > MOST_UNPACKED:
                raise ValueError(f"damaged, or more than {MOST_UNPACKED // 2**30} GB unpacked")
            if header.type == tarfile.GNUTYPE_LONGNAME:
                text = _exactly(unpacked, min(header.size, _LONGEST_NAME))
                long_name = text.rstrip(b"\0").decode("utf-8", "surrogateescape")
            elif header.isreg():
                name = (long_name or header.name).partition("/")[2]
                yield _Member(name, io.BufferedReader(_Slice(unpacked, header.size)))
                long_name = ""
            _skip(unpacked, end - unpacked.tell())


class _Slice(io.RawIOBase):
    """The next `size` bytes of a stream."""

    def __init__(self, stream: io.BufferedIOBase, size: int) -> None:
        self._stream = stream
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        found = self._stream.read(min(len(view), self._left))
        if self._left and not found:
            raise EOFError("it ends within a file")
        view[: len(found)] = found
        self._left -= len(found)
        return len(found)


def _exactly(stream: io.BufferedIOBase, size: int) -> bytes:
    found = stream.read(size)
    if found and len(found) < size:
        raise EOFError("it ends within a block")
    return found


def _skip(stream: io.BufferedIOBase, size: int) -> None:
    while size > 0:
        found = stream.read(min(size, 2**20))
        if not found:
            raise EOFError("it ends within a file")
        size -= len(found)
