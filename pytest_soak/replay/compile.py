"""Compile the replay's kernel once a machine, and load it from disk afterwards.

As `market.compile` does with the market's; the sources of both are in its digest. The loop, which
has the maker in it, takes some 10 s of CPU time, all else 3 s.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from pytest_soak.market.compile import check_jit, import_entry, source_digest, toolchain
from pytest_soak.market.compiled_once import machine_code_of, records_described_once
from pytest_soak.market.kernel_cache import Cache

_TOOLS = '''"""The compiled entry points of pytest-soak's replay; generated."""

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
_LOOP = '''"""The compiled loop of pytest-soak's replay; generated."""

from numba import njit

from pytest_soak.replay.kernel import loop


@njit(nogil=True, error_model="numpy", cache=True)
def advance(worlds, tapes, replays, rows, measured, until):
    return loop.advance(worlds[0], tapes[0], replays[0], rows, measured, until)
'''


def load_replay() -> ModuleType:
    """Return the module of `run_script`, `survey_rows` and `level_changes`.

    Raises SoakUsageError where numba is told not to compile.
    """
    return _loaded("tools", _TOOLS)


def load_loop() -> ModuleType:
    """Return the module of the loop's `advance`; raises as `load_replay` does."""
    return _loaded("loop", _LOOP)


def loop_is_compiled() -> bool:
    """Whether `load_loop` would find its work done."""
    check_jit()
    return _cache("loop", _LOOP).is_filled()


def _loaded(part: str, source: str) -> ModuleType:
    check_jit()
    cached = _cache(part, source)
    name = f"pytest_soak_{cached.name.replace('-', '_').replace('.', '_')}"
    if name not in sys.modules:
        folder = cached.take_folder()
        entry = sys.modules[name] = import_entry(name, folder)
        with records_described_once(), machine_code_of(name):
            for function, takes in _signatures(part).items():
                getattr(entry, function).compile(takes)
        if not cached.is_filled():
            cached.mark_filled(folder)
            _drop_older(part, folder)
    return sys.modules[name]


def _drop_older(part: str, folder: Path) -> None:
    """Remove what other versions of the sources left beside `folder`."""
    for other in folder.parent.glob(f"replay-{part}-{toolchain()}-*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)


@cache
def _cache(part: str, source: str) -> Cache:
    return Cache(f"replay-{part}-{toolchain()}-{replay_digest()[:16]}", source)


@cache
def replay_digest() -> str:
    """The SHA-256 of all sources that are compiled, as hexadecimal digits."""
    digest = hashlib.sha256((_TOOLS + _LOOP + source_digest()).encode())
    folder = Path(__file__).parent
    for path in (*sorted((folder / "kernel").glob("*.py")), folder / "rows.py"):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _signatures(part: str) -> dict[str, tuple[Any, ...]]:
    import numba
    import numpy as np

    from pytest_soak.market.kernel.state import WORLD
    from pytest_soak.market.kernel.tape import TAPE
    from pytest_soak.replay.kernel.levels import CHANGE, KNOWN
    from pytest_soak.replay.kernel.script import FILL, REQUEST
    from pytest_soak.replay.kernel.state import FEED, MEASURED, REPLAY
    from pytest_soak.replay.kernel.survey import SURVEY, TOP
    from pytest_soak.replay.rows import ROW

    typeof: Any = numba.typeof

    def of(*dtypes: Any) -> tuple[Any, ...]:
        return tuple(typeof(np.zeros(1, dtype)) for dtype in dtypes)

    if part == "loop":
        return {"advance": (*of(WORLD, TAPE, REPLAY, ROW, MEASURED), numba.int64)}
    return {
        "run_script": of(FEED, ROW, REQUEST, FILL),
        "survey_rows": of(FEED, SURVEY, ROW, TOP),
        "level_changes": of(WORLD, KNOWN, CHANGE),
    }
