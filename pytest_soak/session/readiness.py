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


def compile_market(terminal: Terminal, settings: Settings) -> None:
    """Compile what the lanes run on unless it is; SoakUsageError where that is not possible."""
    from pytest_soak.market.announced import compile_announced

    on_feeds = any(scenario.feed is not None for scenario in settings.scenarios)
    if on_feeds:
        from pytest_soak.replay.announced import compile_loop_announced

        compile_loop_announced(terminal.say)
    if not on_feeds or settings.target != "sim":
        compile_announced(terminal.say)
