"""A file and its packed form, one of which is there at any moment, whole.

Where a kill left both, the plain one counts.
"""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import BinaryIO, cast

from pytest_soak.storage.archives import GZIP, unpacking
from pytest_soak.storage.files import opened, replacing, writing

LEVEL = 6
_CHUNK = 2**20


def packed_name(path: Path) -> Path:
    """How a file is called when it is packed."""
    return path.with_name(path.name + GZIP)


def unpacked(raw: BinaryIO, name: str) -> BinaryIO:
    """The bytes of an opened file, unpacked if its name says that it is packed."""
    return cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if name.endswith(GZIP) else raw


def pack(path: Path) -> Path:
    """Replace a file by its packed form, the same bytes for the same content; where that is.

    Raises ArtifactError where that fails.
    """
    target = packed_name(path)
    with writing(target):
        with (
            opened(path, "rb") as content,
            replacing(target, durable=True) as sink,
            gzip.GzipFile("", "wb", LEVEL, sink, mtime=0) as packed,
        ):
            shutil.copyfileobj(content, packed)
        path.unlink()
    return target


def unpack(path: Path) -> None:
    """Replace the packed form of a file by the file.

    Raises ArtifactError where that fails, ValueError where the packed form is damaged.
    """
    source = packed_name(path)
    with writing(path):
        with (
            unpacking(),
            opened(source, "rb") as packed,
            gzip.GzipFile("", "rb", fileobj=packed) as content,
            replacing(path, durable=True) as sink,
        ):
            shutil.copyfileobj(content, sink)
        source.unlink()


def unpacked_size(path: Path) -> int:
    """The size in bytes that a file has unpacked; 0 where there is no packed form.

    Raises ValueError where the packed form is damaged.
    """
    source, size = packed_name(path), 0
    if not source.exists():
        return 0
    with unpacking(), gzip.open(source) as content:
        while chunk := content.read(_CHUNK):
            size += len(chunk)
    return size
