"""Something to do each second, also while the main thread is in a bot."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

SECONDS = 1.0


class Heartbeat:
    """Calls `beat` each second, from a thread of its own, until `stop`."""

    def __init__(self, beat: Callable[[], None]) -> None:
        self._beat = beat
        self._over = Event()
        self._thread = Thread(target=self._run, name="soak heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Beat no more."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(SECONDS):
            self._beat()
