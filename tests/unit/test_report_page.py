"""report.html: one file, no markup but its own, bounded in size, the same for the same run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pages import ATTRIBUTES, HOSTILE, Page, words
from runs import metric, outcome_of, summary_of, write_lane, write_result, write_run

from pytest_soak.report.page import report_text
from pytest_soak.report.read import read_run

TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=30)


def report(run: Path) -> str:
    return report_text(read_run(run), {})


def page(run: Path) -> Page:
    return Page(report(run))


def test_it_is_well_formed_and_refers_to_nothing(tmp_path: Path) -> None:
    text = report(write_run(tmp_path, lanes=2))
    found = Page(text)
    assert found.open == []
    assert "script" not in found.tags
    assert {name for name, _ in found.attributes} <= ATTRIBUTES
    assert all(
        value and value.startswith("#") for name, value in found.attributes if name == "href"
    )
    assert not re.search(r"https?:|url\(|@import|src=", text)
    assert "default-src 'none'" in text


def test_key_figures_are_text(tmp_path: Path) -> None:
    shown = words(page(write_run(tmp_path, lanes=2)))
    assert "PASS 2 lanes, target fake" in shown
    assert "iterations 48 PASS / WARN / HOLD / FAIL 2 / 0 / 0 / 0" in shown
    assert ">= 2.0" in shown
    assert "soak: fail unless >= 2.0, warn unless >= 2.7" in shown
    assert "none seen" in shown
    for heading in ("Gates", "KPIs", "Edge and blocks", "Iterations"):
        assert heading in shown


def test_a_failed_lane_says_why(tmp_path: Path) -> None:
    bad = summary_of(3, verdict="FAIL", kpis={"net_bps": 1.0}, verdict_reasons=["net_bps = 1"])
    checks = [metric(value=1.0, verdict="FAIL", reason="net_bps = 1, fail unless >= 2.0")]
    done = write_lane(
        tmp_path / "a",
        [summary_of(1), summary_of(2), bad],
        checks,
        verdict="FAIL",
        ending="gate",
        planned=24,
        reasons=["iteration 3: net_bps = 1, fail unless >= 2.0 (soak)"],
    )
    other = outcome_of("b", 0, verdict="FAIL", ending="target", reasons=["b could not start"])
    write_result(tmp_path, [done, other])
    found = page(tmp_path)
    shown = words(found)
    assert "FAIL 2 lanes" in shown
    assert "iteration 3: net_bps = 1, fail unless >= 2.0 (soak)" in shown
    assert "3 of 24" in shown
    assert "iteration 3, steady: 1 (FAIL)" in shown
    assert "b could not start" in shown
    assert "No iteration was completed." in shown


def test_a_change_of_a_parameter_says_who_and_why(tmp_path: Path) -> None:
    tuning = {"deltas": {"spread": 0.5}, "rationale": ["net low -> spread +0.5"]}
    moved: dict[str, Any] = {"overrides": {"spread": 1.5}, "sources": {"spread": "tuner"}}
    write_lane(tmp_path, [summary_of(1, tuning=tuning), summary_of(2, **moved)], [metric()])
    shown = words(page(tmp_path))
    assert "Parameters that moved" in shown
    assert "2 spread 1 1.5 tuner net low -> spread +0.5" in shown


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_whatever_a_run_says_is_text(
    tmp_path: Path, lane: str, reason: str, kpi: str, parameter: str
) -> None:
    taken = {"phase", "verdict", "graded", "reasons", "samples", "market", "drivers", *KNOWN}
    kpi = f"{kpi}_" if kpi in taken else kpi
    tuning = {"deltas": {parameter: 1.0}, "rationale": [reason]}
    iterations = [
        summary_of(
            n,
            lane,
            kpis={kpi: float(n)},
            overrides={parameter: float(n)},
            sources={parameter: reason},
            tuning=tuning,
            verdict_reasons=[reason],
            phase=reason,
        )
        for n in range(1, 11)
    ]
    checks = [metric(kpi, reason=reason, gate=lane, fail_unless=reason)]
    try:
        done = write_lane(tmp_path, iterations, checks, reasons=[reason], profile=lane)
    except UnicodeEncodeError:
        return  # half a surrogate is in no file
    write_result(tmp_path, [done], {reason: lane})
    text = report(tmp_path)
    found, plain = Page(text), page(write_run(tmp_path / "plain"))
    assert found.open == []
    assert set(found.tags) <= set(plain.tags) | {"li", "ul"}
    assert {name for name, _ in found.attributes} <= ATTRIBUTES
    assert text.replace("\n", "").isprintable()


KNOWN = {
    "mock_mode",
    "mock_seed",
    "verdict_raw",
    "verdict_reasons",
    "state_hash",
    "oscillation_detected",
    "velocity_violation",
    "cooldown_active",
    "spike_count",
    "gap_events",
}


@pytest.mark.parametrize("text", HOSTILE)
def test_what_it_says_can_still_be_read(tmp_path: Path, text: str) -> None:
    done = write_lane(tmp_path, [summary_of(1)], [], verdict="FAIL", reasons=[text])
    write_result(tmp_path, [done])
    shown = words(page(tmp_path))
    assert text.replace("\u202e", r"\u202e").replace("\u2066", r"\u2066") in shown


def test_the_same_run_gives_the_same_bytes_but_for_meta(tmp_path: Path) -> None:
    def cut(text: str) -> str:
        return re.sub(r"<!-- meta -->.*?<!-- /meta -->", "", text, flags=re.DOTALL)

    first = report(write_run(tmp_path / "a", lanes=2))
    run = write_run(tmp_path / "b", lanes=2)
    path = run / "RESULT.json"
    path.write_text(path.read_text().replace('"here"', '"there"'))
    second = report(run)
    assert first != second
    assert cut(first) == cut(second)


@pytest.mark.parametrize(
    ("lanes", "iterations", "most"),
    [(1, 24, 400_000), (8, 24, 2_000_000), (1, 1000, 3_000_000), (40, 30, 3_000_000)],
)
def test_it_stays_small(tmp_path: Path, lanes: int, iterations: int, most: int) -> None:
    text = report(write_run(tmp_path, lanes=lanes, iterations=iterations))
    assert len(text.encode()) < most
    assert ("Thinned: up to" in text) == (iterations > 240)
    assert ("lanes are shown in full" in text) == (lanes > 24)
    assert text.count('class="lane"') == min(lanes, 24)
    assert words(Page(text)).count("safe-calm-") >= lanes


def test_thinning_loses_no_failure_and_no_extreme(tmp_path: Path) -> None:
    iterations = [summary_of(n) for n in range(1, 1001)]
    iterations[499] = summary_of(500, verdict="FAIL", kpis={"net_bps": 0.5})
    write_lane(tmp_path, iterations, [metric()])
    text = report(tmp_path)
    (strip,) = re.findall(r'<rect[^>]*class="FAIL"><title>([^<]*)', text)
    first, last = re.fullmatch(r"iterations (\d+) to (\d+), steady: FAIL", strip).groups()  # type: ignore[union-attr]
    assert int(first) <= 500 <= int(last)
    assert text.count('class="mark FAIL"') == 2  # in the legend, and the one


def test_too_many_lanes_show_the_worst(tmp_path: Path) -> None:
    done = []
    for n in range(1, 31):
        verdict = "FAIL" if n == 30 else "PASS"
        lane = f"lane-{n}"
        done.append(write_lane(tmp_path / lane, [summary_of(1, lane)], [], verdict=verdict))
    write_result(tmp_path, done)
    text = report(tmp_path)
    assert "24 of 30 lanes are shown in full, those with the worst verdicts" in text
    assert "<h2><bdi>lane-30</bdi>" in text


def test_a_run_in_which_nothing_began_is_a_page(tmp_path: Path) -> None:
    write_result(tmp_path, [])
    assert "no lane began" in words(page(tmp_path))
