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
DOCUMENTS = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
OPERATIONS = DOCUMENTS["OPERATIONS.md"]
_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)

AS_A_WHOLE = ("TUTORIAL.md",)
"""Documents that are one story: of all others each section begins in an empty folder."""


def sections(name: str, text: str) -> list[str]:
    """The parts of a document that are run, each in a folder of its own."""
    parts = [text] if name in AS_A_WHOLE else re.split(r"^## ", text, flags=re.MULTILINE)
    usable = [part for part in parts if sys.platform != "win32" or "=process:" not in part]
    return [f"{name}: {part}" for part in usable if "```console" in part]


SECTIONS = [
    section
    for name, text in sorted({"README.md": README, **DOCUMENTS}.items())
    for section in sections(name, text)
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


LINKS = [
    (folder, name)
    for folder, texts in (("", [README]), ("docs", DOCUMENTS.values()))
    for text in texts
    for name in re.findall(r"\]\(([^):]+)\)", text)
]


@pytest.mark.parametrize(("folder", "name"), sorted(set(LINKS)))
def test_links_lead_somewhere(folder: str, name: str) -> None:
    path, _, anchor = name.partition("#")
    if path:
        assert (ROOT / folder / path).exists()
    if anchor and path:
        assert anchor in anchors((ROOT / folder / path).read_text(encoding="utf-8"))


def anchors(text: str) -> set[str]:
    """What can be linked to in a document: its headings, as web pages call them."""
    heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in heads}
