"""Compile the kernel once a machine, and load it from disk afterwards.

numba watches only the file of the function that it caches, and the kernel is many files. So the
cached functions are generated ones, in a folder whose name is the digest of every file of
`market.kernel` and of the versions that compile it: a changed kernel has another folder.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from pytest_soak.errors import SoakUsageError
from pytest_soak.market.compiled_once import machine_code_of, records_described_once
from pytest_soak.market.kernel_cache import Cache, share_temporary

_NO_JIT = "NUMBA_DISABLE_JIT"
_ENTRY = '''"""The compiled entry points of pytest-soak's market kernel; generated."""

from numba import njit

from pytest_soak.market.kernel import loop, venue


@njit(nogil=True, error_model="numpy", cache=True)
def advance(worlds, tapes, until):
    return loop.advance(worlds[0], tapes[0], until)


@njit(nogil=True, error_model="numpy", cache=True)
def send(worlds, time, kind, side, price, quantity, target):
    world = worlds[0]
    return venue.send(world, time, kind, side, price, quantity, target, world.mid)
'''


def kernel_is_compiled() -> bool:
    """Whether `compile_kernel` would find its work done; does not import numba.

    Raises SoakUsageError where numba is told not to compile.
    """
    check_jit()
    return _cache().is_filled()


@cache
def why_not_kept() -> str | None:
    """Why the kernel has to be compiled anew in each session; None where it can be kept."""
    return _cache().why_not_kept()


def share_kernel() -> None:
    """Let the processes that this one starts load what it compiles, where nothing can be kept."""
    if why_not_kept() is not None:
        share_temporary()


def compile_kernel() -> None:
    """Compile the kernel unless the disk already holds it; takes some 11 s of CPU time."""
    load_kernel()


def load_kernel() -> ModuleType:
    """Return the module of the entry points `advance` and `send`, compiled or loaded from disk.

    They take records as the arrays of one element that those are in (`record.base`): numba asks a
    bare record for a description of all its fields at each call, which takes 30 µs.
    Raises SoakUsageError where numba is told not to compile.
    """
    check_jit()
    cached = _cache()
    name = f"pytest_soak_{cached.name.replace('-', '_').replace('.', '_')}"
    if name not in sys.modules:
        folder = cached.take_folder()
        sys.modules[name] = import_entry(name, folder)
        _compile(sys.modules[name], "advance")
        if not cached.is_filled():
            _compile(sys.modules[name], "send")
            cached.mark_filled(folder)
            _drop_older(folder)
    return sys.modules[name]


def load_sender() -> Any:
    """Return the compiled `send`, with which an agent outside the kernel sends its requests."""
    return _compile(load_kernel(), "send")


def _compile(entry: ModuleType, name: str) -> Any:
    import numba
    from numpy import zeros

    from pytest_soak.market.kernel.state import WORLD
    from pytest_soak.market.kernel.tape import TAPE

    typeof: Any = numba.typeof
    world, tape = typeof(zeros(1, WORLD)), typeof(zeros(1, TAPE))
    takes = {"advance": (world, tape, numba.int64), "send": (world, *(numba.int64,) * 6)}
    function = getattr(entry, name)
    with records_described_once(), machine_code_of(entry.__name__):
        function.compile(takes[name])
    return function


def check_jit() -> None:
    """Raise SoakUsageError where numba is told not to compile."""
    if os.environ.get(_NO_JIT, "0") not in ("", "0"):
        raise SoakUsageError(_NO_JIT, "the market runs compiled only; unset the variable")


def import_entry(name: str, folder: Path) -> ModuleType:
    """Import the generated file, of which numba caches in its own folder and nowhere else."""
    import numba

    config: Any = numba.config
    spec = importlib.util.spec_from_file_location(name, folder / "entry.py")
    if spec is None or spec.loader is None:
        raise ImportError("the kernel's entry point cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    wanted, config.CACHE_DIR = config.CACHE_DIR, ""
    try:
        spec.loader.exec_module(module)
    finally:
        config.CACHE_DIR = wanted
    return module


def _cache() -> Cache:
    """The place of the kernel's sources under this interpreter and these libraries."""
    return Cache(f"{toolchain()}-{source_digest()[:16]}", _ENTRY)


def toolchain() -> str:
    """What compiles, with its versions, as part of a folder's name."""
    return "-".join(
        (
            "kernel",
            sys.implementation.cache_tag,
            platform.machine().lower(),
            f"numba{importlib.metadata.version('numba')}",
            f"numpy{importlib.metadata.version('numpy')}",
        )
    )


def source_digest() -> str:
    """Return the SHA-256 of the kernel's source files and its sizes, as hexadecimal digits."""
    digest = hashlib.sha256(_ENTRY.encode())
    market = Path(__file__).parent
    sizes = market.parent / "config" / "sizes.py"
    for path in (*sorted((market / "kernel").glob("*.py")), sizes):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _drop_older(folder: Path) -> None:
    """Remove what other versions of the sources left beside `folder`."""
    for other in folder.parent.glob(f"{toolchain()}-*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
