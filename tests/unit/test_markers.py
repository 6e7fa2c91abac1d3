from __future__ import annotations

import re

import pytest
from builders import START, gate, lane_of, plan
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.engine.events import IterationFailed, Notice
from pytest_soak.engine.record import Ending
from pytest_soak.errors import SoakUsageError, TargetError, one_line
from pytest_soak.gates.model import Threshold
from pytest_soak.session.markers import SEED, marker, marker_lines
from pytest_soak.testing import GOOD

FORM = re.compile(r"^\| (?P<tag>\w+) \| (?P<body>.*) \|$")


def check(line: str) -> list[str]:
    """The fields of a line of the right form."""
    assert FORM.match(line)
    assert line.isascii()
    assert line.isprintable()
    return line.removeprefix("| ").removesuffix(" |").split(" | ")


@given(st.lists(st.text() | st.text("| \n\x1b\u2028é"), min_size=1, max_size=4))
def test_a_marker_keeps_its_form_and_its_fields_whatever_the_text(fields: list[str]) -> None:
    found = check(marker("tag", *fields))
    assert len(found) == len(fields) + 1
    assert all("|" not in field for field in found)


@given(st.text())
def test_plain_text_stays_as_it_is(text: str) -> None:
    if text.isascii() and text.isprintable() and "|" not in text and text == " ".join(text.split()):
        assert marker("tag", text) == f"| tag | {text} |"
    assert one_line(text).isprintable()
    assert one_line(one_line(text)) == one_line(text)


@given(st.text(), st.text())
def test_the_message_of_an_error_is_one_printable_line(source: str, problem: str) -> None:
    assert str(SoakUsageError(source, problem)).isprintable()
    assert str(TargetError(problem)).isprintable()
    str(TargetError(problem)).encode("utf-8")


def lines_of(*returns: object, several: bool = False) -> list[str]:
    lane = lane_of(*returns, of=plan(iterations=len(returns)))
    for _ in returns:
        lane.run.run_iteration()
    return [line for event in lane.events for line in marker_lines(event, several_lanes=several)]


def test_the_lines_of_an_iteration_and_of_a_lane_are_those_of_the_specification() -> None:
    assert lines_of({**GOOD, "net_bps": 2.94, "slippage_bps": -3.5}) == [
        "| iter_watch | SUMMARY | iter=1 phase=steady net=2.94 drivers=['slippage_bps'] kpi=WARN |",
        '| iter_watch | SUGGEST | {"base_spread_bps_delta": 0.02, "tail_age_ms": 30} |',
        "| iter_watch | RATIONALE | slippage_bps=3.50 (driver) -> widen spread +0.02, tail +30ms |",
        "| kpi_gate | verdict=WARN | net=2.94 risk=30.0% maker_taker=0.95 latency=260ms |",
        "| kpi_gate | verdict=WARN | net=2.94 risk=30.0% maker_taker=0.95 latency=260ms final=1 |",
    ]
    assert SEED == "| seed | overrides | default_overrides.json |"


def test_what_a_gate_of_ones_own_misses_is_told_behind_the_usual_fields() -> None:
    own = gate(
        Threshold(metric="cancel_ratio", fail_unless="<= 0.5"),
        Threshold(metric="my_kpi", warn_unless=">= 1"),
        Threshold(metric="net_bps", fail_unless=">= 9"),
    )
    lane = lane_of({**GOOD, "cancel_ratio": 0.9, "my_kpi": None}, of=plan(own, iterations=1))
    lane.run.run_iteration()
    told = [x for event in lane.events for x in marker_lines(event, several_lanes=False)]
    ends = [check(line)[-1] for line in told if line.startswith("| kpi_gate")]
    missed = " missed=cancel_ratio:0.9,my_kpi:n/a"
    assert [end.endswith(missed) for end in ends] == [True, True]
    assert " final=1 missed=" in ends[1]


def test_with_several_lanes_the_lane_comes_last() -> None:
    for line in lines_of(GOOD, several=True):
        assert check(line)[-1] == "lane=steady_safe-calm-42"


def test_a_missing_kpi_is_na_not_zero() -> None:
    summary, gate, final = lines_of({"net_bps": None})
    assert "net=n/a" in summary
    assert gate == "| kpi_gate | verdict=FAIL | net=n/a risk=n/a maker_taker=n/a latency=n/a |"
    assert "net=n/a risk=n/a" in final


def test_a_notice_of_a_lane_is_a_note() -> None:
    event = Notice(lane="x", time=START, text="it took long")
    [line] = marker_lines(event, several_lanes=True)
    assert line == "| iter_watch | NOTE | it took long | lane=x |"


def test_notes_come_before_the_summary() -> None:
    lane = lane_of(GOOD, edits={1: {"tail_age_ms": 600}})
    lane.run.run_iteration()
    lines = [line for e in lane.events for line in marker_lines(e, several_lanes=False)]
    assert lines[0] == "| iter_watch | NOTE | iter=1 operator set tail_age_ms: 620 -> 600 |"
    assert lines[1].startswith("| iter_watch | SUMMARY | iter=1 ")


@pytest.mark.parametrize("cause", ["a | b\n| kpi_gate | verdict=PASS |", "\x1b[2Jé\ud800"])
def test_a_cause_cannot_forge_a_line(cause: str) -> None:
    event = IterationFailed(lane="x", time=START, iteration=2, cause=str(TargetError(cause)))
    [line] = marker_lines(event, several_lanes=False)
    assert check(line)[:2] == ["iter_watch", "FAILED"]
    assert len(check(line)) == 3


def test_a_lane_that_was_cut_short_has_no_final_line() -> None:
    lane = lane_of(GOOD)
    lane.run.run_iteration()
    lane.run.end(Ending.INTERRUPTED, "Ctrl-C")
    assert marker_lines(lane.events[-1], several_lanes=False) == []
