"""Annotations and the step summary: few, escaped, and never larger than GitHub takes."""

from __future__ import annotations

import html
from pathlib import Path

import pytest
from finished_runs import outcome, result
from hypothesis import example, given
from hypothesis import strategies as st
from workflow_commands import Command, obeyed

from pytest_soak.errors import one_line
from pytest_soak.report.github import (
    MOST_ANNOTATIONS,
    MOST_BYTES,
    GitHub,
    annotate,
    command,
    github_step,
    harmless,
    summary_text,
)


def test_a_summary_shows_what_was_measured_and_judged() -> None:
    own = outcome(1, medians={"my_kpi": 3.0, "cancel_ratio": 0.9, "net_bps": 2.0, "pnl_kpi": None})
    failed = own.model_copy(update={"reasons": ["cancel_ratio = 0.9, fail unless <= 0.5"]})
    [head] = [x for x in summary_text(result(failed)).splitlines() if x.startswith("| lane")]
    names = ["lane", "verdict", "iterations", "net_bps", "cancel_ratio", "my_kpi", "why"]
    assert [html.unescape(cell) for cell in head.strip("| ").split(" | ")] == names


@given(title=st.text(max_size=50), message=st.text(max_size=200))
@example(title="100%3A%2C, 5: %", message="100%25 %0A%0D%3A%")
def test_a_command_says_what_it_was_given_on_one_line(title: str, message: str) -> None:
    line = command("error", title, message)
    assert line.splitlines() == [line]
    assert obeyed([line]) == [Command("error", one_line(title), one_line(message))]


def test_lanes_that_fail_are_errors_and_lanes_that_warn_are_warnings() -> None:
    bad = outcome(1, verdict="FAIL", reasons=["net_bps = 1 %", "risk"])
    warned = outcome(2, verdict="WARN", reasons=[])
    of = result(bad, warned, outcome(3), verdict="FAIL", unfinished=["gone: x, y"])
    assert obeyed(annotate(of)) == [
        Command("error", "steady_safe-calm-1", "net_bps = 1 %; risk"),
        Command("error", "gone: x, y", "not finished"),
        Command("warning", "steady_safe-calm-2", "the lane is WARN"),
    ]


def test_a_good_run_is_not_annotated_and_one_without_a_verdict_is() -> None:
    assert annotate(result(outcome(1))) == []
    (told,) = obeyed(annotate(result(outcome(1), verdict="FAIL", exit_status=1)))
    assert told.message.startswith("FAIL: something beside the gates failed; PASS for ")
    (told,) = obeyed(annotate(result(outcome(1), verdict=None, status="interrupted")))
    assert told.message == "NO VERDICT: 1 lane finished; interrupted"


@given(st.text(st.sampled_from("#[x]: "), max_size=20))
def test_a_harmless_line_is_no_command(text: str) -> None:
    assert obeyed([harmless(f"FAIL: {text}")]) == []


@pytest.mark.parametrize(("lanes", "rest"), [(10, ""), (11, "2 more lanes"), (99, "90 more lanes")])
def test_no_more_annotations_than_are_shown(lanes: int, rest: str) -> None:
    for kind, verdict in (("error", "FAIL"), ("warning", "WARN")):
        of = result(*(outcome(n, verdict=verdict) for n in range(lanes)), verdict=verdict)
        found = obeyed(annotate(of))
        assert [one.name for one in found] == [kind] * MOST_ANNOTATIONS
        assert found[-1].message.startswith(rest or "the lane is")


@given(text=st.text(alphabet=st.sampled_from("a|<>`*_[]()#!\\&~:@\n\r\x1b$ é"), max_size=40))
def test_a_reason_cannot_be_markup(text: str) -> None:
    clean, given_ = (
        summary_text(result(outcome(1, reasons=[reason]))) for reason in ("clean", text)
    )
    assert len(given_.splitlines()) == len(clean.splitlines())
    row = given_.splitlines()[-2]
    assert row.count("|") == clean.splitlines()[-2].count("|")
    cell = row.rpartition(" | ")[2].removesuffix("|").strip()
    assert not set(cell) & set("<>`*_[]()|\\~:@")
    assert html.unescape(cell) == one_line(text).strip()


@pytest.mark.parametrize("room", [0, 10, 100, 1000, 10_000])
def test_a_summary_keeps_to_its_room_and_says_so(room: int) -> None:
    of = result(*(outcome(n, reasons=["é" * 50]) for n in range(100)))
    text = summary_text(of, room=room)
    assert len(text.encode()) <= room
    assert ("There is more" in text) is (room >= 100)


def test_a_summary_is_appended_and_never_over_a_mebibyte(tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    file.write_text("# Mine\n" + "x" * (MOST_BYTES - 5000))
    for _ in range(30):
        GitHub(file).write_summary(result(*(outcome(n) for n in range(9))))
    assert file.read_text().startswith("# Mine\n")
    assert file.read_text().count("PASS for 9 lanes") >= 2
    assert MOST_BYTES - 1000 < file.stat().st_size <= MOST_BYTES


@pytest.mark.parametrize(
    ("environment", "summary"),
    [
        ({}, None),
        ({"GITHUB_STEP_SUMMARY": "s"}, None),
        ({"GITHUB_ACTIONS": "false", "GITHUB_STEP_SUMMARY": "s"}, None),
        ({"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "s"}, Path("s")),
    ],
)
def test_only_a_step_of_github_is_one(environment: dict[str, str], summary: Path | None) -> None:
    step = github_step(environment)
    assert (step.summary if step else None) == summary
    bare = github_step({"GITHUB_ACTIONS": "true"})
    assert bare is not None
    bare.write_summary(result())


def test_a_token_cannot_be_guessed_from_another() -> None:
    tokens = {GitHub(None).token for _ in range(50)}
    assert len(tokens) == 50
    assert {len(token) for token in tokens} == {32}
