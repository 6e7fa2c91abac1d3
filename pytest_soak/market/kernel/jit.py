"""The one way in which kernel functions are compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_njit: Any = njit  # numba's annotations lack some of its options
kernel_function: Any = _njit(
    nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
)
"""Compile a function of the kernel: strict floating point, no lock on the interpreter.

Only compiled code can call it, which spares a quarter of the time to compile. Nothing is cached
here: the entry point links all of them and is cached as one (see `compile`).
"""

Record = Any
"""A numpy record (or a nested part of one) that a kernel function reads and writes in place."""


def numbers(count: int) -> Any:
    """Return the constants 0, 1, … for kernel functions to pass to one another.

    They are numpy's integers: numba compiles a function once for these, but once for each value
    of a Python integer that it finds in a call.
    """
    return np.arange(count)


def number(value: int) -> Any:
    """Return one constant of the kind that `numbers` gives."""
    return np.int64(value)
