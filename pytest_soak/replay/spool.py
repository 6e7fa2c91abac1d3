"""Rows that are kept on disk: any of them can be read again, few are in memory."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterable
from threading import Lock

import numpy as np

from pytest_soak.replay.rows import ROW, Rows


class Spool:
    """Rows that come in pieces, in a file that goes with the last who holds it."""

    def __init__(self, pieces: Iterable[Rows]) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the finalizer
        self._finalizer = weakref.finalize(self, self._file.close)
        self._lock = Lock()
        self._count = 0
        for rows in pieces:
            if len(rows):
                self._file.write(np.ascontiguousarray(rows).view(np.uint8).data)
                self._count += len(rows)
        self._file.flush()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, places: slice) -> Rows:
        first, end, _ = places.indices(self._count)
        with self._lock:
            self._file.seek(first * ROW.itemsize)
            data = self._file.read(max(0, end - first) * ROW.itemsize)
        return np.frombuffer(data, ROW)
