"""`release dataset --fit`: what it writes, and which targets it is for."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from builders import usage_error
from releases import ASKED, TWO_LINES, Releasing
from spread_rows import calib, rows_of

from pytest_soak.artifacts.models import json_schema
from pytest_soak.commands.release_fit import weight_limit, write_fit
from pytest_soak.commands.release_place import Place, open_place
from pytest_soak.release.layout import AUTO_SPREAD

REPORT = "edge/reports/spread_fit_20240101_20240101.json"


@pytest.fixture
def here(tmp_path: Path) -> Releasing:
    found = Releasing(tmp_path)
    found.write("release.yaml", TWO_LINES)
    return found


def place(here: Releasing) -> Place:
    return open_place(ASKED, here.env, here.folder)


def test_fitted_weights_are_a_candidate_of_a_plan(here: Releasing) -> None:
    assert weight_limit(place(here).choice) == 1.0
    found = calib(rows_of(400, (1.0, -0.8, 0.0)))
    done = write_fit(place(here), found, "20240101_20240101", 1.0)
    assert done.paths == [REPORT, REPORT.replace(".json", ".md"), AUTO_SPREAD]
    assert done.lines[-1] == f"a candidate of a plan: {here.out / AUTO_SPREAD}"
    document = json.loads((here.out / REPORT).read_text())
    jsonschema.validate(document, json_schema("spread-fit"))
    flags = yaml.safe_load((here.out / AUTO_SPREAD).read_text())["flags"]
    weights = {n: one["weight"] for n, one in document["weights"].items()}
    assert flags == {
        "auto_spread.enabled": True,
        **{f"auto_spread.{name}_weight": weight for name, weight in weights.items()},
    }
    assert flags["auto_spread.volatility_weight"] == pytest.approx(0.25, abs=0.05)
    here.write("release.yaml", f"candidate: artifacts/{AUTO_SPREAD}\n")
    candidate = place(here).choice.candidate
    assert candidate is not None
    assert {name: candidate.flags[name] for name in flags} == flags


def test_without_a_weight_there_is_no_candidate(here: Releasing) -> None:
    done = write_fit(place(here), calib(rows_of(400, (0.0, 0.0, 0.0))), "20240101_20240101", 1.0)
    assert done.lines[-1].startswith("all weights are 0")
    few = write_fit(place(here), calib(rows_of(40, (0.0, 0.0, 0.0))), "20240101_20240101", 1.0)
    assert few.lines[0].startswith("no weights of auto_spread: 28 rows")
    assert len(done.paths) == len(few.paths) == 2
    assert not (here.out / AUTO_SPREAD).exists()


def test_a_target_without_such_flags_is_refused(here: Releasing) -> None:
    here.write("release.yaml", "candidate: aggressive\ntarget: mock\n")
    told = usage_error(lambda: weight_limit(place(here).choice))
    assert told == "--fit: mock declares no flag auto_spread.enabled that could be fitted"
