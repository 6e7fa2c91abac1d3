"""A disk that cannot be written: a clear message, and nothing lost of what was done."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from crashes import contents
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
    folder = bench.directory / "artifacts/soak/latest/ITER_SUMMARY_3.json"
    folder.rmdir()
    bench.write("bot.py", BREAKING_BOT.replace(".mkdir()", ".exists()"))
    again = bench.soak(5, "--soak-target=bot:Bot", "--soak-resume")
    assert again.returncode == 0, again.everything
    assert "resumed: iterations 1-3 from the journal" in again.stdout
    assert len(again.iteration_files()) == 6


def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """A small file system in memory at `folder`; skips where mounting is not permitted."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting is not permitted")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def small(bench: Workbench) -> Iterator[Path]:
    """A disk of 300 kB."""
    yield from mounted(bench.directory / "small", "-o", "size=300k")


FILLING_BOT = """
    from pathlib import Path
    from pytest_soak.testing import InstantTarget

    class Bot(InstantTarget):
        def run(self, overrides, window):
            self.window = window
            return super().run(overrides, window)

        def checkpoint(self):
            return bytes([self.window.iteration]) * {size}

        def restore(self, data):
            assert set(data) == {{data[0]}}
"""


@pytest.mark.skipif(sys.platform == "win32", reason="mounts")
@pytest.mark.parametrize("size", [1, 20_000, 90_000])
def test_a_full_disk_names_the_file_and_keeps_what_was_done(
    bench: Workbench, small: Path, size: int
) -> None:
    bench.write("bot.py", FILLING_BOT.format(size=size))
    arguments = ("--soak-target=bot:Bot", "--soak-gate=smoke", "--soak-dir=small/soak")
    done = bench.soak(200, *arguments)
    assert done.returncode == 1, done.everything
    assert "cannot be written: No space left on device" in done.stdout
    assert "INTERNALERROR" not in done.everything
    assert "Traceback" not in done.everything
    done_before = len(done.summaries())
    assert done_before > 0
    subprocess.run(["mount", "-o", "remount,size=4m", str(small)], check=True)
    again = bench.soak(done_before + 3, *arguments, "--soak-resume")
    assert again.returncode == 0, again.everything
    assert f"resumed: iterations 1-{done_before} from" in again.stdout
    resumed = contents(small / "soak")
    assert bench.soak(done_before + 3, *arguments).returncode == 0
    assert contents(small / "soak") == resumed


@pytest.mark.skipif(sys.platform == "win32", reason="mounts")
def test_a_read_only_disk_is_a_usage_error_that_names_the_file(
    bench: Workbench, small: Path
) -> None:
    assert bench.soak(2, INSTANT, "--soak-dir=small/soak").returncode == 0
    before = contents(small / "soak")
    subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
    for more in ((), ("--soak-resume",)):
        done = bench.soak(3, INSTANT, "--soak-dir=small/soak", *more)
        assert done.returncode == 4, done.everything
        assert f"ERROR: --soak-dir: {small}" in done.everything
        assert "Read-only file system" in done.everything
        assert "Traceback" not in done.everything
    assert contents(small / "soak") == before
