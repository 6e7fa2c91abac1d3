"""A dry start of a bot: what it gives, and what a gate would lack."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from builders import usage_error
from programs import FAST, running_in, trades

from pytest_soak.commands.check import Request, check

GATES: dict[str, list[dict[str, Any]]] = {
    "fits": [{"metric": "net_bps", "fail_unless": "<= -99"}],
    "lacks": [
        {"metric": "net_bps", "fail_unless": "<= 99"},
        {"metric": "p95_latency_ms", "fail_unless": "<= 99"},
        {"metric": "rss_growth_mb_per_h", "fail_unless": "<= 99"},
        {"metric": "drawdown_ratio", "fail_unless": "<= 99"},
    ],
}


def checked(folder: Path, command: list[str], gate: str = "fits") -> tuple[bool, list[str]]:
    (folder / "gates").mkdir(exist_ok=True)
    for name, thresholds in GATES.items():
        text = json.dumps({"name": name, "thresholds": thresholds})
        (folder / f"gates/{name}.yaml").write_text(text)
    said: list[str] = []
    request = Request(f"process:{shlex.join(command)}", gate, 1.0)
    good = check(request, folder, said.append)
    assert {path.name for path in folder.iterdir()} == {"gates"}
    assert running_in(Path.cwd()) == []
    return good, said


def test_it_says_what_a_bot_gives(tmp_path: Path) -> None:
    good, said = checked(tmp_path, trades())
    assert good
    assert said[0].startswith("parameters: base_spread_bps_delta=0.14, ")
    feeds = [word.split()[0] for word in said[1].removeprefix("feeds: ").split(", ")]
    assert feeds == ["fills", "marks", "resources"]
    assert said[2].startswith("feeds without a line: pipeline_ticks, acks, ")
    assert any(line.startswith("net_bps  ") and "  1.1" in line for line in said)
    assert any(line.startswith("risk_ratio  ") and "  n/a  " in line for line in said)
    assert said[-1].endswith(" gives all that gate fits asks for")


def test_it_says_what_a_gate_would_lack_but_for_what_no_short_window_has(tmp_path: Path) -> None:
    good, said = checked(tmp_path, trades(), "lacks")
    assert not good
    assert said[-1] == "FAIL: gate lacks would lack p95_latency_ms (no acknowledged orders)"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["false"], "FAIL: the bot exited by itself with status 1; it printed nothing"),
        (
            ["no-such-bot"],
            "FAIL: the bot cannot be started: no-such-bot: No such file or directory",
        ),
        ([*FAST, "raise SystemExit('no key')"], "with status 1; its last line: no key"),
    ],
)
def test_a_bot_that_does_not_come_up_is_one_line(
    tmp_path: Path, command: list[str], told: str
) -> None:
    good, said = checked(tmp_path, command)
    assert not good
    assert said[-1].endswith(told)
    assert len(said) == 2
    assert said[0].startswith("parameters: ")


def test_what_cannot_be_true_fails(tmp_path: Path) -> None:
    lies = trades()
    lies[-1] = lies[-1].replace("price=100 ", "price=900 ")
    good, said = checked(tmp_path, lies)
    assert not good
    assert any(line.startswith("fault: ") for line in said)
    assert said[-1].startswith("FAIL: ")
    assert said[-1].endswith(": it cannot be measured")


@pytest.mark.parametrize(
    ("target", "gate", "told"),
    [
        ("process:", "soak", "TARGET: expected a command, e.g. process:python bot.py, got none"),
        ("simm", "soak", "TARGET: unknown target 'simm'; did you mean 'sim'?"),
        ("sim", "sook", "--gate: unknown gate 'sook'; did you mean 'soak'?"),
    ],
)
def test_mistakes_name_what_was_given(tmp_path: Path, target: str, gate: str, told: str) -> None:
    said = usage_error(lambda: check(Request(target, gate, 1.0), tmp_path, print))
    assert said.startswith(told)


def test_any_target_can_be_checked(tmp_path: Path) -> None:
    said: list[str] = []
    assert check(Request("mock", "soak", 10.0), tmp_path, said.append)
    assert not any(line.startswith("feeds") for line in said)
