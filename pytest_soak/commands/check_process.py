"""A check in a process of its own, so that a bot which hangs or ends its process is told of."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from pytest_soak.commands.options import USAGE
from pytest_soak.release.child import INTERRUPTED, passed_on

STOP_SECONDS = 90.0
"""How long a bot that was interrupted may take to end, before its process is killed."""


def check_beside(
    target: str, gate: str | None, seconds: float, limit: float, say: Callable[[str], None]
) -> int:
    """Check TARGET in a child of this interpreter, and `say` where that ends without a word.

    It is interrupted `limit` after the `seconds` of its window, and its bot stopped.
    """
    with TemporaryDirectory(prefix="pytest-soak-check-") as folder:
        said = Path(folder, "said")
        asked = [target, f"--seconds={seconds!r}", f"--into={said}"]
        asked += [] if gate is None else [f"--gate={gate}"]
        process = subprocess.Popen([sys.executable, "-m", "pytest_soak", "check", *asked])
        with passed_on(process):
            late = _waited(process, seconds + limit)
            status = process.wait()
        if said.exists() or (status in (INTERRUPTED, USAGE) and not late):
            return status
    if late:
        say(f"FAIL: {target} did not end within {limit:g} s of its window; {late}")
    else:
        say(f"FAIL: {target} ended its process with status {status}, before it was measured")
    return 1


def _waited(process: subprocess.Popen[bytes], seconds: float) -> str:
    """How a process was ended that did not end within `seconds`; empty where it did."""
    try:
        process.wait(seconds)
        return ""
    except subprocess.TimeoutExpired:
        pass
    if sys.platform != "win32":
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
            return "it was interrupted, and stopped"
        except subprocess.TimeoutExpired:
            pass
    process.kill()
    return "its process was killed: whether it is stopped is not known"
