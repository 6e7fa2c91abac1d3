"""The files of an archived run, each unpacked once a command and none without a limit."""

from __future__ import annotations

import gzip
import io
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP = ".gz"
MEGABYTE = 2**20
MOST_OWN_BYTES = 16 * MEGABYTE
"""Of a document that a soak writes, whose name is in capitals."""
MOST_BYTES = 64 * MEGABYTE
"""Of any other document: more is a mistake, or an attack by decompression."""
MOST_UNPACKED = 8 * 2**30
MOST_TIMES = 200
"""How many times its size an archive may unpack to: what a soak writes shrinks to a twentieth."""
MOST_SPARE = 64 * MEGABYTE
"""What a small archive may unpack to all the same."""
MOST_FILES = 50_000
MOST_KEPT = 256 * MEGABYTE
"""Of all documents of an archive."""

_OWN = re.compile(r"[A-Z_]+(_\w+)?\.json")
_LONGEST_NAME = 4096
_CHUNK = 2**16


def limit_of(name: str) -> int:
    """The most bytes that a document called `name` (its last part counts) may have."""
    last = name.rpartition("/")[2].removesuffix(GZIP)
    return MOST_OWN_BYTES if _OWN.fullmatch(last) else MOST_BYTES


def read_limited(opened: io.BufferedIOBase, name: str) -> bytes:
    """What `opened` gives, unpacked if `name` says so; ValueError where that is too much."""
    most, content = limit_of(name), bytearray()
    with opened, gzip.GzipFile(fileobj=opened) if name.endswith(GZIP) else opened as file:
        while chunk := file.read(_CHUNK):
            content += chunk
            if len(content) > most:
                raise ValueError(f"larger than {most // MEGABYTE} MB, which no such document is")
    return bytes(content)


@contextmanager
def unpacking() -> Iterator[None]:
    """Turn what is said of damaged archives into ValueError."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError) as error:
        raise ValueError(f"damaged ({error})") from None


class Archive:
    """The regular files of an archive by their names below the run's folder, read when asked for.

    Documents (`.json`, compressed or not) are kept, so that nothing is unpacked a second time.
    All that reads raises OSError, and ValueError for an archive that is damaged or without end.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._members = members(file)
        self._names: set[str] = set()
        self._order: list[str] = []
        self._documents: dict[str, bytes | ValueError] = {}
        self._kept = 0
        self._broken: ValueError | None = None

    def names(self) -> Iterator[str]:
        """All names, in the order of the archive."""
        yielded = 0
        while yielded < len(self._order) or self._advance():
            yield self._order[yielded]
            yielded += 1

    def document(self, name: str) -> bytes | None:
        """A file by its name, meant for documents; None where the archive has none."""
        while name not in self._names:
            if not self._advance():
                return None
        content = self._documents.get(name)
        if isinstance(content, ValueError):
            raise content
        return self._unpacked(name) if content is None else content

    def _unpacked(self, name: str) -> bytes:
        with unpacking():
            for member in members(self._file):
                if member.name == name:
                    return read_limited(member.content, name)
        raise ValueError("changed while it was read")

    def _advance(self) -> bool:
        if self._broken is not None:
            raise self._broken
        try:
            with unpacking():
                member = next(self._members, None)
                if member is not None:
                    self._take(member)
        except ValueError as error:
            self._broken = error
            raise
        return member is not None

    def _take(self, member: Member) -> None:
        if member.name not in self._names and member.name.removesuffix(GZIP).endswith(".json"):
            self._keep(member)
        self._names.add(member.name)
        self._order.append(member.name)

    def _keep(self, member: Member) -> None:
        try:
            content = read_limited(member.content, member.name)
        except ValueError as error:
            self._documents[member.name] = error
            return
        self._kept += len(content)
        if self._kept > MOST_KEPT:
            raise ValueError(f"its documents are more than {MOST_KEPT // MEGABYTE} MB")
        self._documents[member.name] = content


def archive(file: str) -> Archive:
    """The archive `file`, the same object while the file is the same."""
    status = os.stat(file)  # noqa: PTH116 - a name, not a path, as its callers have it
    return _archive(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _archive(file: str, modified: int, size: int) -> Archive:
    return Archive(file)


class Member(NamedTuple):
    """A regular file of an archive, to be read before the next one is asked for."""

    name: str
    content: io.BufferedIOBase


def members(file: str) -> Iterator[Member]:
    """The regular files of an archive, by their names below the run's folder.

    Unlike `tarfile`, believes no size in a header before the bytes have come.
    """
    packed = os.stat(file).st_size  # noqa: PTH116 - as above
    most = min(MOST_UNPACKED, MOST_SPARE + MOST_TIMES * packed)
    with gzip.open(file) as unpacked:
        long_name, found = "", 0
        while block := _exactly(unpacked, tarfile.BLOCKSIZE):
            try:
                header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
            except tarfile.HeaderError:
                if any(block):
                    raise
                return
            found += 1
            end = unpacked.tell() + -(-header.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
            if header.size < 0 or end > most:
                raise ValueError(f"damaged, or more than {most // MEGABYTE} MB unpacked")
            if found > MOST_FILES:
                raise ValueError(f"damaged, or more than {MOST_FILES} files")
            if header.type == tarfile.GNUTYPE_LONGNAME:
                text = _exactly(unpacked, min(header.size, _LONGEST_NAME))
                long_name = text.rstrip(b"\0").decode("utf-8", "surrogateescape")
            elif header.isreg():
                name = (long_name or header.name).partition("/")[2]
                yield Member(name, io.BufferedReader(_Slice(unpacked, header.size)))
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
