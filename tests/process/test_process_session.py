"""Sessions that soak a program: interrupted, killed, resumed; mistakes of the user."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from harness import HANGS, Workbench, wait_for
from programs import STARTS_DAEMONS, running_in, trades

from pytest_soak.targets.process_windows import ANEW

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the bot's daemons escape")
GATE = "name: some\nthresholds:\n  - {metric: restarts, fail_unless: '<= 9'}\n"
COMMAND = ("--soak-iterations=3", "--soak-minutes=0.02", "--soak-gate=some.yaml")
CONFTEST = """
import pytest
from pytest_soak import ProcessTarget

@pytest.fixture(scope="session")
def soak_target():
    return ProcessTarget({command!r}, stop_seconds=0.5)
"""
HOLDS = """
from pathlib import Path

def pytest_soak_iteration_finished(record):
    import time
    while Path("hold").exists():
        Path("held").touch()
        time.sleep(0.05)
"""


def desk(bench: Workbench) -> Workbench:
    """A bot with daemons, and a session that stops after each window while there is `hold`."""
    (bench.directory / "some.yaml").write_text(GATE)
    command = trades(start=STARTS_DAEMONS)
    (bench.directory / "conftest.py").write_text(CONFTEST.format(command=command) + HOLDS)
    (bench.directory / "hold").touch()
    return bench


def ended(bench: Workbench, number: signal.Signals, *workers: str) -> str:
    """The output of a session that was sent a signal after its first window."""
    with (bench.directory / "output").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *COMMAND, *workers],
            cwd=bench.directory,
            env=bench.environment({}),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        wait_for(bench.directory / "held")
        assert len(running_in(bench.directory)) == 3
        (bench.directory / "hold").unlink()
        process.send_signal(number)
        process.wait(HANGS)
    return (bench.directory / "output").read_text()


def wait_until_none(folder: Path) -> None:
    deadline = time.monotonic() + HANGS
    while running_in(folder):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_killed_session_leaves_no_process_and_is_resumed(bench: Workbench) -> None:
    ended(desk(bench), signal.SIGKILL)
    wait_until_none(bench.directory)
    latest = bench.directory / "artifacts/soak/latest"
    before = (latest / "ITER_SUMMARY_1.json").read_bytes()
    (fills,) = latest.glob("feeds/fills_*.jsonl")
    written = fills.read_bytes()
    done = bench.pytest(*COMMAND, "--soak-resume")
    assert done.returncode == 0, done.everything
    assert "resumed: iteration 1 from the journal" in done.stdout
    assert done.artifact("ITER_SUMMARY_2.json")["notes"] == [
        "the bot was started anew: the window that was under way is cut",
        ANEW,
    ]
    first = done.artifact("ITER_SUMMARY_1.json")
    assert first["summary"] == json.loads(before)["summary"]
    assert fills.read_bytes().startswith(written)
    assert running_in(bench.directory) == []


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_an_interrupted_session_ends_its_bot(bench: Workbench, workers: tuple[str, ...]) -> None:
    output = ended(desk(bench), signal.SIGINT, *workers)
    assert running_in(bench.directory) == []
    assert "INTERNALERROR" not in output
    result = json.loads((bench.directory / "artifacts/soak/latest/RESULT.json").read_text())
    assert result["status"] == "interrupted"


def test_a_mistake_in_the_fixture_is_shown_where_it_was_made(bench: Workbench) -> None:
    text = CONFTEST.format(command=["bot"]).replace("stop_seconds=0.5", "stop_seconds=-1")
    bench.write("conftest.py", text)
    done = bench.soak(1)
    assert done.returncode == 1
    assert "SoakUsageError: ProcessTarget: stop_seconds: expected seconds above 0" in done.stdout
    assert "options.py" not in done.stdout


def test_two_lanes_have_two_bots(bench: Workbench) -> None:
    desk(bench)
    (bench.directory / "hold").unlink()
    done = bench.pytest("--soak-iterations=1", *COMMAND[1:], "--soak-seed=1,2")
    assert "PASS for 2 lanes" in done.last_line
    for lane in ("default-calm-1", "default-calm-2"):
        assert done.artifact(f"{lane}/ITER_SUMMARY_1.json")["summary"]["num_fills"] > 0
