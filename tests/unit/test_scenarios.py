"""Scenarios: built in or a file of the user's, by name or by path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import usage_error

from pytest_soak import LaneInfo, soak
from pytest_soak.commands.merge import merge
from pytest_soak.config.scenarios import BUILT_IN, REGIMES, load_scenario, rank, scenario_shelf
from pytest_soak.options import OPTIONS
from pytest_soak.testing import InstantTarget

DOGE = "regime: volatile\ninstrument: {price: 0.25, tick: 0.0001, lot: 1}\n"
GATE = """
name: mine
thresholds: [{metric: net_bps, fail_unless: "> -5"}]
markets: {%s: {thresholds: [{metric: net_bps, fail_unless: "> 50"}]}}
"""


def load(given: str, folder: Path) -> Any:
    return load_scenario(given, scenario_shelf(folder), folder, "--soak-market")


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_the_built_in_scenarios_are_the_regimes_and_the_help_names_them(tmp_path: Path) -> None:
    assert list(BUILT_IN) == list(REGIMES)
    assert [load(name, tmp_path) for name in BUILT_IN] == list(BUILT_IN.values())
    (said,) = (option.help for option in OPTIONS if option.name == "market")
    assert said.startswith(f"market: {', '.join(BUILT_IN)}, ")


def test_a_file_is_named_by_its_stem_and_found_by_path_or_on_the_shelf(tmp_path: Path) -> None:
    write(tmp_path, "doge.yaml", DOGE)
    write(tmp_path, "scenarios/shelved.yaml", DOGE)
    found = load("./doge.yaml", tmp_path)
    assert (found.name, found.regime, found.flow) == ("doge", "volatile", REGIMES["volatile"])
    assert (found.instrument.price, found.instrument.price_ticks) == (0.25, 2500)
    assert found.venue == BUILT_IN["calm"].venue
    assert load("shelved", tmp_path).instrument == found.instrument


def test_the_users_file_comes_before_the_built_in_one(tmp_path: Path) -> None:
    write(tmp_path, "scenarios/calm.yaml", DOGE)
    assert load("calm", tmp_path).regime == "volatile"
    assert load("spike", tmp_path) == BUILT_IN["spike"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("regime: clam", "x.yaml:1: regime: expected the name of a regime; unknown regime 'clam'"),
        ("instrument: {tick: 1}", "x.yaml:1: missing key 'regime'"),
        ("regime: calm\nvenu: {}", "x.yaml:2: unknown key 'venu'; did you mean 'venue'?"),
        ("regime: calm\ninstrument:\n  tick: 0", "x.yaml:3: instrument.tick: expected greater th"),
        (
            "regime: calm\ninstrument:\n  price: 0.5",
            "x.yaml:3: instrument.price: expected 1 to 81.92",
        ),
        ("regime: calm\ninstrument:\n  lot: 500", "x.yaml:3: instrument.lot: expected 3.0303e-05"),
        ("regime: calm\nvenue:\n  open_orders: 900", "x.yaml:3: venue.open_orders: expected less"),
        ("- a", "x.yaml:1: expected keys (description, regime, instrument, venue), got"),
        ("", "x.yaml: expected keys"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(text: str, problem: str, tmp_path: Path) -> None:
    write(tmp_path, "x.yaml", text)
    assert problem in usage_error(lambda: load("x.yaml", tmp_path))


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("clam", "--soak-market: unknown market 'clam'; did you mean 'calm'? (yours are looked"),
        ("dog", "unknown market 'dog'; did you mean 'doge'?"),
        ("nowhere.yaml", "--soak-market: no such market file: nowhere.yaml"),
        ("../calm", "'../calm' is not a market name"),
        ("a b.yaml", "'a b' is not a market name"),
    ],
)
def test_a_wrong_name_is_told_with_the_nearest(given: str, problem: str, tmp_path: Path) -> None:
    write(tmp_path, "scenarios/doge.yaml", DOGE)
    write(tmp_path, "a b.yaml", DOGE)
    assert problem in usage_error(lambda: load(given, tmp_path))


def test_built_in_scenarios_come_first_in_their_order() -> None:
    names = ["zeta", "spike", "alpha", "calm", "volatile"]
    assert sorted(names, key=rank) == ["calm", "volatile", "spike", "alpha", "zeta"]


def test_a_lane_by_hand_has_the_scenario_that_its_market_names() -> None:
    assert LaneInfo("x", "p", "spike", 1).scenario is BUILT_IN["spike"]
    assert LaneInfo("x", "p", "elsewhere", 1).scenario is None


def run(folder: Path, market: str, **options: Any) -> Any:
    options = {"gate": "smoke", **options}
    return soak(InstantTarget, iterations=1, market=market, folder=folder, **options)


def test_a_gate_may_name_a_scenario_of_the_session_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, "doge.yaml", DOGE)
    write(tmp_path, "mine.yaml", GATE % "doge")
    write(tmp_path, "wrong.yaml", GATE % "dogs")
    found = run(tmp_path, "calm,doge.yaml", gate="mine.yaml")
    assert [(lane.lane.id, str(lane.verdict)) for lane in found.lanes] == [
        ("default-calm-42", "PASS"),
        ("default-doge-42", "FAIL"),
    ]
    told = usage_error(lambda: run(tmp_path, "doge.yaml", gate="wrong.yaml"))
    assert told == "gate mine: markets: unknown market 'dogs'; did you mean 'doge'?"
    told = usage_error(lambda: run(tmp_path, "calm", gate="mine.yaml"))
    assert told.startswith("gate mine: markets: unknown market 'doge'; ")


def test_runs_on_scenarios_of_ones_own_are_merged_after_the_built_in_ones(tmp_path: Path) -> None:
    for name in ("alpha", "zeta"):
        write(tmp_path, f"{name}.yaml", DOGE)
    folders = []
    for market in ("zeta.yaml", "spike", "alpha.yaml"):
        folders.append(tmp_path / market.partition(".")[0])
        run(tmp_path, market, dir=str(folders[-1]))
    merge(folders, tmp_path / "merged", None, allow_different=False)
    text = (tmp_path / "merged" / "latest" / "RESULT.json").read_text()
    places = [text.index(f'"lane": "default-{name}-42"') for name in ("spike", "alpha", "zeta")]
    assert places == sorted(places)
