"""Imports point one way: from the entry down, room by room, and never in a circle."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest_soak

SOURCE = Path(pytest_soak.__file__).parent
FLOORS = (
    {"__init__", "__main__", "plugin", "cli", "api", "hookspecs", "testing"},
    {"commands", "session"},
    {"live"},
    {"calibration", "release", "report"},
    {"run"},
    {"cluster"},
    {"baseline"},
    {"comparing", "merging"},
    {"artifacts"},
    {"ab", "metrics"},
    {"engine"},
    {"tuning", "gates", "targets", "dataset"},
    {"exchange", "facts", "kpi", "process", "stats"},
    {"replay"},
    {"observation", "market", "config"},
    {"storage"},
    {"canonical", "clock", "errors", "number", "options", "system", "text", "version"},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def imported(path: Path) -> set[str]:
    """The rooms of this package that a file imports from, also for its types alone."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "pytest_soak":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pytest_soak."):
            found.add((node.module or "").split(".")[1])
    return found


def arrows() -> dict[str, set[str]]:
    """Which room imports from which others."""
    found: dict[str, set[str]] = {}
    for path in SOURCE.rglob("*.py"):
        if "__pycache__" in path.parts:  # what is generated to be compiled
            continue
        room = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        found.setdefault(room, set()).update(imported(path) - {room})
    return found


def test_every_room_has_its_floor() -> None:
    assert set(arrows()) == set(FLOOR)


def test_no_arrow_points_up() -> None:
    up = [(room, to) for room, tos in arrows().items() for to in tos if FLOOR[to] < FLOOR[room]]
    assert up == []


def test_there_is_no_circle() -> None:
    assert list(TopologicalSorter(arrows()).static_order())


def test_what_every_soak_imports_is_there_on_every_system() -> None:
    """The program that is a bot's parent needs POSIX; who names a target does not."""
    code = "import sys, pytest_soak.targets.resolve; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    posix = {"supervisor", "tree", "output", "ready", "log"}
    assert not {f"pytest_soak.process.{name}" for name in posix} & set(done.stdout.split())
