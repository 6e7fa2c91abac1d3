"""A process in the tree of a bot that holds as much memory as it is told, and does nothing else.

It needs the standard library alone, as the supervisor does.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from pytest_soak.system import ends_with_parent

_PROGRAM = """
import sys
held, total = [], 0
for line in sys.stdin:
    more = int(line) - total
    if more > 0:
        held.append(b'x' * more)
        total += more
"""
"""Reads how many bytes to hold, line by line, and writes to them all; ends with its input."""


class Ballast:
    """Starts such a process when there is something to hold, anew where it was ended."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._before_exec = ends_with_parent()
        self._pipe = -1

    def hold(self, mb: float) -> None:
        """Hold so many MB (1,000,000 bytes), never less than before; nothing for 0."""
        if mb <= 0:
            self.drop()
        elif not self._told(mb):
            self._start()
            self._told(mb)

    def drop(self) -> None:
        """End the process."""
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1

    def _told(self, mb: float) -> bool:
        """Tell it; False where there is none. One that is too slow is told more the next time."""
        try:
            os.write(self._pipe, b"%d\n" % round(mb * 1e6))
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True

    def _start(self) -> None:
        self.drop()
        reading, self._pipe = os.pipe()
        try:
            started = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _PROGRAM],
                env=self._env,
                stdin=reading,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=self._before_exec,
            )
            started.returncode = 0  # reaped by the supervisor
        finally:
            os.close(reading)
        os.set_blocking(self._pipe, False)
