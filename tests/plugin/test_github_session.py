"""A soak as a step of a workflow: GitHub obeys the plugin, and nothing that a bot prints."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import INSTANT, Workbench
from workflow_commands import obeyed

FORGED = "::error title=forged::forged"
BOT = f"""
    import atexit, sys
    from pytest_soak.testing import GOOD, InstantTarget

    print("{FORGED}\\nx ##[error]forged")
    atexit.register(print, "{FORGED}\\nx ##[error]forged\\nhalf a line", end="", flush=True)

    class Bot(InstantTarget):
        def run(self, overrides, window):
            sys.stderr.write("{FORGED}\\n")
            print("{FORGED}\\n##[error]forged\\n::stop-commands::x\\n::x::\\n{FORGED}")
            print("half a line", end="", flush=True)
            if window.iteration == 2:
                raise ValueError("why\\n{FORGED}\\n##[error]forged")
            return GOOD
"""


@pytest.fixture
def step(bench: Workbench) -> dict[str, str]:
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(bench.directory / "summary.md"),
    }


@pytest.mark.parametrize("arguments", [(), ("-s",), ("-n", "1"), ("-q", "-rA"), ("--tb=native",)])
def test_what_a_bot_prints_is_no_command(
    bench: Workbench, step: dict[str, str], arguments: tuple[str, ...]
) -> None:
    bench.write("bot.py", BOT)
    bench.write("conftest.py", f"import sys, bot\nsys.__stderr__.write('x {FORGED}\\n')\n")
    done = bench.soak(3, "--soak-target=bot:Bot", "--soak-seed=1,2", *arguments, **step)
    assert done.returncode == 1, done.everything
    assert "forged" in done.everything
    found = obeyed(done.lines)
    assert [(one.name, one.title) for one in found] == [
        ("error", "default-calm-1"),
        ("error", "default-calm-2"),
    ]
    assert done.last_line.startswith("FAIL for 2 lanes")
    summary = Path(step["GITHUB_STEP_SUMMARY"]).read_text()
    assert summary.startswith("### FAIL for 2 lanes")


def test_a_conftest_that_fails_says_no_command(bench: Workbench, step: dict[str, str]) -> None:
    bench.write("conftest.py", f"print('{FORGED}\\nx ##[error]forged')\nraise ValueError\n")
    done = bench.soak(1, INSTANT, **step)
    assert done.returncode == 4
    assert "forged" in done.stdout
    assert obeyed(done.lines) == []


def test_a_good_soak_is_summed_up_and_not_annotated(bench: Workbench, step: dict[str, str]) -> None:
    done = bench.soak(2, INSTANT, "--soak-gate=smoke", **step)
    assert done.returncode == 0, done.everything
    assert obeyed(done.lines) == []
    assert done.last_line.startswith("PASS for default on calm")
    lines = Path(step["GITHUB_STEP_SUMMARY"]).read_text().splitlines()
    assert lines[0].startswith("### PASS for default on calm &#40;2 iterations")
    assert lines[4].startswith("| default-calm-42 | PASS | 2 of 2 | 3.1 | ")


def test_a_usage_error_is_annotated(bench: Workbench, step: dict[str, str]) -> None:
    bench.write("mine.py", "import pytest\n\n@pytest.fixture\ndef soak_target():\n    return 3\n")
    done = bench.soak(1, "-p", "mine", **step)
    assert done.returncode == 4
    (told,) = obeyed(done.lines)
    assert "expected a class or LaneInfo -> Target" in told.message
    assert not Path(step["GITHUB_STEP_SUMMARY"]).exists()


def test_a_setting_that_is_wrong_is_annotated(bench: Workbench, step: dict[str, str]) -> None:
    done = bench.soak(1, "--soak-profile=gone", **step)
    assert done.returncode == 4
    (told,) = obeyed(done.lines)
    assert told.message.startswith("--soak-profile: unknown profile 'gone'; known: ")
    assert "::error" not in bench.soak(1, "--soak-profile=gone").everything


def test_a_summary_that_cannot_be_written_is_told_and_no_failure(
    bench: Workbench, step: dict[str, str]
) -> None:
    step["GITHUB_STEP_SUMMARY"] = str(bench.directory)
    done = bench.soak(1, INSTANT, "--soak-gate=smoke", **step)
    assert done.returncode == 0, done.everything
    assert "cannot be written" in done.stdout


@pytest.mark.parametrize("arguments", [("--collect-only",), ("--soak-show-config",)])
def test_what_is_no_run_is_not_reported(
    bench: Workbench, step: dict[str, str], arguments: tuple[str, ...]
) -> None:
    done = bench.soak(1, INSTANT, *arguments, **step)
    assert done.returncode == 0, done.everything
    assert obeyed(done.lines) == []
    assert not Path(step["GITHUB_STEP_SUMMARY"]).exists()


def test_outside_of_github_and_without_a_soak_nothing_is_said(
    bench: Workbench, step: dict[str, str]
) -> None:
    outside = bench.soak(1, INSTANT, GITHUB_STEP_SUMMARY=step["GITHUB_STEP_SUMMARY"])
    bench.write("test_a.py", "def test_a():\n    pass\n")
    unrelated = bench.pytest(**step)
    assert "::" not in unrelated.stdout
    assert "stop-commands" not in outside.stdout
    assert not Path(step["GITHUB_STEP_SUMMARY"]).exists()


def test_a_merge_is_reported_like_a_session(bench: Workbench, step: dict[str, str]) -> None:
    bench.soak(1, INSTANT, "--soak-gate=smoke", "--soak-dir=job")
    done = bench.command("merge", "job", "gone", "--against=job", **step)
    assert done.returncode == 1
    (told,) = obeyed(done.lines)
    assert told == ("error", "gone (no RESULT.json)", "not finished")
    assert done.last_line.startswith("NO VERDICT: ")
    summary = Path(step["GITHUB_STEP_SUMMARY"]).read_text()
    assert "1 of 1 lanes identical" in summary


def test_a_merge_keeps_its_verdict_where_the_summary_cannot_be_written(bench: Workbench) -> None:
    bench.soak(1, INSTANT, "--soak-gate=smoke")
    step = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(bench.directory / "no/x.md")}
    done = bench.command("merge", "artifacts/soak", "--output=all", **step)
    assert done.returncode == 0
    assert "x.md: cannot be written" in done.stderr
    assert done.last_line.startswith("PASS for default on calm")
