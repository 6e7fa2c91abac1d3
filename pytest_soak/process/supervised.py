"""A bot under its supervisor, as pytest sees it."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import groupby
from pathlib import Path
from signal import Signals
from typing import TYPE_CHECKING

import pytest_soak
from pytest_soak.clock import SystemClock
from pytest_soak.errors import TargetError
from pytest_soak.process.messages import News, Order, packed

if TYPE_CHECKING:
    import psutil

ANSWER_SECONDS = 60.0
"""How long the supervisor may take to answer, or beyond what the bot may take to end."""
MARK = "SOAK_SUPERVISED"
"""The variable that everything a bot starts has, with a value of its own."""
_HOME = Path(pytest_soak.__file__).parent.parent
_PROGRAM = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from pytest_soak.process.supervisor import main; main()"
)


class Supervised:
    """Starts the supervisor, gives it its order, and hears what it tells.

    Each method raises TargetError where the supervisor itself is gone.
    """

    def __init__(self, order: Order) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _PROGRAM, str(_HOME)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )
        self.pid = self._process.pid
        self._stop_seconds = order.stop_seconds
        self._mark = order.env.get(MARK, "")
        self._heard = b""
        self._say(order)

    def _say(self, message: Order | str | float) -> None:
        assert self._process.stdin is not None
        left = memoryview(packed(message))
        try:
            while left:
                left = left[self._process.stdin.write(left) :]
        except OSError:
            raise self._gone() from None

    def _gone(self) -> TargetError:
        """The supervisor is gone: end what can be found of what it should have ended."""
        end_marked(self._mark)
        return TargetError("the supervisor of the bot was ended from outside, and the bot with it")

    def hear(self, seconds: float) -> list[News]:
        """What has happened; waits for something to happen, `seconds` at most."""
        assert self._process.stdout is not None
        reading = self._process.stdout.fileno()
        if select.select([reading], [], [], seconds)[0]:
            data = os.read(reading, 1 << 16)
            if not data:
                raise self._gone()
            self._heard += data
        *lines, self._heard = self._heard.split(b"\n")
        return [News(**json.loads(line)) for line in lines]

    def hang_up(self) -> None:
        """Send the bot SIGHUP."""
        self._say("hup")

    def hold(self, mb: float) -> None:
        """Have so many MB held beside the bot by a process that counts as one of its own."""
        self._say(mb)

    def status(self) -> list[News]:
        """What has happened, and among it the answer on how it stands."""
        self._say("status")
        return self._until("status", ANSWER_SECONDS)

    def stop(self) -> News:
        """End the bot, all that it started, and the supervisor; how that went."""
        try:
            self._say("stop")
            heard = self._until("stopped", self._stop_seconds + ANSWER_SECONDS)
            return next(news for news in heard if news.event == "stopped")
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Close the pipes, upon which the supervisor ends the bot and itself."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()
        try:
            self._process.wait(self._stop_seconds + ANSWER_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            end_marked(self._mark)

    def _until(self, event: str, seconds: float) -> list[News]:
        clock, heard = SystemClock(), list[News]()
        deadline = clock.monotonic() + seconds
        while all(news.event != event for news in heard):
            if clock.monotonic() > deadline:
                raise TargetError(f"the supervisor of the bot gave no answer for {seconds:g} s")
            heard += self.hear(1.0)
        return heard


def marked(mark: str) -> Iterator[psutil.Process]:
    """The processes that run with `mark`, as far as the system shows their environment."""
    import psutil

    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(MARK) == mark:
                yield process


def end_marked(mark: str) -> None:
    """Kill the processes that run with `mark`, until there are none; nothing without a mark."""
    import psutil

    for _ in range(_SWEEPS):
        found = list(marked(mark)) if mark else []
        for process in found:
            with suppress(psutil.Error):
                process.kill()
        if not found:
            return


_SWEEPS = 100


def ended_by(status: int) -> str:
    """How a process ended, in words."""
    if status >= 0:
        return f"exited by itself with status {status}"
    try:
        return f"was ended by {Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


def last_words(last: Sequence[str]) -> str:
    """The last lines of output, as the end of a message; of a stack what it ends with.

    Of lines in a row that differ by their numbers alone, many are one.
    """
    if not last:
        return "it printed nothing"
    said = [line for line in last if not line[:1].isspace()] or last
    lines = " | ".join(_once(said))
    return f"its last {'line' if len(said) == 1 else f'{len(said)} lines'}: {lines}"


MANY_ALIKE = 4


def _once(lines: Sequence[str]) -> Iterator[str]:
    for _, alike in groupby(lines, partial(re.sub, r"[0-9]+", "0")):
        found = [line.strip() for line in alike]
        if len(found) < MANY_ALIKE:
            yield from found
        else:
            yield f"{found[-1]} ({len(found)} times, but for its numbers)"
