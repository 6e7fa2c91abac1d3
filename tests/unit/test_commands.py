"""The commands of `pytest-soak`: each has a file, which is imported when it is typed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from pytest_soak import commands as room
from pytest_soak.cli import NAMES, commands

FILES = Path(room.__file__).parent


def test_every_file_of_a_command_is_one() -> None:
    assert sorted(NAMES) == sorted(
        path.stem.removesuffix("_cli") for path in FILES.glob("*_cli.py")
    )
    assert list(NAMES) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_command_is_called_as_its_file(name: str) -> None:
    found = commands.get_command(click.Context(commands), name)
    assert found is not None
    assert found.name == name


def test_all_are_known_where_what_was_typed_is_none() -> None:
    group = type(commands)("pytest-soak")
    context = click.Context(group)
    assert group.get_command(context, "merge") is not None
    assert set(group.commands) == {"merge"}
    assert group.get_command(context, "../merge") is None
    assert set(group.commands) == set(NAMES)


def test_no_other_command_and_no_work_is_imported() -> None:
    code = (
        "import sys; from pytest_soak.cli import commands\n"
        "commands.main(['verdict', '--help'], standalone_mode=False)\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    modules = set(done.stdout.splitlines()[-1].split())
    found = {name for name in modules if name.startswith("pytest_soak.commands.")}
    assert found == {"pytest_soak.commands.verdict_cli", "pytest_soak.commands.options"}
    assert not modules & {"numpy", "pydantic", "jinja2", "numba"}
