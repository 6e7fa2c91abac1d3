"""A simulated market that runs, with or without an agent in it."""

from __future__ import annotations

from typing import Any

from pytest_soak.market.compile import load_kernel
from pytest_soak.market.kernel.opening import open_world
from pytest_soak.market.kernel.tape import NO_ROWS, drain, empty_tape, joined
from pytest_soak.market.observe import Units
from pytest_soak.market.regimes import Market

BURN_IN_US = 60_000_000
"""What the market runs on its own before the first window, to fill its book."""

SLICE_US = 120_000_000
"""Simulated time a call of the kernel: a few milliseconds, so that signals are handled."""


class RunningMarket:
    """The state of a market and the kernel that moves it.

    The kernel's times are in microseconds since the burn-in began; a window is the time over which
    one iteration's draws hold.
    """

    def __init__(self, market: Market, seed: int) -> None:
        self.world = open_world(market, seed)
        self.tape = empty_tape()
        self._advance = load_kernel().advance
        self.begin_window(0, 0, BURN_IN_US, 0.0)
        self.run_until(BURN_IN_US)
        self.world["events"] = 0
        self._episode_chance = market.episode_chance

    def units(self, epoch_us: int) -> Units:
        """What ticks and lots are in money; times of the kernel count from `epoch_us`."""
        return Units.of(self.world, epoch_us)

    def held_base(self) -> float:
        """What the account holds in base."""
        return int(self.world["account"]["position"]) * float(self.world["instrument"]["lot_base"])

    def begin_window(
        self, iteration: int, start: int, end: int, episode_chance: float | None = None
    ) -> None:
        """Let an iteration's draws begin; `episode_chance` an hour is the market's by default."""
        window = self.world["window"]
        window["iteration"] = iteration
        window["start"] = start
        window["end"] = end
        window["begun"] = 0
        window["spike_chance"] = self._episode_chance if episode_chance is None else episode_chance

    def run_kernel(self, until: int) -> bool:
        """Let everything happen that is due before `until`; False: empty the tape, call again."""
        return bool(self._advance(self.world.base, self.tape.base, until))

    def run_until(self, time: int) -> dict[str, Any]:
        """Run to a time within the window; return the tape's columns by name."""
        pieces = [drain(self.tape)]
        reached = int(self.world["now"])
        while reached < time:
            reached = min(reached + SLICE_US, time)
            while not self.run_kernel(reached):
                pieces.append(drain(self.tape))
            pieces.append(drain(self.tape))
        return join(pieces)


def join(pieces: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the columns of a tape that was emptied piece by piece."""
    rows: dict[str, list[Any]] = {}
    for piece in pieces:
        for name, column in piece.items():
            rows.setdefault(name, []).append(column)
    return NO_ROWS | {n: c[0] if len(c) == 1 else joined(c) for n, c in rows.items()}
