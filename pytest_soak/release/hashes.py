"""SHA-256 of files; those of large files are kept while size, time and inode are the same."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, NamedTuple

from pytest_soak.canonical import dumps
from pytest_soak.errors import ArtifactError
from pytest_soak.release.record import HOME
from pytest_soak.storage.files import opened, write_text
from pytest_soak.storage.links import plain

LARGE = 2**20
"""From so many bytes on a hash is kept."""
KEPT = f"{HOME}/.hashes.json"


class Seen(NamedTuple):
    """What tells a file from what it was, and the hash that it had."""

    size: int
    mtime_ns: int
    inode: int
    sha256: str


def file_hashes(directory: Path, paths: Iterable[str], *, anew: bool = False) -> dict[str, str]:
    """SHA-256 of the files that are there, by their paths below `directory`; of a link none.

    Large files that look as they did are read again only if `anew`.
    """
    kept = {} if anew else _read(directory / KEPT)
    seen = {path: one for path in paths if (one := _seen(directory, path, kept)) is not None}
    large = {path: one for path, one in seen.items() if one.size >= LARGE}
    if large and {**kept, **large} != _read(directory / KEPT):
        text = dumps({path: list(one) for path, one in {**kept, **large}.items()})
        write_text(plain(directory, directory / KEPT), text)
    return {path: one.sha256 for path, one in seen.items()}


def _seen(directory: Path, path: str, kept: dict[str, Seen]) -> Seen | None:
    try:
        place = plain(directory, directory / path)
        if not place.is_file():  # a pipe would be waited for
            return None
        with opened(place, "rb") as file:
            status = os.fstat(file.fileno())
            looks = (status.st_size, status.st_mtime_ns, status.st_ino)
            if path in kept and kept[path][:3] == looks:
                return kept[path]
            return Seen(*looks, _digest(file))
    except (OSError, ArtifactError, ValueError):
        return None


def _digest(file: BinaryIO) -> str:
    digest = sha256()
    while chunk := file.read(LARGE):
        digest.update(chunk)
    return digest.hexdigest()


def _read(path: Path) -> dict[str, Seen]:
    """What was kept; nothing where that cannot be read, as it can be made anew."""
    try:
        data = json.loads(path.read_bytes())
        found = {str(name): Seen(*one) for name, one in data.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
    return {name: one for name, one in found.items() if isinstance(one.sha256, str)}
