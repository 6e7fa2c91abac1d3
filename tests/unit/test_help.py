"""help() of every public name tells what it is, and of every field what it holds."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import pytest_soak
from benchmarks.described import attributes_of, fields_of
from pytest_soak import Observation, hookspecs, plugin, testing
from pytest_soak.market import exchange, feeds, recording
from pytest_soak.observation import tables
from pytest_soak.options import OPTIONS
from pytest_soak.session import fixtures
from pytest_soak.session.own_target import own_target

MODULES = (pytest_soak, testing, exchange, recording, hookspecs, fixtures)


def own_names(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """The public names of a module that it defines, or that it says are its own."""
    for name in getattr(module, "__all__", vars(module)):
        found = getattr(module, name)
        ours = module is pytest_soak or getattr(found, "__module__", None) == module.__name__
        if ours and not name.startswith("_") and callable(found):
            yield f"{module.__name__}.{name}", found


PUBLIC = dict(item for module in MODULES for item in own_names(module))
CLASSES = {name: found for name, found in PUBLIC.items() if inspect.isclass(found)}
DTYPES = {table.name: table for table in (*tables.EVERY, *feeds.EVERY)}


def test_what_is_public_is_walked() -> None:
    for name in ("soak", "Observation", "IterationRecord", "Target"):
        assert f"pytest_soak.{name}" in PUBLIC
    assert "pytest_soak.market.exchange.Exchange" in CLASSES
    assert "pytest_soak.testing.check_idempotent" in PUBLIC
    assert "pytest_soak.hookspecs.pytest_soak_stop_fired" in PUBLIC
    assert len(PUBLIC) > 50


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_and_method_has_a_docstring(name: str) -> None:
    found = PUBLIC[name]
    if found is not pytest_soak.TargetFactory:  # an alias, whose text stands beside it
        assert inspect.getdoc(found)
    if inspect.isclass(found):
        for attribute, value in vars(found).items():
            is_ours = callable(value) or isinstance(value, property | classmethod | staticmethod)
            if is_ours and not attribute.startswith("_") and not inspect.isclass(value):
                assert inspect.getdoc(getattr(found, attribute)), attribute


@pytest.mark.parametrize("name", CLASSES)
def test_every_field_says_what_it_holds(name: str) -> None:
    found = CLASSES[name]
    told = {part.name: part.meaning for part in tables.PARTS}
    if found is pytest_soak.Settings:
        told = {option.keyword: option.help for option in OPTIONS} | attributes_of(found)
    elif found is not Observation:
        told = attributes_of(found)
    lacking = [field for field in fields_of(found) if len(told.get(field, "")) < 4]
    assert lacking == []
    assert found is pytest_soak.Settings or set(told) <= set(fields_of(found))


def test_help_of_an_observation_tells_its_fields_and_the_columns_of_its_arrays() -> None:
    text = inspect.getdoc(Observation) or ""
    assert [part.name for part in tables.PARTS] == [field.name for field in fields(Observation)]
    for part in tables.PARTS:
        assert f"    {part.name} ({part.holds}" in text
    for table in tables.EVERY:
        for column in table.columns:
            assert re.search(rf"    {column.name} \({tables.DTYPES[column.dtype]}\b", text)


@pytest.mark.parametrize("name", DTYPES)
def test_every_column_of_a_dtype_says_what_it_holds(name: str) -> None:
    table = DTYPES[name]
    dtype = getattr(pytest_soak if table in tables.EVERY else feeds, name)
    assert isinstance(dtype, np.dtype)
    assert dtype == table.dtype
    for column in table.columns:
        assert column.meaning
        has_unit = re.search(
            r"_(us|ms|quote|mb|pct|bps)$|price|quantity|mid|^bid|^ask", column.name
        )
        assert bool(column.unit) == bool(has_unit) or column.name == "inventory", column


def test_every_dtype_that_is_public_is_in_the_help_of_an_observation() -> None:
    found = {n for n in pytest_soak.__all__ if isinstance(getattr(pytest_soak, n), np.dtype)}
    assert found == {table.name for table in tables.EVERY}
    for name in found:
        assert name in (pytest_soak.__doc__ or "")


def test_every_fixture_has_a_docstring(pytestconfig: pytest.Config) -> None:
    modules: list[Any] = [plugin, fixtures, own_target(pytestconfig)]
    found = {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if type(value).__name__ == "FixtureFunctionDefinition"
    }
    assert {"soak_market", "soak_target", "soak_iteration", "soak_lane"} <= set(found)
    for name, value in found.items():
        assert inspect.getdoc(value._get_wrapped_function()), name


def test_without_docstrings_it_can_be_imported() -> None:
    code = "from pytest_soak import Observation; from pytest_soak.market.exchange import Events"
    subprocess.run([sys.executable, "-OO", "-c", code], check=True)
