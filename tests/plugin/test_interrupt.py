"""Ctrl-C and SIGTERM: a clear message, valid artifacts of what was done, and a resume."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from crashes import contents
from harness import HANGS, INSTANT, Workbench, wait_for

SLOW_BOT = """
    import time
    from pathlib import Path
    from pytest_soak.testing import InstantTarget

    class Bot(InstantTarget):
        def run(self, overrides, window):
            if window.iteration == 3 and not Path("go").exists():
                Path("waiting").touch()
                time.sleep(600)
            return super().run(overrides, window)

        def stop(self):
            Path("stopping").touch()
            while not Path("told").exists():
                time.sleep(0.01)
            Path("stopped").touch()
"""
COMMAND = ("--soak-iterations=4", "--soak-target=bot:Bot", "--soak-gate=smoke")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")


def stopped_by(bench: Workbench, numbers: list[signal.Signals], *workers: str) -> str:
    """The output of a soak that was sent a signal in its third iteration, the others after it."""
    bench.write("bot.py", SLOW_BOT)
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *COMMAND, *workers],
        cwd=bench.directory,
        env=bench.environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    wait_for(bench.directory / "waiting")
    process.send_signal(numbers[0])
    wait_for(bench.directory / "stopping")
    for number in numbers[1:]:
        process.send_signal(number)
    bench.write("told", "")
    output, _ = process.communicate(timeout=HANGS)
    assert process.returncode == 2, output
    return output


ONCE, TERM = [signal.SIGINT], [signal.SIGTERM]
AGAIN = [signal.SIGINT, signal.SIGINT, signal.SIGTERM, signal.SIGINT]
HUNG_UP = [] if sys.platform == "win32" else [signal.SIGHUP, signal.SIGTERM]


@pytest.mark.parametrize(
    ("numbers", "workers"),
    [(ONCE, ()), (ONCE, ("-n", "1")), (TERM, ()), (TERM, ("-n", "1")), (AGAIN, ()), (HUNG_UP, ())],
)
def test_a_signal_keeps_the_completed_iterations(
    bench: Workbench, numbers: list[signal.Signals], workers: tuple[str, ...]
) -> None:
    output = stopped_by(bench, numbers, *workers)
    assert "KeyboardInterrupt" in output
    assert "INTERNALERROR" not in output
    latest = bench.directory / "artifacts/soak/latest"
    assert sorted(p.name for p in latest.glob("ITER_SUMMARY_*")) == [
        "ITER_SUMMARY_1.json",
        "ITER_SUMMARY_2.json",
    ]
    result = json.loads((latest / "RESULT.json").read_text())
    assert (result["status"], result["exit_status"]) == ("interrupted", 2)
    assert result["unfinished"] == ["default-calm-42"]
    assert output.splitlines()[-1].startswith("NO VERDICT: 0 of 1 lane finished")
    assert output.splitlines()[-1].endswith(", 2 iterations done")
    if not workers:
        assert (bench.directory / "stopped").exists()
        assert "signals.py" not in output  # but the line of the bot


LEAVES_ORDERS = """
    from pathlib import Path
    import time
    from pytest_soak.testing import InstantTarget

    class Bot(InstantTarget):
        def run(self, overrides, window):
            if window.iteration == 2 and not Path("go").exists():
                Path("waiting").touch()
                time.sleep(600)
            return super().run(overrides, window)

        def stop(self):
            if not Path("go").exists():
                raise OSError("cannot cancel orders")
"""


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_a_stop_that_fails_at_an_interruption_is_told_by_all_who_come_after(
    bench: Workbench, workers: tuple[str, ...]
) -> None:
    bench.write("bot.py", LEAVES_ORDERS)
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *COMMAND, *workers],
        cwd=bench.directory,
        env=bench.environment({}),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for(bench.directory / "waiting")
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=HANGS)
    assert process.returncode == 2
    failed = "the target's stop raised OSError: cannot cancel orders"
    assert f"soak: default-calm-42: {failed}" in output.splitlines()
    assert failed in " ".join(bench.command("show").stdout.split())
    bench.write("go", "")
    resumed = bench.pytest(*COMMAND, "--soak-resume")
    assert resumed.returncode == 0, resumed.everything
    assert f"NOTE | iter=2 when the session before was interrupted, {failed} |" in resumed.stdout


DEAF = """
    import os
    import time

    def pytest_runtest_logreport():
        if "PYTEST_XDIST_WORKER" not in os.environ:
            time.sleep(600)
"""


def test_what_a_worker_did_and_could_not_tell_is_counted(bench: Workbench) -> None:
    bench.write("conftest.py", DEAF)
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "--soak-iterations=2", INSTANT, "-n", "1"],
        cwd=bench.directory,
        env=bench.environment({}),
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_for(bench.directory / "artifacts/soak/latest/ITER_SUMMARY_1.json")
    process.terminate()
    output, _ = process.communicate(timeout=HANGS)
    assert process.returncode == 2
    assert output.splitlines()[-1] == "NO VERDICT: 0 of 1 lane finished, 1 iteration done"


def test_an_interrupted_soak_is_resumed_to_the_same_bytes(bench: Workbench) -> None:
    stopped_by(bench, ONCE)
    bench.write("go", "")
    done = bench.pytest(*COMMAND, "--soak-resume")
    assert done.returncode == 0, done.everything
    resumed = contents(bench.directory / "artifacts/soak")
    assert bench.pytest(*COMMAND).returncode == 0
    assert contents(bench.directory / "artifacts/soak") == resumed


IMPATIENT = """
    class Impatient:
        def start(self, settings):
            pass

        def handle(self, event):
            if event.kind in {kinds}:
                raise KeyboardInterrupt

        def close(self):
            raise KeyboardInterrupt

    def pytest_soak_handlers(config):
        return [Impatient()]
"""


@pytest.mark.parametrize(
    ("kinds", "last_line"),
    [
        ((), "PASS for default on calm (2 iterations, "),
        (("iteration_finished", "lane_finished"), "NO VERDICT: 0 of 1 lane finished, 1 iteration"),
    ],
)
def test_a_handler_that_is_interrupted_again_and_again_keeps_no_verdict_back(
    bench: Workbench, kinds: tuple[str, ...], last_line: str
) -> None:
    bench.write("conftest.py", IMPATIENT.format(kinds=kinds))
    done = bench.pytest("--soak-iterations=2", INSTANT, "--soak-gate=smoke")
    assert done.returncode == 2
    assert done.last_line.startswith(last_line)
    result = json.loads((bench.directory / "artifacts/soak/latest/RESULT.json").read_text())
    assert (result["status"], result["exit_status"]) == ("interrupted", 2)


def test_the_signals_are_given_back_after_a_soak(bench: Workbench) -> None:
    bench.write("bot.py", SLOW_BOT)
    bench.write("go", "")
    bench.write("told", "")
    script = (
        "import pytest, signal\n"
        "pytest.main(['--soak-iterations=1', '--soak-target=bot:Bot', '-q'])\n"
        "print('after', signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,"
        " signal.getsignal(signal.SIGINT) is signal.default_int_handler)\n"
    )
    done = bench.run(sys.executable, "-c", script)
    assert done.last_line == "after True True"
