"""The parent of a bot: a program of its own, which ends all of it when pytest is gone.

It reads its orders as JSON lines from standard input (see `messages.Order`), and tells what happens
as JSON lines on standard output. When its input closes, whatever the reason, it ends the bot and
all that the bot started. It needs the standard library alone.
"""

from __future__ import annotations

import json
import os
import re
import selectors
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from pytest_soak.process.ballast import Ballast
from pytest_soak.process.log import BoundedLog
from pytest_soak.process.messages import Awaited, News, Order, packed
from pytest_soak.process.output import Output
from pytest_soak.process.ready import has_come, listens
from pytest_soak.process.tree import Tree

PIECE = 1 << 16
LOOK_SECONDS, ENDING_SECONDS, IDLE_SECONDS = 0.05, 0.1, 0.5
"""How often to look: until the bot is ready, while it ends, and else."""


class Supervisor:
    """Runs one bot, anew up to `max_restarts` times, until it is told to stop."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._awaited = order.ready
        patterns = (order.error_pattern, order.ready[1] if order.ready[0] == "output" else None)
        errors, awaited = (re.compile(text) if text is not None else None for text in patterns)
        self._output = Output(BoundedLog(Path(order.log)), errors, awaited)
        self._tree = Tree()
        self._ballast = Ballast(order.env)
        self._selector = selectors.DefaultSelector()
        self._orders = b""
        self._pipe = -1
        self._restarts = 0
        self._running = False
        self._ready = False
        self._stopping = False

    def run(self) -> None:
        """Until all is over."""
        os.set_blocking(0, False)
        os.set_blocking(1, False)
        self._selector.register(0, selectors.EVENT_READ, self._read_orders)
        self._heed_signals()
        try:
            self._start()
            while not self._stopping:
                self._turn()
        finally:
            self._ballast.drop()
            self._end_all()
            self._output.close()
            left = [] if self._tree.empty else self._tree.members()
            _tell(self._news("stopped", killed=self._tree.killed, left=left))

    def _heed_signals(self) -> None:
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(writing)
        self._selector.register(reading, selectors.EVENT_READ, lambda: os.read(reading, PIECE))

    def _stop(self, number: int, frame: object) -> None:
        self._stopping = True

    def _start(self) -> None:
        order = self._order
        if self._awaited.kind == "tcp" and listens(int(self._awaited.what)):
            why = f"port {self._awaited.what} is open before the bot is started; end who holds it"
            _tell(News("failed", why=why))
            return
        self._come = has_come(self._awaited, self._output)
        self._late = time.monotonic() + order.ready_seconds
        reading, writing = os.pipe()
        try:
            self._tree.start(order.command, order.cwd, order.env, writing)
        except (OSError, ValueError) as error:
            os.close(reading)
            _tell(News("failed", why=f"cannot be started: {_why(error)}"))
            return
        finally:
            os.close(writing)
        os.set_blocking(reading, False)
        self._pipe = reading
        self._selector.register(reading, selectors.EVENT_READ, self._pump)
        self._running = True

    def _turn(self) -> None:
        """Wait for something to happen, and do what is to be done."""
        seconds = LOOK_SECONDS if self._running and not self._ready else IDLE_SECONDS
        self._wait(seconds)
        if os.getppid() != self._order.parent:
            self._stopping = True
        if self._running and not self._stopping:
            self._look()

    def _look(self) -> None:
        """See to a bot that runs."""
        if self._output.too_slow:
            self._running = False
            _tell(News("failed", why=self._output.too_slow))
            return
        status = self._tree.status()
        if not self._ready and self._come():
            self._ready = True
            _tell(News("ready"))
        if status is not None:
            self._exited(status)
        elif not self._ready and time.monotonic() >= self._late:
            self._running = False
            _tell(self._news("late", awaited=str(self._awaited)))

    def _wait(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            key.data()

    def _read_orders(self) -> None:
        data = b""
        with suppress(BlockingIOError):
            data = os.read(0, PIECE)
            if not data:
                self._stopping = True
                self._selector.unregister(0)
        *lines, self._orders = (self._orders + data).split(b"\n")
        for line in lines:
            self._obey(json.loads(line))

    def _obey(self, what: str | float) -> None:
        if isinstance(what, int | float):
            self._ballast.hold(what)
        elif what == "stop":
            self._stopping = True
        elif what == "hup":
            self._tree.hang_up()
        else:
            _tell(self._news("status"))

    def _news(self, event: str, **facts: Any) -> News:
        found = self._output
        return News(
            event,
            last=found.last_lines(),
            log_errors=found.log_errors,
            trouble=found.trouble,
            **facts,
        )

    def _pump(self) -> None:
        """Take what the bot has printed; its pipe closes when nobody can print to it any more."""
        with suppress(BlockingIOError):
            if data := os.read(self._pipe, PIECE):
                self._output.take(data)
            else:
                self._close_pipe()

    def _close_pipe(self) -> None:
        if self._pipe >= 0:
            self._selector.unregister(self._pipe)
            os.close(self._pipe)
            self._pipe = -1

    def _exited(self, status: int) -> None:
        """The bot is gone: end what it left, then start it anew or say so."""
        self._running = False
        self._end_all()
        again = self._restarts < self._order.max_restarts and not self._stopping
        _tell(self._news("restarted" if again else "exited", status=status))
        if again:
            self._restarts += 1
            self._start()

    def _end_all(self) -> None:
        while not self._tree.end(self._order.stop_seconds):
            self._wait(ENDING_SECONDS)
        deadline = time.monotonic() + 1
        while self._pipe >= 0 and time.monotonic() < deadline and self._more():
            self._pump()
        self._close_pipe()

    def _more(self) -> bool:
        return any(key.fd == self._pipe for key, _ in self._selector.select(0))


def _why(error: Exception) -> str:
    """What the system says, and of what."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _tell(news: News) -> None:
    """Say what happened, to whoever is still there to hear it."""
    with suppress(OSError):
        os.write(1, packed(news))


def main() -> None:
    """Take the order, and carry it out."""
    with open(0, "rb", buffering=0, closefd=False) as orders:
        given = json.loads(orders.readline())
        try:
            supervisor = Supervisor(Order(**given | {"ready": Awaited(*given["ready"])}))
        except OSError as error:
            _tell(News("failed", why=f"cannot be started: {_why(error)}"))
            while line := orders.readline():
                _tell(News("stopped" if json.loads(line) == "stop" else "status"))
            return
    supervisor.run()
