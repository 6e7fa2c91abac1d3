"""The files and commands of the documents, written and run as a reader would."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import pytest
from harness import Workbench

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "OPERATIONS.md").read_text(encoding="utf-8")
PROCESS = (ROOT / "docs" / "PROCESS.md").read_text(encoding="utf-8")
FEEDS = (ROOT / "docs" / "FEEDS.md").read_text(encoding="utf-8")
OBSERVATION = (ROOT / "docs" / "OBSERVATION.md").read_text(encoding="utf-8")
BASELINE = (ROOT / "docs" / "BASELINE.md").read_text(encoding="utf-8")
AB = (ROOT / "docs" / "AB.md").read_text(encoding="utf-8")
STOP = (ROOT / "docs" / "STOP.md").read_text(encoding="utf-8")
TRUST = (ROOT / "docs" / "TRUST.md").read_text(encoding="utf-8")
CLUSTER = (ROOT / "docs" / "CLUSTER.md").read_text(encoding="utf-8")
COMPARE = (ROOT / "docs" / "COMPARE.md").read_text(encoding="utf-8")
REPLAY = (ROOT / "docs" / "REPLAY.md").read_text(encoding="utf-8")
RELEASE = (ROOT / "docs" / "RELEASE.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)

SECTIONS = [
    text
    for document in (
        README,
        OPERATIONS,
        OBSERVATION,
        FEEDS,
        PROCESS,
        STOP,
        TRUST,
        COMPARE,
        AB,
        CLUSTER,
        BASELINE,
        RELEASE,
        REPLAY,
    )
    for text in re.split(r"^## ", document, flags=re.MULTILINE)
    if "```console" in text and (sys.platform != "win32" or "=process:" not in text)
]


class Command(NamedTuple):
    """A command of a console block and the lines it should print, `*` standing for anything."""

    arguments: list[str]
    expected: list[str]


def commands(block: str) -> list[Command]:
    found: list[Command] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append(Command(shlex.split(line[2:]), []))
        else:
            found[-1].expected.append(line)
    return found


@pytest.mark.parametrize("section", SECTIONS, ids=lambda text: text.splitlines()[0])
def test_the_console_blocks_print_what_they_show(bench: Workbench, section: str) -> None:
    for language, title, text in _BLOCK.findall(section):
        if title:
            bench.write(title, text)
        elif language == "console":
            for command in commands(text):
                _check(bench, command)


def _check(bench: Workbench, command: Command) -> None:
    program, *arguments = command.arguments
    given = [*_expanded(bench, arguments)]
    if program == "python":
        done = bench.run(sys.executable, *given)
    else:
        done = bench.module({"pytest": "pytest", "pytest-soak": "pytest_soak.cli"}[program], *given)
    assert command.expected or done.returncode == 0, done.everything
    for expected in command.expected:
        pattern = expected.replace("[", "[[]")
        lines = done.everything.splitlines()
        assert any(fnmatchcase(line, pattern) for line in lines), (expected, done.everything)


def _expanded(bench: Workbench, arguments: list[str]) -> Iterator[str]:
    """The arguments as a shell would give them."""
    for argument in arguments:
        found = sorted(bench.directory.glob(argument)) if "*" in argument else []
        yield from (str(path.relative_to(bench.directory)) for path in found)
        if not found:
            yield argument


def test_every_command_of_the_operations_is_in_a_block_that_runs() -> None:
    assert {lang for lang, _, _ in _BLOCK.findall(OPERATIONS)} <= {
        "console",
        "python",
        "yaml",
        "ini",
    }
    assert len(re.findall(r"^\$ ", OPERATIONS, re.MULTILINE)) > 15


def test_the_two_commands_do_all_set_up() -> None:
    soak, test = (text.strip() for lang, _, text in _BLOCK.findall(README) if lang == "sh")
    for command in (soak, test):
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install --quiet ")
    assert soak.endswith("pytest --soak-iterations=24 --soak-profile=steady_safe")
    assert test.endswith("'.[test]' && .venv/bin/pytest -n 3 --dist worksteal")


def test_the_main_command_works_in_a_checkout_with_tests(bench: Workbench) -> None:
    root = Path(__file__).parents[2]
    names = (
        "conftest.py",
        "pyproject.toml",
        "tests/harness.py",
        "tests/warm.py",
        "tests/test_a.py",
    )
    for name in names:
        source = root / name
        bench.write(name, source.read_text(encoding="utf-8") if source.exists() else "")
    done = bench.soak(1, "--soak-target=mock", "--soak-gate=smoke")
    assert "collected 1 item" in done.stdout
    assert len(done.summaries()) == 1


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        (folder, name)
        for folder, text in (
            ("", README),
            ("docs", OPERATIONS),
            ("docs", PROCESS),
            ("docs", STOP),
            ("docs", TRUST),
            ("docs", BASELINE),
            ("docs", AB),
            ("docs", CLUSTER),
            ("docs", RELEASE),
        )
        for name in re.findall(r"\]\(([^)#:]+)\)", text)
    ],
)
def test_links_lead_somewhere(folder: str, name: str) -> None:
    assert (ROOT / folder / name).exists()
