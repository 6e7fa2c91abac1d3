"""Which calibration fits a lane, and how it is told."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from calibrations import calibrated, key

from pytest_soak.api import soak
from pytest_soak.artifacts.calibration import CALIBRATION, CalibratedGate, Detectable
from pytest_soak.artifacts.models import shipped_schema
from pytest_soak.artifacts.stored_run import find_run
from pytest_soak.calibration.key import key_of
from pytest_soak.calibration.lookup import find
from pytest_soak.calibration.shelf import SHIPPED, places, with_gate
from pytest_soak.calibration.shelf import calibrated as read
from pytest_soak.calibration.stored import stored_lane
from pytest_soak.calibration.words import told
from pytest_soak.commands.verdict import verdict
from pytest_soak.storage.files import write_json


def test_the_line_has_the_rate_and_the_changes_that_are_caught() -> None:
    assert told(calibrated()) == (
        "a lane of 24 h: false alarms 1.0 % [0.2, 5.5]; would have caught net_bps -0.45 at 80 %"
    )
    few = calibrated(minutes=5.0).model_copy(
        update={
            "false_alarms": None,
            "lacking": "8 of 59 lanes",
            "detectable": [Detectable(kpi="a", median=1.0, changes={"80": None}, reason=None)],
        }
    )
    assert told(few) == (
        "a lane of 24 iterations of 5 min: false alarms not known (8 of 59 lanes); "
        "no change of one KPI is caught"
    )


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ([], "there is none of any lane"),
        ([calibrated(gate="smoke")], "the nearest is of another gate: smoke, not soak"),
        ([calibrated(market="spike")], "the nearest is of another market: spike, not calm"),
        (
            [calibrated(market="spike"), calibrated(target_version="k2", gate_hash="g2")],
            "the nearest is of another version of the target: k2, not k1",
        ),
        (
            [calibrated(iterations=12), calibrated(gate="smoke")],
            "the nearest is of another number of iterations: 12, not 24",
        ),
        ([calibrated(gate_hash="g2")], "the nearest is of another text of the gate"),
    ],
)
def test_without_one_that_fits_it_says_what_the_nearest_is_of(
    others: list[CalibratedGate], reason: str
) -> None:
    assert find(others, key()) == reason
    assert told(find(others, key())) == (
        f"not calibrated ({reason}): how often this gate is wrong is not known"
    )
    assert find([*others, calibrated()], key()) == calibrated()


def test_a_file_keeps_what_it_says_of_other_lanes(tmp_path: Path) -> None:
    file = tmp_path / CALIBRATION
    newer = calibrated(target_version="k2", pytest_soak="1.1", gate_hash="g2")
    turned = calibrated(settings_hash="s2")
    for one in (calibrated(), calibrated(market="spike"), turned, newer):
        write_json(file, with_gate(file, one).data())
    kept = list(read((file,)))
    assert [gate.key.market for gate in kept] == ["calm", "calm", "spike"]
    assert newer in kept
    assert turned in kept
    assert calibrated() not in kept
    data = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.validate(data, json.loads(shipped_schema("calibration")))


def test_the_places_are_asked_in_their_order(tmp_path: Path) -> None:
    root, mine = tmp_path / "soak", tmp_path / "mine"
    first, second, shipped = places(root, mine)
    assert (first, second) == (root / CALIBRATION, mine / "gates" / "calibration" / CALIBRATION)
    assert shipped == SHIPPED
    write_json(second, with_gate(second, calibrated()).data())
    assert list(read((first, second))) == [calibrated()]


def test_a_verdict_has_the_rates_beside_it_where_they_are_of_its_lane(tmp_path: Path) -> None:
    def soaked() -> str:
        soak("mock", iterations=5, gate="smoke", dir="s", folder=tmp_path)
        return (tmp_path / "s" / "latest" / "report.html").read_text(encoding="utf-8")

    assert "How far to trust it: <bdi>not calibrated (" in soaked()
    root = tmp_path / "s"
    lines, status = verdict(root, tmp_path)
    assert status == 0
    assert lines[1].startswith("default-calm-42: not calibrated (")
    run = find_run(root)
    assert run is not None
    found = key_of(stored_lane(run, run.result.lanes[0]))
    mine = tmp_path / "gates" / "calibration" / CALIBRATION
    write_json(mine, with_gate(mine, calibrated(**found.model_dump())).data())
    assert verdict(root, tmp_path).lines[1].startswith("default-calm-42: a lane of 5 h: false")
    assert "How far to trust it: <bdi>a lane of 5 h: false alarms 1.0 % [0.2, 5.5];" in soaked()
    (root / CALIBRATION).write_text("{}", encoding="utf-8")
    lines, status = verdict(root, tmp_path)
    assert status == 0
    assert f"({root / CALIBRATION}: expected the schema 'pytest-soak/calibration/1'" in lines[1]
    (root / CALIBRATION).unlink()
    (root / "latest" / "journal").unlink()
    assert (
        "not calibrated (has no journal, as no merged run has)" in verdict(root, tmp_path).lines[1]
    )


def test_a_gate_that_decides_nothing_has_no_rates(tmp_path: Path) -> None:
    soak("mock", iterations=1, gate_mode="off", dir="s", folder=tmp_path)
    lines, _ = verdict(tmp_path / "s", tmp_path)
    assert not any("calibrated" in line for line in lines)
