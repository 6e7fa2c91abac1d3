"""`pytest-soak live` as a program: its port, its end, what it needs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from runs import write_run

HANGS = 300


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "pytest_soak.cli", "live", *args]


@pytest.mark.skipif(os.name != "posix", reason="another system has no SIGINT for one process")
def test_ctrl_c_ends_it_quietly(tmp_path: Path) -> None:
    write_run(tmp_path / "artifacts/soak/latest", iterations=3)
    with subprocess.Popen(
        command(),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        text=True,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("live: http://127.0.0.1:")
        assert line.endswith("/ shows artifacts/soak; Ctrl-C ends it\n")
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=HANGS) == ("", "")
        assert process.returncode == 0


@pytest.mark.parametrize("run", ["999", "nodir"])
def test_a_run_that_is_not_there_is_refused(tmp_path: Path, run: str) -> None:
    done = subprocess.run(command(run), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert done.stderr.startswith(f"ERROR: RUN: no run '{run}': artifacts/soak has 0 runs")


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            command(f"--port={port}"), cwd=tmp_path, capture_output=True, text=True, check=False
        )
    expected = f"ERROR: --port: {port} is in use by another program; give another port, or 0"
    assert done.returncode == 4
    assert done.stderr.startswith(expected)
    assert len(done.stderr.splitlines()) == 1


def test_without_its_extra_it_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['aiohttp'] = None; sys.argv[1:] = ['live']\n"
        "from pytest_soak.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    problem = "needs aiohttp, which is not installed: pip install 'pytest-soak[live]'"
    assert done.stderr == f"ERROR: live: {problem}\n"


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_a_port_is_a_number_that_there_is(tmp_path: Path, port: str) -> None:
    done = subprocess.run(
        command(f"--port={port}"), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    assert done.stderr.startswith("ERROR: Invalid value for '--port'")
