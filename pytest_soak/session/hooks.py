"""Calling the hooks of users: what they raise is told, and ends nothing but what it must."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import pytest

from pytest_soak.engine.events import Event, IterationFinished, LaneFinished, StopFired
from pytest_soak.errors import SoakUsageError, one_line, told
from pytest_soak.run.handlers import Handler, checked_handlers


class HookError(Exception):
    """A hook of a user's raised; says which and what."""

    def __init__(self, name: str, problem: str) -> None:
        self.hook = f"hook {name}"
        super().__init__(one_line(f"{self.hook} {problem}"))


def call_hook(config: pytest.Config, name: str, /, **facts: object) -> Any:
    """What the hook `name` gives; HookError for whatever it raises, `SystemExit` among it.

    Ctrl-C and `pytest.exit` alone pass.
    """
    try:
        return getattr(config.hook, name)(config=config, **facts)
    except (KeyboardInterrupt, pytest.exit.Exception):
        raise
    except BaseException as error:
        raise HookError(name, f"raised {told(error)}") from error


def tell_hooks(config: pytest.Config, event: Event) -> Iterator[HookError]:
    """Tell the hooks that want it of an event, by a copy; gives what they raised."""
    if isinstance(event, IterationFinished):
        yield from _tell(config, "pytest_soak_iteration_finished", record=event.record)
        judged = {"lane": event.lane, "judgement": event.record.judgement, "final": False}
        yield from _tell(config, "pytest_soak_gate_verdict", **judged)
    elif isinstance(event, StopFired):
        yield from _tell(config, "pytest_soak_stop_fired", lane=event.lane, fired=event.fired)
    elif isinstance(event, LaneFinished):
        judged = {"lane": event.lane, "judgement": event.result.judgement, "final": True}
        yield from _tell(config, "pytest_soak_gate_verdict", **judged)
        yield from _tell(config, "pytest_soak_lane_finished", result=event.result)


def _tell(config: pytest.Config, name: str, **facts: object) -> Iterator[HookError]:
    if not getattr(config.hook, name).get_hookimpls():
        return
    try:
        with _uncaptured(config):
            call_hook(config, name, **deepcopy(facts))
    except HookError as error:
        yield error


@contextmanager
def _uncaptured(config: pytest.Config) -> Iterator[None]:
    """Let what is printed be no output of the test that runs, and stand where it was printed."""
    capture = config.pluginmanager.get_plugin("capturemanager")
    if capture is None:
        yield
        return
    with capture.global_and_fixture_disabled():
        try:
            yield
        finally:
            sys.stdout.flush()


def users_handlers(config: pytest.Config) -> list[Handler]:
    """The handlers of all plugins and conftest files; pytest.UsageError for what is none."""
    try:
        given = call_hook(config, "pytest_soak_handlers")
    except HookError as error:
        raise pytest.UsageError(str(error)) from error
    try:
        return [handler for found in given for handler in checked_handlers(found)]
    except SoakUsageError as error:
        raise pytest.UsageError(f"hook pytest_soak_handlers: {error.problem}") from None
