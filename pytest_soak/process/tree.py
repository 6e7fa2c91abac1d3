"""A bot and all that it started, as far as the system lets them be found."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence

from pytest_soak.system import (
    adopt_orphans,
    descendants,
    ends_with_parent,
    group_is_there,
    has_children,
    reap,
    send,
)

GIVEN_UP = 10.0
"""Seconds after SIGKILL when what is still there is not waited for."""


class Tree:
    """The processes of a bot; one bot at a time, which is a child of this process.

    On Linux they are all descendants of this process, also those that changed their session or
    whose parents ended. Elsewhere they are the bot's process group: what left it escapes.
    """

    def __init__(self) -> None:
        self._adopts = adopt_orphans()
        self._before_exec = ends_with_parent()
        self._status: int | None = None
        self._deadline: float | None = None
        self._told: set[int] = set()
        self.bot = 0
        self.killed = False

    def start(self, command: Sequence[str], cwd: str, env: Mapping[str, str], output: int) -> None:
        """Start the bot in a session of its own; raises OSError, ValueError."""
        self._deadline, self._told, self._status = None, set(), None
        started = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=self._before_exec,
        )
        self.bot = started.pid
        started.returncode = 0  # reaped here, not there

    def status(self) -> int | None:
        """The exit status of the bot, minus a signal's number; None while it runs."""
        for pid, status in reap():
            if pid == self.bot and self._status is None:
                self._status = status
        return self._status

    def hang_up(self) -> None:
        """Tell the bot to read its parameters again."""
        if self.status() is None:
            send(self.bot, signal.SIGHUP)

    @property
    def empty(self) -> bool:
        """Whether nothing of it runs."""
        self.status()
        return not (has_children() if self._adopts else group_is_there(self.bot))

    def end(self, seconds: float) -> bool:
        """Have them all end: SIGTERM at the first call, SIGKILL `seconds` later.

        To be called until it says True: they have ended, or cannot be.
        """
        if self.bot == 0 or self.empty:
            return True
        now = time.monotonic()
        if self._deadline is None:
            self._deadline = now + seconds
        for pid in self.members():
            if now >= self._deadline:
                self.killed = True
                send(pid, signal.SIGKILL)
            elif pid not in self._told:
                self._told.add(pid)
                send(pid, signal.SIGTERM)
        return now >= self._deadline + GIVEN_UP

    def members(self) -> list[int]:
        """Their pids, or minus that of their group where they cannot be found."""
        found = descendants(os.getpid()) if self._adopts else []
        return found or [-self.bot]
