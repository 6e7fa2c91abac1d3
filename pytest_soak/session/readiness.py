"""What must not be done within a test: compiling the market, once, before the first iteration."""

from __future__ import annotations

import sys

import pytest

from pytest_soak.run.settings import Settings
from pytest_soak.session.target_fixture import users_place
from pytest_soak.session.terminal import Terminal

SIMULATING = {"pytest_soak.targets.simulated", "pytest_soak.market.exchange"}


def simulates(config: pytest.Config, settings: Settings) -> bool:
    """Whether the market will run: it is the target, or what the user wrote imported it."""
    built_in = settings.target == "sim" and users_place(config) is None
    return built_in or not SIMULATING.isdisjoint(sys.modules)


def compile_market(terminal: Terminal) -> None:
    """Compile the kernel unless it is; SoakUsageError where that is not possible."""
    from pytest_soak.market.compile import compile_kernel, kernel_is_compiled, why_not_kept

    if kernel_is_compiled():
        return
    why = why_not_kept()
    often = "once per machine" if why is None else "in each session"
    terminal.say(f"compiling the market kernel, {often} ...")
    if why is not None:
        terminal.say(
            f"the kernel cannot be kept: {why}; make a folder named here writable, or set "
            "NUMBA_CACHE_DIR to one that is"
        )
    compile_kernel()
