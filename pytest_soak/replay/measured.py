"""Measured latencies of requests, as hftbacktest has them: `.npz` with `data`, in nanoseconds."""

from __future__ import annotations

import zipfile
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.errors import SoakUsageError

FIELDS = ("req_ts", "exch_ts", "resp_ts")


def measured_rows(file: str) -> NDArray[Any]:
    """Rows of FIELDS in order of `req_ts`; `exch_ts` is 0 of a request that was lost.

    Raises SoakUsageError for a file that has no such rows, or whose times go back.
    """
    try:
        with np.load(file, allow_pickle=False) as arrays:
            rows = arrays["data"]
    except OSError as error:
        raise SoakUsageError(file, f"cannot be read: {error.strerror or error}") from None
    except (KeyError, ValueError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise SoakUsageError(file, f"expected an .npz with `data`: {error}") from None
    if rows.ndim != 1 or not len(rows) or not {*FIELDS} <= {*(rows.dtype.names or ())}:
        raise SoakUsageError(file, f"expected rows of {', '.join(FIELDS)}, got {rows.dtype}")
    lost = rows["exch_ts"] <= 0
    backward = np.flatnonzero(np.diff(rows["req_ts"]) < 0) + 1
    exchange = np.where(lost, rows["req_ts"], rows["exch_ts"])
    wrong = (exchange < rows["req_ts"]) | (rows["resp_ts"] < exchange)
    for places, problem in (
        (backward, "req_ts is before that of the row before it"),
        (np.flatnonzero(wrong), "expected req_ts <= exch_ts <= resp_ts"),
    ):
        if len(places):
            raise SoakUsageError(f"{file}, row {int(places[0]) + 1}", problem)
    return np.asarray(rows)
