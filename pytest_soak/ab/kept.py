"""Blocks that are durable: a lane that takes real time goes on where it was interrupted."""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pytest_soak.ab.blocks import BLOCK, Blocks
from pytest_soak.ab.lanes import Done, Runner
from pytest_soak.canonical import compact
from pytest_soak.errors import ArtifactError
from pytest_soak.storage.files import append_new, cut
from pytest_soak.storage.journal import DamageError, decode, encode


class KeptRunner:
    """A runner whose blocks are a line each in the file at `path`; those it has are not run again.

    `make` is told how many there are. Lanes that were started anew are cold again: so many blocks
    under A come first, which count for nothing. Raises ArtifactError for a file that is damaged,
    or of other blocks.
    """

    def __init__(self, path: Path, make: Callable[[int], Runner], cold: int) -> None:
        self._path = path
        self._make = make
        self._runner: Runner | None = None
        self._past = deque(_read(path))
        self._done = len(self._past)
        self._cold = cold if self._past else 0

    def run(self, treated: bool) -> Done:
        """The next block, from the file where that has it."""
        if self._past:
            was_treated, done = self._past.popleft()
            if was_treated != treated:
                raise ArtifactError(
                    f"{self._path}: its blocks are those of another stage; {_REMEDY}"
                )
            return done
        if self._runner is None:
            self._runner = self._make(self._done)
            for _ in range(self._cold):
                self._runner.run(False)
        done = self._runner.run(treated)
        append_new(self._path, encode(compact(_data(treated, done))))
        return done

    def close(self) -> None:
        """End the lanes, if any were started."""
        if self._runner is not None:
            self._runner.close()


_REMEDY = "take it away, and its blocks are run again"


def _read(path: Path) -> list[tuple[bool, Done]]:
    if not path.exists():
        return []
    try:
        data = path.read_bytes()
        if not data:
            return []
        payloads, size = decode(data)
        found = [_done(json.loads(payload)) for payload in payloads]
    except (OSError, DamageError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{path}: cannot be read: {error}; {_REMEDY}") from None
    if size < len(data):
        cut(path, size)
    return found


def _data(treated: bool, done: Done) -> dict[str, Any]:
    lanes = [{n: _number(float(lane[n])) for n in BLOCK.names or ()} for lane in done.lanes]
    return {"b": treated, "lanes": lanes, "fired": list(done.fired)}


def _done(data: dict[str, Any]) -> tuple[bool, Done]:
    return bool(data["b"]), Done(tuple(map(_block, data["lanes"])), tuple(data["fired"]))


def _block(values: dict[str, float | None]) -> Blocks:
    block = np.zeros((), BLOCK)
    for name in BLOCK.names or ():
        value = values[name]
        block[name] = math.nan if value is None else value
    return block


def _number(value: float) -> float | None:
    """A number as JSON has it; None of one that is not known."""
    return value if math.isfinite(value) else None
