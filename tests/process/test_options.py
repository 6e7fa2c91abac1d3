"""How a bot is to be run: what is refused, and in which words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import LANE, usage_error

from pytest_soak import ProcessTarget
from pytest_soak.config.parameters import reference_table
from pytest_soak.errors import SoakUsageError
from pytest_soak.process.environment import environment, nested
from pytest_soak.process.options import words
from pytest_soak.process.supervised import MARK
from pytest_soak.targets import process
from pytest_soak.targets.resolve import build, name_of, named_factory


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("command", "", "expected a command"),
        ("command", "bot 'x", "No closing quotation; quote as in a shell"),
        ("command", [], "command: expected a command as text, or a list of its words"),
        ("command", ["bot", 1], "command: expected a command as text"),
        ("command", 7, "command: expected a command as text"),
        ("reload", "usr1", "reload: expected poll or hup, got 'usr1'"),
        ("ready", "tcp:0", "ready: expected tcp: and a port from 1 to 65535"),
        ("ready", "tcp:http", "ready: expected tcp: and a port from 1 to 65535"),
        ("ready", "(", "ready: '(' is no regular expression"),
        ("ready", 80, "ready: expected a Path, tcp:PORT, or a regular expression"),
        ("error_pattern", "(", "error_pattern: '(' is no regular expression"),
        ("error_pattern", "", "error_pattern: expected a regular expression"),
        ("ready_seconds", 0, "ready_seconds: expected seconds above 0"),
        ("ready_seconds", True, "ready_seconds: expected seconds above 0"),
        ("stop_seconds", float("nan"), "stop_seconds: expected seconds above 0"),
        ("stop_seconds", 1e9, "stop_seconds: expected seconds above 0"),
        ("max_restarts", -1, "max_restarts: expected a whole number from 0"),
        ("max_feed_errors", 0.5, "max_feed_errors: expected a whole number from 0"),
        ("env", {"A": 1}, "env: expected texts by the name of a variable"),
        ("env", ["A=1"], "env: expected texts by the name of a variable"),
        ("cwd", "no-such-folder", "cwd: expected a folder that is there"),
        ("cwd", 1, "cwd: expected a folder"),
    ],
)
def test_what_cannot_be_is_refused_by_name(name: str, value: Any, told: str) -> None:
    given: dict[str, Any] = {"command": "bot", name: value}
    message = usage_error(lambda: ProcessTarget(**given))
    assert message.startswith("ProcessTarget: ")
    assert told in message


def test_a_command_is_split_as_a_shell_would_and_no_shell_is_asked() -> None:
    target = named_factory("process:bot --name 'a b' $HOME; rm *", "--soak-target", Path())
    assert name_of(target) == "process:bot --name a b $HOME; rm *"
    assert words("bot 'a b' $HOME;", "x") == ("bot", "a b", "$HOME;")
    assert usage_error(lambda: named_factory("process: ", "--soak-target", Path())).startswith(
        "--soak-target: expected a command"
    )


def test_the_option_has_the_reference_table_and_a_fixture_its_own() -> None:
    named = named_factory("process:bot", "--soak-target", Path())
    assert isinstance(named, ProcessTarget)
    assert named.parameters == reference_table()
    assert ProcessTarget("bot").parameters is None
    assert ProcessTarget("bot", parameters="p.yaml").parameters == Path.cwd() / "p.yaml"


def test_a_command_of_several_lines_is_named_on_one() -> None:
    assert ProcessTarget(["python3", "-c", "a = 1\nprint(a)"]).name == (
        "process:python3 -c a = 1 print(a)"
    )


def test_each_lane_has_a_target_of_its_own() -> None:
    factory = ProcessTarget("bot")
    assert build(factory, LANE) is not build(factory, LANE)


@pytest.mark.parametrize(
    ("ready", "awaited"),
    [
        (None, "the first line of a feed in feeds"),
        ("tcp:8080", "a listener on port 8080"),
        ("up$", "a line of output with 'up$'"),
        (Path("bot.pid"), f"the file {Path.cwd() / 'bot.pid'}"),
    ],
)
def test_what_is_waited_for_in_words(ready: Any, awaited: str) -> None:
    target = ProcessTarget("bot", ready=ready)
    assert str(target._options.awaited(Path("feeds"))) == awaited


def test_where_there_is_no_supervisor_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_soak.process.options.SUPERVISES", False)
    with pytest.raises(SoakUsageError, match="needs Linux or macOS"):
        process.ProcessTarget("bot")


def test_variables_of_the_soak_win_over_the_bots_and_those_over_the_sessions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MINE", "session")
    monkeypatch.setenv("SOAK_SEED", "session")
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "x")
    found = environment(
        {"MINE": "bot", "SOAK_LANE": "bot", "PYTHONUNBUFFERED": ""},
        overrides={"b": 1.5, "a": 2.0},
        runtime=tmp_path / "r.json",
        feeds=tmp_path / "feeds",
        config=tmp_path / "c.json",
        lane={"lane": "x-calm-1", "seed": 1},
    )
    assert found["MINE"] == "bot"
    assert (found["SOAK_SEED"], found["SOAK_LANE"]) == ("1", "x-calm-1")
    assert found["MM_RUNTIME_OVERRIDES_JSON"] == '{"a": 2.0, "b": 1.5}'
    assert found["PYTHONUNBUFFERED"] == ""
    assert "PYTEST_CURRENT_TEST" not in found
    assert len(found[MARK]) == 32


def test_flags_are_sections() -> None:
    flags = {"a.on": True, "a.b.size": 2.0, "c.on": False}
    assert nested(flags) == {"a": {"on": True, "b": {"size": 2.0}}, "c": {"on": False}}
