"""Carrying out a rotation, so that a kill at any moment loses nothing that was to be kept.

What is compressed is written whole and is on the disk before it gets its name, and only then do
the originals go. `rotation/` holds what is under way.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from pytest_soak.artifacts.rotation.plan import FOLDER, HALF, LEAVING, LOG, PACK, Action, File
from pytest_soak.errors import ArtifactError
from pytest_soak.storage.files import opened, writing
from pytest_soak.storage.links import plain
from pytest_soak.system import sync_folder

_LEVEL = 6


def measure(root: Path, action: Action) -> int:
    """The bytes that `perform` would leave; raises ArtifactError as it would."""
    if action.target is None:
        return 0
    meter, target = _Meter(), root / action.target
    with writing(target):
        _compress(root, action, meter)
        _check_free(action, target, meter.digest)
    return meter.size


def perform(root: Path, action: Action) -> int:
    """Carry `action` out; the bytes that it leaves. Raises ArtifactError, with nothing lost."""
    left = _perform_compression(root, action) if action.target is not None else 0
    with writing(root / action.path):
        if action.kind == PACK:
            _remove_run(root, action)
        else:
            for file in action.files:
                plain(root, root / file.path).unlink()
    return left


def sweep(root: Path) -> None:
    """Remove what a rotation that was killed left behind."""
    plain(root, root / FOLDER / LOG)
    with writing(root / FOLDER):
        _half(root).unlink(missing_ok=True)
        shutil.rmtree(_leaving(root), ignore_errors=True)


def _half(root: Path) -> Path:
    return plain(root, root / FOLDER / HALF)


def _leaving(root: Path) -> Path:
    return plain(root, root / FOLDER / LEAVING)


def _perform_compression(root: Path, action: Action) -> int:
    assert action.target is not None
    half, target, meter = _half(root), plain(root, root / action.target), _Meter()
    newest = max(file.modified for file in action.files)
    with writing(target):
        half.parent.mkdir(exist_ok=True)
        with opened(half, "wb") as sink:
            meter.sink = sink
            _compress(root, action, meter)
            sink.flush()
            os.fsync(sink.fileno())
        os.utime(half, (newest, newest))
        _check_free(action, target, meter.digest)
        half.replace(target)
        sync_folder(target.parent)
    return meter.size


def _check_free(action: Action, target: Path, digest: bytes) -> None:
    """An archive replaces nothing but itself: a kill may have left its originals."""
    if action.kind != PACK or not os.path.lexists(target):
        return
    with target.open("rb") as there:
        if hashlib.file_digest(there, "sha256").digest() == digest:
            return
    raise ArtifactError(f"{target}: there already, with other content; move one of the two away")


def _remove_run(root: Path, action: Action) -> None:
    """Remove a run in one step, so that no half of it is ever taken for the whole."""
    run, leaving = plain(root, root / action.path), _leaving(root)
    packed = {root / file.path for file in action.files}
    if new := [path for path in run.rglob("*") if not path.is_dir() and path not in packed]:
        raise ArtifactError(f"{new[0]}: came while its run was archived; rotate again")
    leaving.mkdir(exist_ok=True)
    run.rename(leaving / run.name)
    sync_folder(run.parent)
    shutil.rmtree(leaving)


def _compress(root: Path, action: Action, sink: _Meter) -> None:
    """The same bytes for the same content, whenever and by whomever it is done."""
    with gzip.GzipFile("", "wb", _LEVEL, cast(IO[bytes], sink), mtime=0) as packed:
        if action.kind != PACK:
            with _opened(root, action.files[0]) as content:
                shutil.copyfileobj(content, packed)
            return
        with tarfile.open(
            fileobj=packed, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8"
        ) as archive:
            for file in sorted(action.files, key=_documents_first):
                member = tarfile.TarInfo(str(file.path.relative_to(action.path.parent)))
                member.size = file.size
                with _opened(root, file) as content:
                    archive.addfile(member, content)


def _documents_first(file: File) -> tuple[bool, File]:
    """Readers look for the small documents, and need not unpack the feeds for it."""
    return (file.path.suffix != ".json", file)


@contextmanager
def _opened(root: Path, file: File) -> Iterator[IO[bytes]]:
    path = root / file.path
    with path.open("rb") as content:
        yield content
        if content.tell() != file.size or content.read(1):
            raise ArtifactError(f"{path}: changed while it was compressed; rotate again")


class _Meter:
    """Counts and hashes what is written, and passes it on if there is a sink."""

    def __init__(self) -> None:
        self.sink: IO[bytes] | None = None
        self.size = 0
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> bytes:
        """The SHA-256 of all that was written."""
        return self._hash.digest()

    def write(self, data: bytes) -> int:
        """Take in `data`."""
        self.size += len(data)
        self._hash.update(data)
        return self.sink.write(data) if self.sink else len(data)
