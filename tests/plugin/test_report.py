"""What a soak leaves to look at, and the command that looks at it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ab_reports import ab_report, write_abs
from harness import INSTANT, Outcome, Workbench

from pytest_soak.artifacts.ab_models import AbArm

LATEST = "artifacts/soak/latest"
BREAKING_BOT = """
    from pathlib import Path
    from pytest_soak.testing import InstantTarget

    class Bot(InstantTarget):
        def run(self, overrides, window):
            Path("artifacts/soak/latest/ITER_SUMMARY_9.json").write_text("{")
            return super().run(overrides, window)
"""
TEMPERAMENTAL_BOT = """
    from pytest_soak.testing import InstantTarget

    class Bot(InstantTarget):
        def run(self, overrides, window):
            if window.iteration == 3:
                raise KeyboardInterrupt
            return super().run(overrides, window)
"""


def report_of(done: Outcome) -> str:
    return (done.directory / LATEST / "report.html").read_text(encoding="utf-8")


def trend_of(done: Outcome) -> str:
    return (done.directory / LATEST / "STEADY_TREND.md").read_text(encoding="utf-8")


def test_a_soak_ends_with_a_report_and_a_trend(bench: Workbench) -> None:
    done = bench.soak(6, INSTANT)
    assert done.returncode == 0, done.everything
    assert f"report: {Path(LATEST) / 'report.html'}" in done.lines
    assert "<title>PASS: default-calm-42, target pytest_soak.testing:InstantTarget</title>" in (
        report_of(done)
    )
    assert "## default-calm-42\n\nVerdict: PASS. 6 iterations, 2 of them steady" in trend_of(done)


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_lanes_share_one_report_and_one_trend(bench: Workbench, workers: tuple[str, ...]) -> None:
    done = bench.soak(2, INSTANT, "--soak-seed=1..3", *workers)
    assert done.returncode == 0, done.everything
    assert report_of(done).count('<section class="lane"') == 3
    assert trend_of(done).count("\n## ") == 3
    assert not list((done.directory / LATEST).glob("*/report.html"))


def test_the_gate_of_the_lane_is_drawn_before_anything_is_graded(bench: Workbench) -> None:
    done = bench.soak(2, INSTANT)
    metrics = done.artifact("artifacts/KPI_GATE.json")["metrics"]
    assert {m["reason"] for m in metrics} == {"nothing graded yet"}
    assert 'class="warn"' in report_of(done)


def test_a_failed_lane_and_an_interrupted_one_are_reported(bench: Workbench) -> None:
    bench.write("strict.yaml", 'name: strict\nthresholds: [{metric: net_bps, fail_unless: "> 4"}]')
    failed = bench.soak(3, INSTANT, "--soak-gate=strict.yaml", "--soak-gate-mode=hard")
    assert failed.returncode == 1
    assert "iteration 1: net_bps = 3.1, fail unless &gt; 4 (strict)" in report_of(failed)
    bench.write("bot.py", TEMPERAMENTAL_BOT)
    interrupted = bench.soak(5, "--soak-target=bot:Bot")
    assert interrupted.returncode == 2
    assert "<title>NO VERDICT: default-calm-42" in report_of(interrupted)
    assert "Verdict: none. 2 iterations" in trend_of(interrupted)


def test_the_report_goes_where_it_is_wanted(bench: Workbench) -> None:
    done = bench.soak(1, INSTANT, "--soak-report=here/my report.html")
    assert (done.directory / "here" / "my report.html").read_text().startswith("<!DOCTYPE html>")
    assert not (done.directory / LATEST / "report.html").exists()
    assert f"report: {Path('here/my report.html')}" in done.lines


def test_a_folder_is_no_place_for_a_report(bench: Workbench) -> None:
    done = bench.soak(1, INSTANT, "--soak-report=.")
    assert done.returncode == 4
    assert "ERROR: --soak-report: expected a file" in done.everything


def test_a_report_that_cannot_be_written_costs_no_verdict(bench: Workbench) -> None:
    bench.write("file", "")
    done = bench.soak(1, INSTANT, "--soak-report=file/report.html")
    assert done.returncode == 0
    assert re.search(r"soak: no report: .*report.html: cannot be written: ", done.stdout)
    assert done.artifact("RESULT.json")["exit_status"] == 0
    assert done.last_line.startswith("WARN for default on calm")
    assert "report: " not in [line[:8] for line in done.lines]


def test_a_run_that_cannot_be_read_costs_no_verdict(bench: Workbench) -> None:
    bench.write("bot.py", BREAKING_BOT)
    done = bench.soak(1, "--soak-target=bot:Bot")
    assert done.returncode == 0, done.everything
    assert "soak: no report: " in done.stdout
    assert "ITER_SUMMARY_9.json: is not valid JSON" in done.stdout
    assert "Traceback" not in done.everything


def test_nothing_is_written_where_nothing_ran(bench: Workbench) -> None:
    bench.soak(1, INSTANT, "--collect-only")
    assert not any("report" in name for name in bench.files())


def test_the_same_seed_gives_the_same_report(bench: Workbench) -> None:
    texts = []
    for name in ("a", "b"):
        done = bench.beside(name).soak(6, "--soak-target=mock", "--soak-profile=aggressive")
        texts.append(
            (re.sub(r"(?s)<!-- meta -->.*?<!-- /meta -->", "", report_of(done)), trend_of(done))
        )
    assert texts[0] == texts[1]


def test_an_ab_of_what_is_soaked_is_in_the_report(bench: Workbench) -> None:
    done = bench.soak(2, "--soak-target=mock")
    summary = done.artifact("ITER_SUMMARY_2.json")
    assert "A/B" not in report_of(done)
    arm = AbArm(name="<b>&", digest="", overrides=summary["overrides"], flags=summary["flags"])
    write_abs(bench.directory / "artifacts/ab", ab_report(source=summary["source"], b=arm))
    again = bench.soak(2, "--soak-target=mock")
    assert "&lt;b&gt;&amp; against steady_safe on calm, 10 %" in report_of(again)
    pages = bench.command("report", "artifacts/ab")
    assert pages.stdout == "artifacts/ab/AB_0123456789ab_10.html\n", pages.everything
    wrong = bench.command("report", "--ab=artifacts")
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (4, 1), wrong.everything
    assert wrong.stderr.startswith("ERROR: --ab: artifacts: expected the --dir of pytest-soak ab")


def test_the_trend_of_a_run_is_printed_or_written(bench: Workbench) -> None:
    bench.soak(6, INSTANT)
    printed = bench.command("trend", "artifacts/soak")
    assert printed.returncode == 0, printed.everything
    assert printed.stdout == trend_of(printed)
    assert printed.stdout.isascii()
    written = bench.command("trend", LATEST, "--output", "out/trend.md")
    assert (written.returncode, written.stdout.strip()) == (0, str(Path("out/trend.md")))
    assert (bench.directory / "out/trend.md").read_text() == printed.stdout


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (
            ("trend", "9"),
            "RUN: no run '9': artifacts/soak has 1 run, and there is none at that path",
        ),
        (("trend", "gates"), "gates: holds no iteration of a soak; give an artifact folder"),
        (("trend", LATEST, "--output", "artifacts"), "artifacts: cannot be written"),
    ],
)
def test_mistakes_are_one_line_and_status_four(
    bench: Workbench, arguments: tuple[str, ...], problem: str
) -> None:
    bench.soak(1, INSTANT)
    bench.write("gates/mine.yaml", "")
    done = bench.command(*arguments)
    assert done.returncode == 4
    assert problem in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_lane_that_fails_at_once_is_reported_beside_a_good_one(bench: Workbench) -> None:
    bench.write(
        "bot.py",
        """
        from pytest_soak.testing import InstantTarget

        class Bot(InstantTarget):
            def start(self, lane):
                if lane.seed == 2:
                    raise ConnectionError("no exchange")
        """,
    )
    done = bench.soak(3, "--soak-target=bot:Bot", "--soak-gate=smoke", "--soak-seed=1,2")
    assert done.returncode == 1, done.everything
    assert any(line.startswith("report: ") for line in done.lines), done.everything
    page = (bench.directory / "artifacts/soak/latest/report.html").read_text()
    assert page.count("ConnectionError: no exchange") >= 1
    assert "default-calm-1" in page
    merged = bench.command("merge", "artifacts/soak", "--output=all")
    assert merged.returncode == 1
    assert merged.last_line.startswith("FAIL for 2 lanes (1 PASS, 1 FAIL")
