"""The exchange's one clock: its loop's time, counted in microseconds of UTC from an epoch."""

from __future__ import annotations

import asyncio


class ExchangeClock:
    """Time on the exchange, of which every stamp is; waiting is the loop's own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, epoch_us: int) -> None:
        self._loop = loop
        self._epoch_us = epoch_us
        self._began = loop.time()

    def now_us(self) -> int:
        """Microseconds of UTC."""
        return self._epoch_us + round((self._loop.time() - self._began) * 1e6)

    def at(self, time_us: int) -> float:
        """The loop's time at which the clock shows `time_us`: for `loop.call_at`."""
        return self._began + (time_us - self._epoch_us) / 1e6
