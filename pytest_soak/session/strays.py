"""What was most likely meant as the fixture `soak_target`, where the default is soaked instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

FIXTURE = "soak_target"
LIKE = 0.85
"""From which likeness a name is taken for a misspelt one; `soak_market` has 0.82."""
_DECORATED = "_pytestfixturefunction"


def check_strays(config: pytest.Config, items: Iterable[pytest.Item], instead: str) -> None:
    """Raise pytest.UsageError for a function in a conftest.py or among the tests that is no fixture
    but named as one, and for a fixture whose name is nearly that.

    `instead` is what would be soaked.
    """
    modules = dict.fromkeys((*_conftests(config), *map(_module, items)))
    for module in filter(None, modules):
        for name, problem in _strays(module):
            where = _shown(module, config.rootpath)
            raise pytest.UsageError(
                f"{where}: {problem}, so {instead} would be soaked; {_REMEDY[name == FIXTURE]}, "
                f"or say --soak-target={instead} where that is meant"
            )


_REMEDY = {
    True: "put @pytest.fixture(scope='session') above it",
    False: f"name it {FIXTURE}",
}


def _strays(module: ModuleType) -> Iterator[tuple[str, str]]:
    for name, value in vars(module).items():
        if not _is_like(name):
            continue
        plain = isinstance(value, FunctionType) and not hasattr(value, _DECORATED)
        if name == FIXTURE and plain:
            yield name, f"{name} is a plain function, which pytest takes for no fixture"
        elif name != FIXTURE and (plain or _is_fixture(value)):
            yield name, f"{name} is not {FIXTURE}, the fixture that is asked for"


def _is_like(name: str) -> bool:
    return SequenceMatcher(None, name, FIXTURE).ratio() >= LIKE


def _is_fixture(value: Any) -> bool:
    return hasattr(value, _DECORATED) or type(value).__name__ == "FixtureFunctionDefinition"


def _conftests(config: pytest.Config) -> Iterator[ModuleType]:
    for plugin in config.pluginmanager.get_plugins():
        file = getattr(plugin, "__file__", None)
        if isinstance(plugin, ModuleType) and file and Path(file).name == "conftest.py":
            yield plugin


def _module(item: pytest.Item) -> ModuleType | None:
    found = getattr(item, "module", None)
    return found if isinstance(found, ModuleType) else None


def _shown(module: ModuleType, root: Path) -> str:
    path = Path(str(module.__file__))
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
