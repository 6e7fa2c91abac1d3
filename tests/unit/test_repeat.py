"""Two bots run in turn, and B held against A, with the run as unit."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from builders import usage_error
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.cli import commands
from pytest_soak.commands.repeat import Request, repeat, turns
from pytest_soak.gates.model import Gate, OnMarket, Threshold

BOTS = """
import random
from pathlib import Path
from pytest_soak.testing import GOOD, InstantTarget

HERE = Path(__file__).parent

class Bot(InstantTarget):
    slower, noise = 0.0, 0.01

    def run(self, overrides, window):
        with (HERE / "started.log").open("a") as log:
            log.write(type(self).__name__)
        chance = random.Random(f"{type(self).__name__}/{self.lane.seed}/{window.iteration}")
        kpis = {name: v * (1 + self.noise * chance.gauss(0, 1)) for name, v in GOOD.items()}
        kpis["maker_taker_ratio"] = 0.9 + 0.1 * self.noise * chance.gauss(0, 1)
        return {**kpis, "p95_latency_ms": kpis["p95_latency_ms"] + self.slower}

class New(Bot):
    pass

class Slow(Bot):
    slower = 60.0

class Noisy(Bot):
    noise = 0.3

class Broken(Bot):
    def run(self, overrides, window):
        raise RuntimeError("gone")
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of one who has `bots_in_turn.py`."""
    (tmp_path / "bots_in_turn.py").write_text(BOTS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "bots_in_turn", raising=False)
    return tmp_path


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, list[str]]:
    """Three runs each of two bots that are alike, and what was said of them."""
    folder = tmp_path_factory.mktemp("once")
    (folder / "bots_in_turn.py").write_text(BOTS)
    return folder, *said(folder, "New")


@pytest.fixture
def made(once: tuple[Path, int, list[str]], desk: Path) -> Path:
    """A desk with those runs."""
    shutil.copytree(once[0], desk, dirs_exist_ok=True)
    return desk


def said(desk: Path, b: str, runs: int = 3, a: str = "Bot", **more: str) -> tuple[int, list[str]]:
    given = {"iterations": "2"} | more
    gate = given.pop("gate", "no_worse")
    bots = f"bots_in_turn:{a}", f"bots_in_turn:{b}"
    lines: list[str] = []
    status = repeat(Request(*bots, runs, gate, Path("out"), given), desk, lines.append)
    return status, lines


def started(desk: Path) -> str:
    log = desk / "started.log"
    return log.read_text() if log.exists() else ""


@given(st.integers(1, 60))
def test_each_run_has_its_turn_and_a_steady_drift_favours_neither(half: int) -> None:
    order = list(turns(2 * half))
    assert len(set(order)) == len(order) == 4 * half
    assert [arm for arm, _ in order] == list("abba") * half
    places = {arm: [n for n, turn in enumerate(order) if turn.arm == arm] for arm in "ab"}
    assert sum(places["a"]) == sum(places["b"])
    assert [turn.number for turn in order if turn.arm == "b"] == list(range(1, 2 * half + 1))


def test_a_bot_that_is_as_good_passes(once: tuple[Path, int, list[str]]) -> None:
    folder, status, lines = once
    assert (status, started(folder)) == (0, "BotBotNewNewNewNewBotBotBotBotNewNew")
    order = ["a-1", "b-1", "b-2", "a-2", "a-3", "b-3"]
    assert [line.partition(":")[0] for line in lines[:6]] == order
    assert lines[6].startswith("default on calm against a: unpaired lanes (")
    assert lines[-1] == (
        "PASS: no worse than a by 5 limits; "
        "3 runs each of a (bots_in_turn:Bot), b (bots_in_turn:New)"
    )


def test_more_runs_keep_those_that_are_there_and_finish_one_that_was_cut(made: Path) -> None:
    path = made / "out/repeat/b-2/latest/RESULT.json"
    before = started(made)
    kept = made / "out/repeat/a-1/latest/RESULT.json"
    changed = kept.stat().st_mtime_ns
    path.write_text(json.dumps(json.loads(path.read_text()) | {"status": "interrupted"}))
    status, lines = said(made, "New", runs=4)
    assert (status, started(made)) == (0, before + "NewNewBotBot")
    assert json.loads(path.read_text())["status"] == "finished"
    assert kept.stat().st_mtime_ns == changed
    assert lines[-1].endswith("; 4 runs each of a (bots_in_turn:Bot), b (bots_in_turn:New)")


def test_a_worse_bot_fails(desk: Path) -> None:
    status, lines = said(desk, "Slow")
    assert (status, lines[-1][:32]) == (1, "FAIL against a: p95_latency_ms +")
    status, lines = said(desk, "Noisy", a="Noisy", minutes="60") if False else (3, [""])
    assert status == 3


def test_runs_that_vary_too_much_are_held_with_how_many_more_would_decide(desk: Path) -> None:
    status, lines = said(desk, "Noisy")
    assert status == 3
    assert lines[-1].startswith("HOLD against a: ")
    assert " more lanes of each would decide" in lines[-1]


def test_limits_of_a_value_judge_each_run_and_a_run_that_fails_ends_it(desk: Path) -> None:
    gate = "{metric: p95_latency_ms, baseline: relative, fail_unless: '<= +99 %'}"
    value = "{metric: p95_latency_ms, fail_unless: '<= 290'}"
    (desk / "desk.yaml").write_text(f"name: desk\nthresholds: [{gate}, {value}]\n")
    status, lines = said(desk, "Slow", gate="desk.yaml")
    assert (status, len(lines)) == (1, 3)
    assert lines[-1].startswith("FAIL: b-1 is no measurement to compare: FAIL for default on calm")
    assert lines[-1].endswith("to run it again, remove out/repeat/b-1")


def test_a_bot_that_breaks_is_no_measurement(desk: Path) -> None:
    status, lines = said(desk, "Broken")
    assert status == 1
    assert lines[-1].startswith("FAIL: b-1 is no measurement to compare: FAIL for default on calm")


def test_what_was_run_with_other_settings_is_refused_before_anything_runs(made: Path) -> None:
    before = started(made)
    for message, told in (
        (usage_error(lambda: said(made, "Slow", runs=4)), "b-1 is there: target was bots_in_tu"),
        (usage_error(lambda: said(made, "New", runs=4, iterations="3")), "a-1 is there: iterati"),
    ):
        assert f": {told}" in message
        assert message.endswith("give what it was, or another --path")
    lost = usage_error(lambda: said(made, "Lost", runs=4))
    assert lost.startswith("--b: ")
    assert usage_error(lambda: said(made, "New", iterations="x")).startswith("--iterations: ")
    assert usage_error(lambda: said(made, "New", gate="soak")).startswith("--gate: soak has no lim")
    assert started(made) == before


def test_fewer_runs_than_a_comparison_needs_are_refused() -> None:
    done = CliRunner().invoke(commands, ["repeat", "--a=mock", "--b=mock", "--runs=2"])
    assert done.exit_code == 2  # of click alone; `main` makes it 4
    assert "2 is not in the range 3<=x<=1000" in done.output


def test_a_gate_without_a_baseline_keeps_what_judges_lanes() -> None:
    value = Threshold(metric="net_bps", fail_unless=">= 2")
    change = Threshold(metric="net_bps", baseline="difference", fail_unless=">= -1")
    gate = Gate(
        name="desk",
        thresholds=[value, change],
        markets={"calm": OnMarket(thresholds=[value, change])},
    )
    alone = gate.without_baseline()
    assert not alone.needs_baseline
    assert (alone.on("calm"), alone.on("spike")) == ([value], [value])
