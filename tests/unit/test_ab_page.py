"""An A/B in HTML: a page of its own, and a section in the reports of the runs it is about."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ab_reports import A, B, ab_metric, ab_report, add, stages, write_abs
from builders import usage_error
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import ATTRIBUTES, HOSTILE, Page, words
from runs import metric, outcome_of, summary_of, write_lane, write_result

from pytest_soak.artifacts.ab_found import FoundAb, abs_place, found_abs
from pytest_soak.artifacts.ab_models import AbArm, AbChange, AbLane, AbReport
from pytest_soak.artifacts.ledger import LEDGER
from pytest_soak.canonical import flags_hash
from pytest_soak.cli import commands
from pytest_soak.commands.report import make_reports
from pytest_soak.errors import escaped
from pytest_soak.live.sections import Sections
from pytest_soak.report.ab_lanes import MOST_SHOWN, run_abs
from pytest_soak.report.ab_view import ab_view
from pytest_soak.report.page import ab_page, report_text
from pytest_soak.report.read import Reader, read_run
from pytest_soak.storage.files import write_json


def found(*reports: AbReport, under_way: int | None = None) -> FoundAb:
    return FoundAb("AB_x", reports or (ab_report(),), under_way)


def shown(of: FoundAb) -> str:
    return words(Page(ab_page(of)))


def test_the_page_says_what_was_compared_on_how_much_what_decides_and_what_is_next() -> None:
    told = shown(found())
    assert told.count("PROMOTE wider against steady_safe on calm, 10 % net_bps +0.4 bps") == 1
    assert "Next: the same with --stage=50" in told
    assert (
        "compared 2 pairs of lanes blocks under B 24 of 30 min hours of each lane 24 of 24" in told
    )
    assert "hours needed, by the pilot 6 could tell from 0 0.1 bps" in told
    assert "net_bps 3 3.4 +0.4 bps +0.3 to +0.5 24 better >= +0.2 and sure to be above 0" in told
    assert "missed in more than 20 of 100 such stages" in told
    assert "chance that one is wrong: net_bps 5 %)" in told
    assert "What B changes A B spread 1 2" in told
    assert "None was passed. taker: taker_ratio of 1h > 0.09 for 10m" in told
    assert "1 AABA 2 BAAA" in told
    assert "Money over the blocks under B: 110 instead of 100." in told


@pytest.mark.parametrize(
    ("decision", "colour", "then"),
    [
        ("PROMOTE", "PASS", "let B take the place of A"),
        ("HOLD", "HOLD", "keep A"),
        ("ROLLBACK", "FAIL", "keep A"),
    ],
)
def test_a_decision_has_a_colour_and_what_is_next(decision: str, colour: str, then: str) -> None:
    page = Page(ab_page(found(ab_report(100, decision=decision))))
    assert ("class", f"badge {colour}") in page.attributes
    assert f"Next: {then}" in words(page)
    assert ("HOLD blocks, and is no failure" in words(page)) == (decision == "HOLD")


def test_what_decides_comes_first_and_the_rest_can_be_opened() -> None:
    view = ab_view(found())
    assert [row.metric.metric for row in view.judged] == ["net_bps"]
    assert [row.metric.metric for row in view.others] == ["taker_ratio"]


@pytest.mark.parametrize(
    ("verdict", "mark", "colour"),
    [
        ("better", "better", "better"),
        ("more", "better", "better"),
        ("worse", "FAIL", "worse"),
        ("harm", "FAIL", "worse"),
        ("less", "FAIL", "worse"),
        ("open", "grace PASS", ""),
        ("no harm shown", "grace PASS", ""),
        ("constant", "grace PASS", ""),
    ],
)
def test_a_difference_is_a_whisker_beside_its_limit(verdict: str, mark: str, colour: str) -> None:
    one = ab_metric(delta=-0.5, low=-0.6, high=-0.4, limit=0.2, verdict=verdict)
    (row,) = ab_view(found(ab_report(metrics=[one], could_see=0.3))).judged
    assert [mark.kind for mark in row.chart.marks] == [mark]
    assert row.kind == colour
    assert [(rule.kind, rule.path) for rule in row.chart.rules] == [
        ("zero", "M180 0V26"),
        ("final", "M236.7 0V26"),  # an axis from -0.6 to 0.6
    ]
    (line,) = row.chart.lines
    assert line.startswith("M10 13H66.7")
    (grey,) = row.chart.rects
    assert (grey.x, grey.width) == ("95", "170")
    assert row.chart.label == "net_bps: -0.5, bounds from -0.6 to -0.4"


def test_what_is_asked_is_on_the_axis_however_far_it_is() -> None:
    one = ab_metric(delta=0.1, low=0.05, high=0.15, limit=0.2)
    (row,) = ab_view(found(ab_report(metrics=[one], could_see=None))).judged
    assert [rule.path for rule in row.chart.rules] == ["M180 0V26", "M350 0V26"]
    assert row.chart.lines[0].startswith("M222.5 13H307.5")


def test_of_one_lane_groups_of_blocks_are_counted() -> None:
    told = shown(found(ab_report(paired=False, assignment=[AbLane(seed=1, blocks="AB")])))
    assert "compared one lane" in told
    assert "groups found asked net_bps" in told
    assert "Stage 10 % on calm: 1 seed, 24 of 24 h" in told


def test_only_net_bps_has_what_could_be_seen() -> None:
    (row,) = ab_view(found(ab_report(metrics=[ab_metric("slippage_bps")]))).judged
    assert row.chart.rects == ()


def test_a_passed_limit_a_low_power_and_a_later_stage_are_told() -> None:
    passed = "taker: taker_ratio = 0.1, > 0.09 for 10 min at 2025-01-01T00:00:00Z"
    report = ab_report(decision="ROLLBACK", passed=[passed], low_power=True, metrics=[])
    told = shown(found(report, under_way=50))
    assert f"Absolute limits of B {passed} taker: taker_ratio of 1h" in told
    assert "None was passed" not in told
    assert "Low power: begun with 24 h though 6 h are needed" in told
    assert "Stage 50 % was begun since, and is not decided." in told
    assert "No KPI was compared: too few blocks under B were done." in told


def test_a_report_of_a_version_that_told_less_says_so() -> None:
    told = shown(found(ab_report(rails=[], could_see=None, power=None)))
    assert "Absolute limits of B Not told by this report." in told
    assert "could tell" not in told
    assert "grey area" not in told


def test_stages_before_it_are_a_table() -> None:
    told = shown(found(*stages(["PROMOTE", "HOLD"])))
    assert "HOLD wider against steady_safe on calm, 50 %" in told
    assert "10 % PROMOTE +0.4 bps 24 of 24 24 net_bps +0.4 bps over 24 blocks: better 50 %" in told
    assert "Stages" not in shown(found())


TEXTS = st.sampled_from(HOSTILE) | st.text(min_size=1, max_size=20)


def hostile(text: str) -> AbReport:
    """A report in which whatever has a name is called `text`."""
    arms = [AbArm(name=f"{text}{n}", digest="x", overrides={}, flags={}) for n in "ab"]
    return ab_report(
        source=text,
        market=text,
        reasons=[text],
        rails=[text],
        passed=[text],
        a=arms[0],
        b=arms[1],
        changes={text: AbChange(a=1.0, b=True)},
        metrics=[ab_metric(text, rule=text, verdict=text), ab_metric(text, rule="")],
        versions={text: text},
    )


@settings(max_examples=25)
@given(TEXTS)
def test_whatever_it_says_is_text(text: str) -> None:
    written = ab_page(found(hostile(text), hostile(text)))
    page, plain = Page(written), Page(ab_page(found(hostile("x"), hostile("x"))))
    assert page.open == []
    assert page.tags == plain.tags
    assert {name for name, _ in page.attributes} <= ATTRIBUTES
    assert written.replace("\n", "").isprintable()


@pytest.mark.parametrize("text", HOSTILE)
def test_what_it_says_can_still_be_read(text: str) -> None:
    written = ab_page(found(hostile(text)))
    assert words(Page(written)).count(escaped(text)) >= 9
    assert not re.search(r"<script|<img|url\(|@import|https?:", written)
    assert "default-src 'none'" in written


# a folder of A/Bs


def test_a_folder_has_the_ab_that_was_decided_last_first(tmp_path: Path) -> None:
    write_abs(tmp_path, *stages(["PROMOTE", "PROMOTE"]), name="AB_1")
    write_abs(tmp_path, ab_report(decision="HOLD"), name="AB_2")
    of = found_abs(tmp_path)
    assert [(one.name, [x.stage for x in one.stages]) for one in of.found] == [
        ("AB_2", [10]),
        ("AB_1", [10, 50]),
    ]
    write_abs(tmp_path, ab_report(100), name="AB_1")
    assert [one.name for one in found_abs(tmp_path).found] == ["AB_1", "AB_2"]


def test_a_stage_that_is_not_decided_goes_on_unless_another_took_its_place(tmp_path: Path) -> None:
    write_abs(tmp_path, ab_report(), name="AB_1")
    add(tmp_path, "started", 50, "AB_1")
    assert [one.under_way for one in found_abs(tmp_path).found] == [50]
    add(tmp_path, "interrupted", 50, "AB_1")
    assert [one.under_way for one in found_abs(tmp_path).found] == [50]
    add(tmp_path, "superseded", 50, "AB_1")
    assert [one.under_way for one in found_abs(tmp_path).found] == [None]
    add(tmp_path, "started", 10, "AB_2")
    assert [one.name for one in found_abs(tmp_path).found] == ["AB_1"]


def test_what_is_not_as_the_ledger_says_is_a_problem_and_no_ab(tmp_path: Path) -> None:
    write_abs(tmp_path, *stages(["PROMOTE", "HOLD"]))
    path = tmp_path / "AB_0123456789ab_50.json"
    path.write_text(path.read_text("utf-8").replace("HOLD", "PROMOTE"), "utf-8")
    of = found_abs(tmp_path)
    assert [[x.stage for x in one.stages] for one in of.found] == [[10]]
    assert of.problems == (f"{path}: is missing, or is not what the ledger says was written",)
    path.unlink()
    assert found_abs(tmp_path) == of
    ledger = tmp_path / LEDGER
    ledger.write_text(ledger.read_text("utf-8").replace("promoted", "held"), "utf-8")
    assert found_abs(tmp_path).found == ()
    assert len(found_abs(tmp_path).problems) == 1


def test_no_file_elsewhere_is_read(tmp_path: Path) -> None:
    write_abs(tmp_path / "elsewhere", ab_report())
    folder = tmp_path / "ab"
    folder.mkdir()
    text = (tmp_path / "elsewhere/AB_0123456789ab_10.json").read_text("utf-8")
    add(folder, "promoted", 10, "x", file="../elsewhere/AB_0123456789ab_10.json", text=text)
    assert found_abs(folder).found == ()


@pytest.mark.parametrize(
    "run", ["soak/latest", "soak/runs/old", "soak/latest/a", "soak/runs/old/a"]
)
def test_the_abs_of_a_run_lie_beside_its_root(tmp_path: Path, run: str) -> None:
    assert abs_place(tmp_path / run) == tmp_path / "ab"
    assert abs_place(tmp_path / "elsewhere/run") is None


# a section of a run's report


def a_run(place: Path, overrides: dict[str, float], **more: Any) -> Path:
    """An artifact root whose lane is soaked with these overrides; beside it is room for A/Bs."""
    root = place / "soak"
    rows = [summary_of(n, overrides=overrides) for n in (1, 2, 3)]
    write_result(root / "latest", [write_lane(root / "latest", rows, [metric()], **more)])
    return root


def section(root: Path) -> str:
    """What the report says of A/Bs; empty where it has no such section."""
    run = read_run(root)
    html = Sections().of(run, {}, over=True).parts.get("ab", "")
    text = report_text(run, {})
    assert html in text
    assert Page(text).open == []
    assert ('id="ab"' in text) == bool(html)
    return words(Page(html))


def test_a_run_of_b_has_it_in_the_head_and_as_a_section(tmp_path: Path) -> None:
    root = a_run(tmp_path, B)
    write_abs(tmp_path / "ab", ab_report())
    text = report_text(read_run(root), {})
    head = words(Page(text.partition("</header>")[0].partition("<header>")[2]))
    assert head.endswith("A/B PROMOTE wider against steady_safe on calm, 10 %")
    assert ("href", "#ab") in Page(text).attributes
    told = section(root)
    assert "A/B: PROMOTE wider against steady_safe on calm, 10 %" in told
    assert "B (wider) is what is soaked here: safe-calm-1" in told
    assert "A (steady_safe) is" not in told


def test_a_run_of_a_has_it_to_be_opened_and_not_in_its_head(tmp_path: Path) -> None:
    root = a_run(tmp_path, A)
    write_abs(tmp_path / "ab", ab_report(decision="ROLLBACK"))
    assert "A (steady_safe) is what is soaked here: safe-calm-1" in section(root)
    assert 'href="#ab"' not in report_text(read_run(root), {})
    (view,) = run_abs(read_run(root)).shown
    assert view.aside


@pytest.mark.parametrize(
    "other",
    [
        {"source": "another"},
        {"market": "spike"},
        {"scenario_hash": "f" * 64},
        {"b": AbArm(name="b", digest="", overrides={"spread": 3.0}, flags={})},
        {"b": AbArm(name="b", digest="", overrides=B, flags={"cap": True})},
        {"b": AbArm(name="b", digest="", overrides={**B, "more": 1.0}, flags={})},
    ],
)
def test_what_is_of_another_target_market_or_configuration_is_not_shown(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    root = a_run(tmp_path, B)
    write_abs(tmp_path / "ab", ab_report(**other))
    assert section(root) == ""
    assert section(a_run(tmp_path / "without", B)) == ""


def test_feature_flags_are_part_of_a_configuration(tmp_path: Path) -> None:
    arm = AbArm(name="b", digest="", overrides=B, flags={"cap": True})
    root = a_run(tmp_path, B, flags_hash=flags_hash({"cap": True}))
    write_abs(tmp_path / "ab", ab_report(b=arm))
    assert "B (b) is what is soaked here" in section(root)


def test_of_many_abs_those_of_b_come_first_and_the_rest_is_counted(tmp_path: Path) -> None:
    root = a_run(tmp_path, A)
    for n in range(5):
        arm = AbArm(name=f"b{n}", digest="", overrides={"spread": 10.0 + n}, flags={})
        write_abs(tmp_path / "ab", ab_report(b=arm), name=f"AB_{n}")
    ours = AbArm(name="was", digest="", overrides={"spread": 7.0}, flags={})
    theirs = AbArm(name="now", digest="", overrides=A, flags={})
    write_abs(tmp_path / "ab", ab_report(a=ours, b=theirs), name="AB_before")
    write_abs(tmp_path / "ab", ab_report(decision="HOLD"), name="AB_last")
    of = run_abs(read_run(root))
    assert [view.title.split()[0] for view in of.shown] == ["now", "wider", "b4"]
    assert len(of.shown) == MOST_SHOWN
    assert of.notes == [f"4 more A/Bs of these configurations: see {tmp_path / 'ab'}"]


def test_a_damaged_ledger_costs_a_note_and_no_report(tmp_path: Path) -> None:
    root = a_run(tmp_path, B)
    write_abs(tmp_path / "ab", ab_report())
    (tmp_path / "ab" / LEDGER).write_text("nonsense\nmore\n")
    assert "LEDGER.jsonl" in section(root)


def test_a_run_under_way_is_what_its_newest_iteration_was(tmp_path: Path) -> None:
    root = tmp_path / "soak"
    for number, overrides in enumerate((A, B), start=1):
        one = summary_of(number, overrides=overrides)
        write_json(root / f"latest/ITER_SUMMARY_{number}.json", one.data())
    write_abs(tmp_path / "ab", ab_report())
    assert "B (wider) is what is soaked here" in section(root)


def test_the_live_page_has_the_section_once_it_is_decided(tmp_path: Path) -> None:
    root = a_run(tmp_path, B)
    reader, sections = Reader(root), Sections()
    before = sections.of(reader.read(), {}, over=True)
    assert "ab" not in before.parts
    write_abs(tmp_path / "ab", ab_report())
    after = sections.of(reader.read(), {}, over=True)
    assert "wider against steady_safe" in after.parts["ab"]
    write_abs(tmp_path / "ab", ab_report(50, decision="HOLD"))
    assert "50 %" in sections.of(reader.read(), {}, over=True).parts["ab"]
    assert list(after.parts).index("ab") > list(after.parts).index("of-lane-1")


# pytest-soak report


def told(capsys: pytest.CaptureFixture[str], *command: str) -> list[str]:
    commands.main(["report", *command], standalone_mode=False)
    return capsys.readouterr().out.splitlines()


def test_the_pages_of_a_folder_are_made_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_abs(tmp_path / "ab", *stages(["PROMOTE", "HOLD"]))
    pages = [folder / f"AB_0123456789ab_{stage}.html" for stage in (10, 50)]
    assert told(capsys, str(folder)) == [str(page) for page in pages]
    assert "Stages" not in words(Page(pages[0].read_text("utf-8")))
    assert "HOLD wider against" in words(Page(pages[1].read_text("utf-8")))
    first = pages[0].read_text("utf-8")
    other = tmp_path / "one.html"
    one = str(pages[0].with_suffix(".json"))
    assert told(capsys, one, f"--output={other}") == [str(other)]
    assert other.read_text("utf-8") == first
    pages[0].unlink()
    assert told(capsys, one) == [str(pages[0])]
    assert pages[0].read_text("utf-8") == first


def test_abs_that_lie_elsewhere_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = a_run(tmp_path, B)
    write_abs(tmp_path / "elsewhere", ab_report())
    told(capsys, str(root))
    report = root / "latest/report.html"
    assert "wider against" not in report.read_text("utf-8")
    told(capsys, str(root), f"--ab={tmp_path / 'elsewhere'}")
    assert "wider against" in report.read_text("utf-8")


def test_what_cannot_be_meant_is_one_line(tmp_path: Path) -> None:
    def problem(source: Path, output: str | None = None, abs_at: str | None = None) -> str:
        return usage_error(lambda: make_reports(source, output, tmp_path, abs_at))

    root = a_run(tmp_path, B)
    expected = "--ab: nowhere: expected the --dir of pytest-soak ab, which has a LEDGER.jsonl"
    assert problem(root, abs_at="nowhere") == expected
    folder = write_abs(tmp_path / "ab", ab_report())
    assert problem(folder, "x.html").startswith("--output: ")
    assert "give one AB_*.json" in problem(folder, "x.html")
    alone = tmp_path / "alone"
    alone.mkdir()
    lone = alone / "AB_0123456789ab_10.json"
    lone.write_text((folder / lone.name).read_text("utf-8"), "utf-8")
    assert "no LEDGER.jsonl beside it says that this stage was decided" in problem(lone)
    begun = tmp_path / "begun"
    begun.mkdir()
    add(begun, "started", 10, "x")
    assert problem(begun) == f"{begun}: no stage is decided yet"
    (folder / lone.name).write_text("{}")
    assert problem(folder) == (
        f"{folder / lone.name}: is missing, or is not what the ledger says was written"
    )


def test_the_lane_of_an_outcome_alone_is_of_no_ab(tmp_path: Path) -> None:
    write_result(tmp_path / "soak/latest", [outcome_of("safe-calm-1", 0)])
    write_abs(tmp_path / "ab", ab_report())
    assert section(tmp_path / "soak") == ""
