"""What docs/TRUST.md says is what the calibrations say that the package ships."""

from __future__ import annotations

from pathlib import Path

from benchmarks.trust import figures
from pytest_soak.calibration.bootstrap import BLOCK
from pytest_soak.calibration.causes import CAUSES
from pytest_soak.calibration.shelf import SHIPPED, calibrated
from pytest_soak.calibration.study import DRAWS, FEWEST_DRAWN_FROM, FEWEST_LANES
from pytest_soak.calibration.words import told
from pytest_soak.commands.calibrate import CAUSE_LANES

TEXT = (Path(__file__).parents[2] / "docs" / "TRUST.md").read_text(encoding="utf-8")
WORDS = " ".join(TEXT.split())


def test_the_figures_are_those_of_the_shipped_calibrations() -> None:
    shipped = list(calibrated((SHIPPED,)))
    assert shipped
    for gate in shipped:
        assert figures(gate) in TEXT
        assert len(gate.seeds) >= FEWEST_LANES
        assert gate.false_alarms is not None
        assert gate.false_alarms.low <= gate.false_alarms.share <= gate.false_alarms.high


def test_the_line_that_is_shown_is_that_of_a_shipped_calibration() -> None:
    assert any(f"steady_safe-calm-42: {told(gate)}" in WORDS for gate in calibrated((SHIPPED,)))


def test_the_method_is_told_in_the_figures_that_it_has() -> None:
    assert f"{FEWEST_LANES} lanes that all pass are the fewest" in WORDS
    assert f"from {FEWEST_DRAWN_FROM} lanes on" in WORDS
    assert f"With fewer than {FEWEST_LANES} lanes, {DRAWS} are drawn from them" in WORDS
    assert BLOCK == 4
    assert "blocks of four graded iterations" in WORDS
    assert {len(cause.sizes) for cause in CAUSES} == {4}
    assert f"Four sizes each, {CAUSE_LANES} seeds." in WORDS
