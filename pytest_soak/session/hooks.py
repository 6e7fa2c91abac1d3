"""Calling the hooks of users: what they raise is told, and ends nothing but what it must.

Hooks that give something fail what needs it. Of those that are told of a soak, one that raises
costs a note, unless its plugin or conftest file has `soak_hooks_required = True`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import pytest

from pytest_soak.engine.events import Event, IterationFinished, LaneFinished, StopFired
from pytest_soak.errors import SoakUsageError, one_line, told
from pytest_soak.run.handlers import Handler, checked_handlers

REQUIRED = "soak_hooks_required"


class HookError(Exception):
    """A hook of a user's raised; says which and what, and whether that fails the session."""

    def __init__(self, name: str, problem: str, *, required: bool = True) -> None:
        self.hook = f"hook {name}"
        self.required = required
        super().__init__(one_line(f"{self.hook} {problem}"))


def call_hook(config: pytest.Config, name: str, /, **facts: object) -> Any:
    """What the hook `name` gives; HookError for whatever it raises, `SystemExit` among it.

    Ctrl-C and `pytest.exit` alone pass.
    """
    return _call(getattr(config.hook, name), name, config=config, **facts)


def _call(hook: Callable[..., Any], name: str, /, **facts: object) -> Any:
    try:
        return hook(**facts)
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
    for plugin, hook in _by_plugin(config, name):
        try:
            with _uncaptured(config):
                _call(hook, name, config=config, **deepcopy(facts))
        except HookError as error:
            error.required = getattr(plugin, REQUIRED, False) is True
            yield error


def _by_plugin(config: pytest.Config, name: str) -> Iterator[tuple[object, Callable[..., Any]]]:
    """The hook of each plugin that has it: what one raises keeps it from no other."""
    plugins = [impl.plugin for impl in reversed(getattr(config.hook, name).get_hookimpls())]
    for plugin in plugins:
        others = [other for other in plugins if other is not plugin]
        yield plugin, config.pluginmanager.subset_hook_caller(name, others)


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
