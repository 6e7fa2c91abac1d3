"""A disk that cannot be written: a clear message, and nothing lost of what was done."""

from __future__ import annotations

import pytest
from harness import INSTANT, Workbench

BREAKING_BOT = """
    from pathlib import Path
    from pytest_soak.testing import InstantTarget

    class Bot(InstantTarget):
        def run(self, overrides, window):
            if window.iteration == 3:
                Path("artifacts/soak/latest/ITER_SUMMARY_3.json").mkdir()
            return super().run(overrides, window)
"""


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_an_artifact_folder_that_cannot_be_prepared_is_a_usage_error(
    bench: Workbench, workers: tuple[str, ...]
) -> None:
    bench.write("here/latest/RESULT.json", "{}")
    bench.write("here/runs", "a file")
    done = bench.soak(2, INSTANT, "--soak-dir=here", *workers)
    assert done.returncode == 4, done.everything
    assert "ERROR: --soak-dir: " in done.everything
    assert "here: cannot be written: " in done.everything
    assert "Traceback" not in done.everything


def test_a_file_that_cannot_be_written_fails_its_iteration_and_ends_the_lane(
    bench: Workbench,
) -> None:
    bench.write("bot.py", BREAKING_BOT)
    done = bench.soak(5, "--soak-target=bot:Bot")
    assert done.returncode == 1
    assert "ITER_SUMMARY_3.json: cannot be written" in done.stdout
    assert "1 failed, 2 passed, 2 skipped" in done.stdout
    assert "INTERNALERROR" not in done.everything
    assert done.artifact("ITER_SUMMARY_2.json")["iteration"] == 2
    assert done.last_line.startswith("FAIL for default on calm (3 of 5 iterations")
