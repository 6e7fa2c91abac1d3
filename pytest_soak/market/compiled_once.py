"""What numba does many times over while it compiles the kernel, done once.

Both patches rest on how numba works inside. Without them compiling takes half as long again, and
what comes of it is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@contextmanager
def records_described_once() -> Iterator[None]:
    """Spare numba to write down a record type, with all its fields, in each pass over a function.

    It does so for listeners that nobody has registered.
    """
    from numba import types

    record: Any = types.Record
    describe = record.__repr__
    record.__repr__ = cache(describe)
    try:
        yield
    finally:
        record.__repr__ = describe


@contextmanager
def machine_code_of(module: str) -> Iterator[None]:
    """Let numba make machine code of the functions of `module` alone, and of all that they call.

    By itself it makes some for each function, with all that this one calls, which is then thrown
    away: who calls it links its LLVM code, optimises that and makes machine code again. A function
    that was left out is as if loaded from the cache: it has no environment, which code that raises
    no objects of Python does without, and is made whole when somebody else links it.
    """
    from numba.core import codegen, compiler_lock

    library: Any = codegen.CPUCodeLibrary
    engine: Any = codegen.JITCPUCodegen
    lock: Any = compiler_lock.global_compiler_lock
    make, set_environment = library.finalize, engine.set_env
    prefix = f"_ZN{len(module)}{module}"
    left_out: set[Any] = set()
    without_place: set[str] = set()

    def make_or_leave(made: Any) -> None:
        if not any(function.name.startswith(prefix) for function in made._final_module.functions):
            made._finalized = True
            left_out.add(made)
            without_place.update(one.name for one in made._final_module.global_variables)
            return
        made._linking_libraries = _callers_first(made, left_out)
        make(made)

    def set_where_placed(codegen: Any, name: str, environment: object) -> None:
        if name not in without_place:
            set_environment(codegen, name, environment)

    with lock:
        library.finalize, engine.set_env = make_or_leave, set_where_placed
        try:
            yield
        finally:
            library.finalize, engine.set_env = make, set_environment
            for made in left_out:
                made._finalized, made._shared_module = False, None


def _callers_first(made: Any, left_out: set[Any]) -> list[Any]:
    """All that `made` calls, at any depth: the linker drops what nobody before it calls."""
    found: dict[Any, None] = {}
    seen: set[Any] = set()

    def visit(library: Any) -> None:
        seen.add(library)
        for called in library._linking_libraries:
            if called not in seen and (called in left_out or not called._finalized):
                visit(called)
            found.setdefault(called)

    visit(made)
    return list(reversed(found))
