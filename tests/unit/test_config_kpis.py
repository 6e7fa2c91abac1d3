"""`pytest-soak config kpis`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders import usage_error

from pytest_soak.commands.config_kpis import kpi_lines, kpis, kpis_json
from pytest_soak.kpi.definitions import KNOWN
from pytest_soak.kpi.spans import SPAN_KPIS
from pytest_soak.kpi.units import unit


def test_every_kpi_is_told_with_all_that_is_known_of_it(tmp_path: Path) -> None:
    found = {one["name"]: one for one in kpis(tmp_path)}
    assert set(found) == {*KNOWN, *SPAN_KPIS}
    assert all(one["meaning"] and one["formula"] and one["null_when"] for one in found.values())
    ends = "fills.fee_quote, mid_start, mid_end"
    assert found["net_bps"]["null_when"] == f"no fills; or not told: {ends}"
    assert found["cancel_ratio"]["null_when"] == "no orders sent; or not told: orders"
    assert found["restarts"]["null_when"] == "the bot is no process of its own"
    hits = found["md_cache_hit_ratio"]
    assert (hits["unit"], hits["range"], hits["better"]) == ("share", "0 to 1", "up")
    assert hits["min_samples"] == {"ci_baseline": 1000, "shadow": 1000}
    assert (found["net_bps"]["range"], found["p95_latency_ms"]["range"]) == ("", "0 or more")
    assert json.loads(kpis_json(tmp_path)) == list(found.values())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_it_fits_a_terminal(tmp_path: Path, width: int) -> None:
    lines = list(kpi_lines(tmp_path, width))
    assert max(map(len, lines)) <= width
    at = lines.index("md_cache_hit_ratio: share, 0 to 1, higher is better")
    assert (
        lines[at + 2 : at + 4]
        == [
            "  formula  share of ticks with cache_hit",
            "  needs    1 tick; the gate ci_baseline 1,000; the gate shadow 1,000",
        ]
        or width == 60
    )


def test_gates_of_the_users_are_asked_too(tmp_path: Path) -> None:
    (tmp_path / "gates").mkdir()
    text = 'name: mine\nthresholds: [{metric: net_bps, fail_unless: "> 0", min_samples: 7}]\n'
    (tmp_path / "gates/mine.yaml").write_text(text)
    assert kpis(tmp_path)[0]["min_samples"] == {"mine": 7}
    (tmp_path / "gates/mine.yaml").write_text("name: mine\n")
    assert "thresholds" in usage_error(lambda: kpis(tmp_path))


@pytest.mark.parametrize(
    ("name", "is_in"),
    [("adverse_bps_p95", "bps"), ("cpu_pct_p95", "% of a processor"), ("num_fills", "")],
)
def test_the_unit_is_the_end_of_the_name(name: str, is_in: str) -> None:
    assert unit(name) == is_in
