"""The one way in which kernel functions are compiled."""

from __future__ import annotations

from typing import Any

from numba import njit

kernel_function: Any = njit(nogil=True, error_model="numpy")
"""Compile a function of the kernel: strict floating point, no lock on the interpreter.

Nothing is cached here: the entry point links all of them and is cached as one (see `compile`).
"""

Record = Any
"""A numpy record (or a nested part of one) that a kernel function reads and writes in place."""
