"""A recording's bytes as blocks of whole lines: packed or not, torn or not, but never changing."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from pytest_soak.errors import SoakUsageError
from pytest_soak.replay.told import Told

CHUNK = 1 << 16
BLOCK = 4 << 20
"""About how many bytes of lines are handed on at a time."""
GZIP, ZIP = b"\x1f\x8b", b"PK"


class Lines(NamedTuple):
    """Whole lines of a file without their ends; the first is line `number`, from 1 on.

    The last may have had no end: `torn` says so.
    """

    number: int
    lines: list[bytes]
    torn: bool


@contextmanager
def unchanged(path: Path, shown: str) -> Iterator[BinaryIO]:
    """Open a file to read; raises SoakUsageError where it cannot be, or changes meanwhile."""
    try:
        before = path.stat()
        with path.open("rb") as file:
            yield file
        after = path.stat()
    except OSError as error:
        raise SoakUsageError(shown, f"cannot be read: {error.strerror or error}") from None
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise SoakUsageError(
            shown, "changed while it was read: wait until its recorder has ended, or copy it first"
        )


def blocks_of_lines(path: Path, shown: str, told: Told) -> Iterator[Lines]:
    """The lines of a file, plain, gzip or the first file of a zip.

    A packed file that ends early or is damaged is read as far as it goes, and that is told.
    """
    with unchanged(path, shown) as file:
        number, held, size = 1, [b""], 0
        whole = True
        for data in _bytes(file, shown, told):
            whole = data is not None
            if data is None:
                break
            held.append(data)
            size += len(data)
            if size < BLOCK:
                continue
            lines = b"".join(held).split(b"\n")
            held, size = [lines[-1]], len(lines.pop())
            if lines:
                yield Lines(number, lines, False)
            number += len(lines)
        lines = b"".join(held).split(b"\n")
        last = lines.pop()
        if lines:
            yield Lines(number, lines, False)
        if not last.strip():
            return
        if whole:
            yield Lines(number + len(lines), [last], True)
        else:
            told.remark(f"{shown}: the line at which it breaks off ({number + len(lines)}) is lost")


def first_bytes(path: Path, shown: str, size: int = 1 << 16) -> bytes:
    """The beginning of what a file holds, unpacked."""
    found = b""
    with unchanged(path, shown) as file:
        for data in _bytes(file, shown, Told()):
            found += data or b""
            if data is None or len(found) >= size:
                break
    return found[:size]


def is_damaged(path: Path, shown: str) -> bool:
    """Whether a packed file is not what was packed; damage shows late, after lines of nonsense."""
    told = Told()
    with unchanged(path, shown) as file:
        return any(data is None for data in _bytes(file, shown, told))


def _bytes(file: BinaryIO, shown: str, told: Told) -> Iterator[bytes | None]:
    """What a file holds, unpacked; None where it breaks off."""
    start = file.read(2)
    file.seek(0)
    if start == GZIP:
        yield from _gunzipped(file, shown, told)
    elif start == ZIP:
        yield from _unzipped(file, shown, told)
    else:
        while data := file.read(CHUNK):
            yield data


def _gunzipped(file: BinaryIO, shown: str, told: Told) -> Iterator[bytes | None]:
    """Member after member; zeros after the last one are padding."""
    unpack = zlib.decompressobj(31)
    begun = False
    while data := file.read(CHUNK):
        while data:
            if not begun and not data.strip(b"\0"):
                break
            begun = True
            try:
                yield unpack.decompress(data)
            except zlib.error:
                told.lose(shown, "its gzip is damaged, and the rest of it lost")
                yield None
                return
            data = unpack.unused_data if unpack.eof else b""
            if unpack.eof:
                unpack, begun = zlib.decompressobj(31), False
    if begun:
        yield unpack.flush()
        told.remark(f"{shown}: its gzip ends early, as of a recorder that was killed")
        yield None


def _unzipped(file: BinaryIO, shown: str, told: Told) -> Iterator[bytes | None]:
    try:
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            if len(names) != 1:
                problem = f"expected one file in this zip, it has {len(names)}: unpack it"
                raise SoakUsageError(shown, problem)
            refuse_encrypted(archive, shown)
            with archive.open(names[0]) as member:
                while data := member.read(CHUNK):
                    yield data
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        told.lose(shown, f"damaged zip: {error}; the rest is lost")
        yield None


def refuse_encrypted(archive: zipfile.ZipFile, shown: str) -> None:
    """Raise SoakUsageError for an archive of which a file needs a password."""
    if any(info.flag_bits & 1 for info in archive.infolist()):
        raise SoakUsageError(shown, "is an encrypted zip: unpack it with its password first")
