"""The clients that benchmarks run: pinned as the documents say, with bots and schedules there."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.clients.recipes import HERE, RECIPES, Recipe
from benchmarks.clients.rows import BY_CHANCE, ROWS, Row
from benchmarks.clients.run import Ran
from benchmarks.clients.showing import GREEN, RED, Outcome, colour, table
from benchmarks.clients.telling import GREEN as SHOWN_GREEN
from benchmarks.clients.telling import is_clean, told
from benchmarks.clients.tested import NUMBERS, outcomes
from pytest_soak.exchange.faults.schedule import fault_shelf, load_schedule
from pytest_soak.exchange.judged import Judged

DOCUMENT = (HERE.parents[1] / "docs" / "EXCHANGE_CLIENTS.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)
def test_a_client_is_pinned_to_the_version_that_the_document_names(recipe: Recipe) -> None:
    pins = dict(
        line.split("==")
        for line in (HERE / "pins" / f"{recipe.environment}.txt").read_text().splitlines()
    )
    version = recipe.modules.rpartition("-")[2] or pins[recipe.package]
    assert version in DOCUMENT
    paths = [Path(word) for word in recipe.command if word.startswith(str(HERE))]
    assert paths
    assert all(path.exists() for path in paths)


@pytest.mark.parametrize("row", [*ROWS, *BY_CHANCE], ids=lambda row: f"{row.number} {row.says}")
def test_a_row_has_its_client_and_one_cause(row: Row, tmp_path: Path) -> None:
    assert {row.client, row.honest or row.client} <= {*RECIPES}
    schedule = load_schedule(str(row.faults), fault_shelf(tmp_path), tmp_path, "rows")
    assert [bool(schedule.faults), bool(row.honest), bool(row.own)].count(True) == 1
    assert bool(row.by_chance) == (row in BY_CHANCE)


def test_every_row_is_run_by_a_benchmark_or_by_a_test() -> None:
    assert sorted({row.number for row in ROWS} | {*NUMBERS}) == [*range(1, 13)]
    assert not {row.number for row in ROWS} & {*NUMBERS}


ROW = Row(1, "ccxt", "is a bug", (("position_gap_base", 1e-9), ("repeated_intents", 0.0)), 9.0)


@pytest.mark.parametrize(
    ("gap", "twice", "fills", "seen"),
    [
        (0.01, 0.0, 1.0, RED),
        (0.0, 2.0, 1.0, RED),
        (None, 1.0, 1.0, RED),
        (0.0, 0.0, 1.0, GREEN),
        (0.0, 0.0, 0.0, "unseen"),
        (None, 0.0, 1.0, "unseen"),
    ],
)
def test_what_was_not_seen_has_no_colour(
    gap: float | None, twice: float, fills: float, seen: str
) -> None:
    kpis = {"position_gap_base": gap, "repeated_intents": twice, "buy_fills": fills}
    assert colour(ROW, kpis | {"sell_fills": 0.0}) == seen


def test_the_report_of_pytest_is_told_as_rows() -> None:
    report = """<testsuites><testsuite>
        <testcase name="test_4_pybit_is_wrong"/>
        <testcase name="test_12_both[ccxt]"><failure message="no"/></testcase>
        <testcase name="test_5_left_out"><skipped/></testcase>
        <testcase name="test_of_something_else"/>
    </testsuite></testsuites>"""
    four, twelve, five = outcomes(report)
    assert four == Outcome(4, "pybit is wrong", RED, GREEN)
    assert four.is_right
    assert (twelve.number, twelve.says, twelve.cause) == (12, "both [ccxt]", "failure")
    assert not twelve.is_right
    assert not five.is_right


def test_the_table_names_what_is_not_as_it_should_be() -> None:
    good, odd = Outcome(2, "is a bug", RED, GREEN), Outcome(1, "x" * 90, RED, RED)
    lines = table([good, odd]).splitlines()
    assert [line.split()[0] for line in lines] == ["row", "1", "2", "not"]
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "not as it should be: 1"
    assert table([good]).endswith("all as they should be")
    assert not Outcome(3, "", GREEN, GREEN).is_right


@pytest.mark.parametrize(
    ("name", "changed", "clean"),
    [
        ("ccxt", {}, True),
        ("ccxt", {"book_wrong_u": None}, True),
        ("ccxt", {"position_gap_base": None}, False),
        ("ccxt", {"position_gap_base": 0.01}, False),
        ("ccxt", {"sell_fills": 0.0}, False),
        ("ccxt_pro", {"book_wrong_u": None}, False),
        ("ccxt_pro", {"book_wrong_u": 1.0}, False),
        ("hummingbot", {"book_wrong_u": 1.0}, True),
    ],
)
def test_a_client_is_clean_that_traded_and_of_which_all_was_seen(
    name: str, changed: dict[str, float | None], clean: bool
) -> None:
    kpis = dict.fromkeys(SHOWN_GREEN, 0.0) | {"buy_fills": 1.0, "sell_fills": 1.0} | changed
    reasons = {kpi: "why" for kpi, value in kpis.items() if value is None}
    judged = Judged(
        iteration=1,
        start_us=0,
        end_us=1,
        kpis=kpis,
        reasons=reasons,
        findings=[],
        more_findings=0,
        faults=[],
        requests=[],
        strange={},
        beliefs=1,
        troubles={},
        isolation="namespace",
        outside="",
    )
    ran = Ran(RECIPES[name], "1", judged, 0, Path())
    assert is_clean(ran) == clean
    assert any("null" in line for line in told(ran)) == (None in changed.values() and not clean)
