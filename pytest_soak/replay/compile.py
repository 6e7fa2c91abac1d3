"""Compile the replay's kernel once a machine, and load it from disk afterwards.

As `market.compile` does with the market's; the sources of both are in its digest.
"""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from pytest_soak.market.compile import check_jit, import_entry, source_digest, toolchain
from pytest_soak.market.compiled_once import machine_code_of, records_described_once
from pytest_soak.market.kernel_cache import Cache

_ENTRY = '''"""The compiled entry points of pytest-soak's replay; generated."""

from numba import njit

from pytest_soak.replay.kernel import levels, script, survey


@njit(nogil=True, error_model="numpy", cache=True)
def run_script(feeds, rows, requests, fills):
    return script.run_script(feeds[0], rows, requests, fills)


@njit(nogil=True, error_model="numpy", cache=True)
def survey_rows(feeds, surveys, rows, tops):
    return survey.survey_rows(feeds[0], surveys[0], rows, tops)


@njit(nogil=True, error_model="numpy", cache=True)
def level_changes(worlds, knowns, changes):
    return levels.level_changes(worlds[0], knowns[0], changes)
'''


def load_replay() -> ModuleType:
    """Return the module of the entry points, compiled or loaded from disk.

    Raises SoakUsageError where numba is told not to compile.
    """
    check_jit()
    cached = _cache()
    name = f"pytest_soak_{cached.name.replace('-', '_').replace('.', '_')}"
    if name not in sys.modules:
        folder = cached.take_folder()
        sys.modules[name] = import_entry(name, folder)
        _compile(sys.modules[name])
        if not cached.is_filled():
            cached.mark_filled(folder)
    return sys.modules[name]


def is_compiled() -> bool:
    """Whether `load_replay` would find its work done."""
    check_jit()
    return _cache().is_filled()


@cache
def _cache() -> Cache:
    return Cache(f"replay-{toolchain()}-{replay_digest()[:16]}", _ENTRY)


def replay_digest() -> str:
    """The SHA-256 of all sources that are compiled, as hexadecimal digits."""
    digest = hashlib.sha256((_ENTRY + source_digest()).encode())
    folder = Path(__file__).parent
    for path in (*sorted((folder / "kernel").glob("*.py")), folder / "rows.py"):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _compile(entry: ModuleType) -> None:
    import numba
    import numpy as np

    from pytest_soak.market.kernel.state import WORLD
    from pytest_soak.replay.kernel.levels import CHANGE, KNOWN
    from pytest_soak.replay.kernel.script import FILL, REQUEST
    from pytest_soak.replay.kernel.state import FEED
    from pytest_soak.replay.kernel.survey import SURVEY, TOP
    from pytest_soak.replay.rows import ROW

    typeof: Any = numba.typeof
    feed, survey = typeof(np.zeros(1, FEED)), typeof(np.zeros(1, SURVEY))
    rows = typeof(np.zeros(1, ROW))
    world, known, change = (typeof(np.zeros(1, dtype)) for dtype in (WORLD, KNOWN, CHANGE))
    request, fill, top = (typeof(np.zeros(1, dtype)) for dtype in (REQUEST, FILL, TOP))
    with records_described_once(), machine_code_of(entry.__name__):
        entry.run_script.compile((feed, rows, request, fill))
        entry.survey_rows.compile((feed, survey, rows, top))
        entry.level_changes.compile((world, known, change))
