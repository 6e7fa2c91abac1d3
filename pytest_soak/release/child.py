"""A pytest session as a child of this interpreter, which stop signals reach."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from pytest_soak.system import STOP_SIGNALS

INTERRUPTED = 2
"""pytest's exit status of a session that was interrupted."""


def run_pytest(arguments: Sequence[str], folder: Path, output: Any = None) -> int:
    """Run `python -m pytest` with these arguments in `folder`; its exit status.

    Stop signals go to the session, which ends in its own way. Its output goes to `output`, a
    file, by default where this process writes.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments], cwd=folder, stdout=output
    )
    with passed_on(process):
        status = process.wait()
    return INTERRUPTED if -status in STOP_SIGNALS else status


@contextmanager
def passed_on(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Send each stop signal on that comes to this process in the block, and is not ignored.

    Windows tells all of a console of Ctrl-C, and cannot send it to one of them.
    """

    def passed(number: int, frame: FrameType | None) -> None:
        if sys.platform != "win32":
            process.send_signal(number)

    heard = [n for n in STOP_SIGNALS if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, passed) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
