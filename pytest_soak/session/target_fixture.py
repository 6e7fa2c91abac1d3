"""Who defines the fixture `soak_target`: pytest's own fixture manager is asked, as it decides."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_soak.session.context import SoakContext

FIXTURE = "soak_target"
OWN = "pytest_soak.session.own_target"

Definition = pytest.FixtureDef[Any]


def effective_definition(node: pytest.Item | pytest.Session) -> Definition | None:
    """The definition of `soak_target` that pytest gives `node`; None without one."""
    return _last(_manager(node.config).getfixturedefs(FIXTURE, node))


def is_ours(definition: Definition) -> bool:
    """Whether it is the package's own definition, which asks `--soak-target`."""
    return bool(definition.func.__module__ == OWN)


def users_place(config: pytest.Config) -> str | None:
    """The file of a plugin or root conftest.py that says what the built-in soak soaks, if any."""
    definition = effective_definition(_manager(config).session)
    return None if definition is None or is_ours(definition) else _place(config, definition)


def check_fixture(
    config: pytest.Config, soak: Sequence[pytest.Item], context: SoakContext
) -> Definition | None:
    """The definition that the `soak` items use, None without items.

    Raises pytest.UsageError where it is not certain which bot is meant, or where the definition
    cannot serve a lane.
    """
    effective = effective_definition(soak[0]) if soak else None
    given = context.settings.target_source
    for definition in _all_definitions(config):
        where = _place(config, definition)
        if given != "default":
            raise pytest.UsageError(
                f"{given}: a soak_target fixture ({where}) also says what is soaked; keep one"
            )
        if definition is not effective and not _overridden_beside(config, definition, effective):
            raise pytest.UsageError(
                f"fixture soak_target in {where} is used by no soak test; move it to the root "
                "conftest.py, or ask for soak_iteration in a test beside it"
            )
    if effective is not None and not is_ours(effective):
        _check_usable(effective, _place(config, effective))
    if soak and FIXTURE in getattr(getattr(soak[0], "callspec", None), "params", {}):
        raise pytest.UsageError(
            f"{soak[0].nodeid.split('[')[0]}: soak_target is parametrized, but a session soaks one "
            "bot; take the parameters off, and name the bot by --soak-target"
        )
    return effective


def _overridden_beside(
    config: pytest.Config, definition: Definition, effective: Definition | None
) -> bool:
    """Whether both serve the whole session, where the later one counts: a plugin's default."""
    whole = _manager(config).getfixturedefs(FIXTURE, _manager(config).session) or ()
    return definition in whole and effective in whole


def _check_usable(definition: Definition, where: str) -> None:
    if definition.params is not None:
        raise pytest.UsageError(
            f"fixture soak_target in {where} is parametrized, but a session soaks one bot; take "
            "the parameters off, and name the bot by --soak-target"
        )
    function = inspect.unwrap(definition.func)
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise pytest.UsageError(
            f"fixture soak_target in {where} is async, but only makes the bot; write `def`"
        )
    yields = inspect.isgeneratorfunction(function)
    if definition.scope != "session" and (definition.scope != "function" or yields):
        raise pytest.UsageError(
            f"fixture soak_target in {where}: a lane outlives one test; give it scope='session'"
        )


def _all_definitions(config: pytest.Config) -> list[Definition]:
    """Every definition outside this package, also those that no collected test can see."""
    manager = _manager(config)
    by_name = getattr(manager, "_arg2fixturedefs", None)  # pytest before 9.1
    every = manager._get_all_fixture_defs() if by_name is None else by_name.get(FIXTURE, ())
    return [found for found in every if found.argname == FIXTURE and not is_ours(found)]


def _place(config: pytest.Config, definition: Definition) -> str:
    """The file of a definition, and its class if it has one."""
    function = inspect.unwrap(definition.func)
    try:
        path = Path(inspect.getfile(function))
    except TypeError:
        return str(function.__module__)
    shown = path.relative_to(config.rootpath) if path.is_relative_to(config.rootpath) else path
    owner = function.__qualname__.rpartition(".")[0] if inspect.ismethod(function) else ""
    return f"{shown}::{owner}" if owner else str(shown)


def _last(definitions: Sequence[Definition] | None) -> Definition | None:
    return definitions[-1] if definitions else None


def _manager(config: pytest.Config) -> Any:
    return config.pluginmanager.get_plugin("funcmanage")
