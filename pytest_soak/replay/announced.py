"""Compiling the loop on a recorded feed where people wait for it: they are told."""

from __future__ import annotations

from collections.abc import Callable

from pytest_soak.replay.compile import load_loop, loop_is_compiled


def compile_loop_announced(say: Callable[[str], None]) -> None:
    """Compile the loop unless it is; SoakUsageError where that is not possible."""
    if not loop_is_compiled():
        say("compiling the replay of recorded feeds, once per machine ...")
        load_loop()
