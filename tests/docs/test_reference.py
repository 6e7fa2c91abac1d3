"""What the references say is what the code says."""

from __future__ import annotations

import re

import pytest

from benchmarks.lanes import ROOT
from benchmarks.reference import MADE, RECORDS
from pytest_soak import hookspecs
from pytest_soak.kpi.definitions import EXCHANGE_KPIS, KNOWN
from pytest_soak.kpi.fed_by import FED_BY, RESTS_ON
from pytest_soak.kpi.formulas import FORMULAS
from pytest_soak.kpi.spans import SPAN_KPIS
from pytest_soak.kpi.units import unit
from pytest_soak.options import OPTIONS

REFERENCE = (ROOT / "docs" / "REFERENCE.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", MADE)
def test_the_document_is_made_from_the_code(name: str) -> None:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert text == MADE[name](), "run `python -m benchmarks.reference`"


def test_every_kpi_has_a_formula_and_a_unit() -> None:
    assert set(FORMULAS) == {*KNOWN, *SPAN_KPIS}
    counts = {"num_fills", "log_errors", "restarts", "feed_errors", "feed_late", "threads_max"}
    counts |= {"open_fds_max", *(name for name in EXCHANGE_KPIS if not unit(name))}
    assert {name for name in FORMULAS if not unit(name)} == counts
    seconds = {"quotes_again_s": "s", "crossed_book_s": "s", "position_gap_base": "base"}
    assert {name: unit(name) for name in seconds} == seconds


def test_what_a_formula_names_is_what_the_kpi_is_null_without() -> None:
    for name, needed in RESTS_ON.items():
        told = FORMULAS[name].text + " ".join(FORMULAS[part].text for part in _parts(name))
        for column in (one.removeprefix("fills.") for one in needed):
            assert re.search(rf"\b{column}s?\b", told.replace("taker", "maker")), name
    assert set(RESTS_ON) == {n for n, feed in FED_BY.items() if feed == "fills"} - {
        "volume_quote",
        "num_fills",
    }


def _parts(name: str) -> tuple[str, ...]:
    """The KPIs that a net is the sum of."""
    net = ("gross_bps", "fees_eff_bps", "slippage_bps", "inventory_bps")
    return net if name.startswith("net_") else ()


def test_every_option_hook_and_record_is_in_it() -> None:
    for option in OPTIONS:
        assert f"`{option.flag_text}" in REFERENCE
    for name in vars(hookspecs):
        if name.startswith("pytest_soak_"):
            assert f"### {name}\n" in REFERENCE
    for kind in RECORDS:
        assert f"### {kind.__name__}\n" in REFERENCE


def test_the_bars_of_a_table_are_those_of_its_cells() -> None:
    for line in REFERENCE.splitlines():
        if line.startswith("| --- "):
            assert set(line) <= set("| -")
    rows = [line for line in REFERENCE.splitlines() if line.startswith("| `--soak")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}
