"""Compiling the kernel where people wait for it: they are told."""

from __future__ import annotations

from collections.abc import Callable

from pytest_soak.market import compile as kernel


def compile_announced(say: Callable[[str], None]) -> None:
    """Compile the kernel unless it is; SoakUsageError where that is not possible."""
    if kernel.kernel_is_compiled():
        return
    why = kernel.why_not_kept()
    often = "once per machine" if why is None else "in each session"
    say(f"compiling the market kernel, {often} ...")
    if why is not None:
        say(
            f"the kernel cannot be kept: {why}; make a folder named here writable, or set "
            "NUMBA_CACHE_DIR to one that is"
        )
    kernel.compile_kernel()
