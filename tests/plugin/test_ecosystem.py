"""Other people's plugins beside a soak, each by a real session."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from harness import INSTANT, Outcome, Workbench

QUICK = (INSTANT, "--soak-gate=smoke")
FAILING = 'name: never\nthresholds: [{metric: net_bps, fail_unless: ">= 99"}]\n'


@pytest.fixture
def bench(bench: Workbench) -> Workbench:
    """With the plugins of others."""
    return replace(bench, addopts="")


@pytest.fixture
def shell(shell: Workbench) -> Workbench:
    """With the plugins of others."""
    return replace(shell, addopts="")


def good(done: Outcome, iterations: int) -> Outcome:
    assert done.returncode == 0, done.everything
    assert len(done.summaries()) == iterations
    assert done.last_line.startswith("PASS for default on calm")
    return done


def test_html_reports_the_iterations_and_the_gate(bench: Workbench) -> None:
    bench.write("never.yaml", FAILING)
    done = bench.soak(
        2, INSTANT, "--soak-gate=never.yaml", "--html=report.html", "--self-contained-html"
    )
    assert done.returncode == 1, done.everything
    text = (bench.directory / "report.html").read_text(encoding="utf-8")
    for node in ("iter0001", "iter0002"):
        assert f"soak::default-calm-42::{node}" in text
    assert "soak::gates::default-calm-42::net_bps" in text
    assert "net_bps = 3.1, fail unless" in text


def test_the_report_log_has_every_iteration_and_its_kpis(bench: Workbench) -> None:
    good(bench.soak(2, *QUICK, "--report-log=log.jsonl"), 2)
    text = (bench.directory / "log.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    calls = [x for x in lines if x["$report_type"] == "TestReport" and x["when"] == "call"]
    assert [x["nodeid"][-8:] for x in calls] == ["iter0001", "iter0002"]
    assert all(["net_bps", 3.1] in x["user_properties"] for x in calls)


def test_coverage_measures_the_users_bot(bench: Workbench) -> None:
    bench.write(
        "bot.py",
        """
        from pytest_soak.testing import GOOD, InstantTarget

        class Bot(InstantTarget):
            def run(self, overrides, window):
                if window.iteration == 99:
                    return None
                return GOOD
        """,
    )
    arguments = ("--soak-target=bot:Bot", "--soak-gate=smoke", "--cov=bot", "--cov-report=term")
    for workers in ((), ("-n", "1")):
        done = good(bench.soak(2, *arguments, *workers), 2)
        assert re.search(r"^bot\.py +6 +1 +83%", done.stdout, re.MULTILINE), done.stdout


def test_a_session_that_times_out_ends_between_iterations(bench: Workbench) -> None:
    done = bench.soak(50, *QUICK, "--soak-sleep=0.2", "--session-timeout=1")
    assert done.returncode != 0, done.everything
    assert "session-timeout" in done.everything
    assert 1 <= len(done.summaries()) < 50
    files = [name for name in done.iteration_files() if name != "ITER_SUMMARY_final.json"]
    assert len(files) == len(done.summaries())
    assert "PASS" not in done.last_line


@pytest.mark.parametrize("given", ["ini", "marker"])
def test_a_timeout_of_the_users_fails_its_item_and_not_the_lane(
    bench: Workbench, given: str
) -> None:
    mark = "@pytest.mark.timeout(3)" if given == "marker" else ""
    bench.write("pytest.ini", "[pytest]\n" + ("timeout = 3\n" if given == "ini" else ""))
    bench.write(
        "test_a.py",
        f"""
        import time
        import pytest

        {mark}
        def test_a(soak_iteration):
            if soak_iteration.run().iteration == 2:
                time.sleep(600)
        """,
    )
    done = bench.soak(3, *QUICK)
    assert done.returncode == 1, done.everything
    assert len(done.summaries()) == 3
    assert re.search(r"soak: FAILED \S+iter0002\]: Failed: Timeout", done.stdout), done.stdout
    assert "1 failed, 2 passed" in done.stdout


def test_strict_sessions_without_a_cache_take_a_soak_of_a_marked_test(bench: Workbench) -> None:
    bench.write(
        "test_a.py",
        """
        import pytest

        @pytest.mark.smoke
        @pytest.mark.soak
        def test_a(soak_iteration):
            soak_iteration.run()

        def test_b():
            pass
        """,
    )
    strict = ("-W", "error", "--strict-markers", "-p", "no:cacheprovider")
    done = good(bench.soak(2, *QUICK, *strict, "-m", "smoke"), 2)
    assert "2 passed" in done.stdout
    assert ".pytest_cache" not in bench.files()


def test_a_marked_smoke_test_is_chosen_without_a_soak(bench: Workbench) -> None:
    bench.write(
        "test_a.py",
        """
        import pytest

        @pytest.mark.smoke
        def test_a(soak_market):
            pass

        def test_b():
            pass
        """,
    )
    done = bench.pytest("-m", "smoke", "--strict-markers", "-W", "error")
    assert done.returncode == 0, done.everything
    assert "1 passed, 1 deselected" in done.stdout


def test_all_of_them_together(shell: Workbench) -> None:
    done = shell.soak(
        3,
        *QUICK,
        *("-W", "error", "--strict-markers", "-p", "no:cacheprovider", "-p", "randomly"),
        *("-n", "2", "--soak-seed=1,2", "--junitxml=junit.xml", "--report-log=log.jsonl"),
        *("--html=report.html", "--cov=pytest_soak.testing", "--timeout=60", "-m", "soak"),
    )
    assert done.returncode == 0, done.everything
    assert len(done.summaries()) == 6
    assert done.last_line.startswith("PASS for 2 lanes")
    assert {"junit.xml", "log.jsonl", "report.html"} <= shell.files()
