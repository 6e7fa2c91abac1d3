"""What an agent did in a span of time, kept piece by piece and made an Observation at its end."""

from __future__ import annotations

from typing import Any

import numpy as np

from pytest_soak.market import observe
from pytest_soak.market.kernel.tape import pending_markouts
from pytest_soak.observation.columns import LATENCY, Observation

_KEPT = ("fills", "markouts", "marks", "order_ages", "reports")
_COUNTERS = ("orders_sent", "cancels_sent")


class Span:
    """Begins with an empty tape; `add` what is drained from it. Times are the kernel's.

    `held` is what the account holds in base.
    """

    def __init__(self, world: Any, tape: Any, now: int, held: float) -> None:
        self._start = now
        self._opening, self._held = _state(world), held
        self._earlier = pending_markouts(tape)  # due for fills before the span
        self._pieces: dict[str, list[Any]] = {name: [tape[name][:0].copy()] for name in _KEPT}

    def add(self, piece: dict[str, Any]) -> None:
        """Keep what of a piece of the tape an Observation needs."""
        for name in _KEPT:
            if name in piece:
                self._pieces[name].append(piece[name])

    def observation(self, world: Any, now: int, held: float, units: observe.Units) -> Observation:
        """The span until `now`."""
        epoch_us = units.epoch_us
        rows = {name: np.concatenate(pieces) for name, pieces in self._pieces.items()}
        opening, closing = self._opening, _state(world)
        counts: dict[str, Any] = {n: int(closing[n] - opening[n]) for n in _COUNTERS}
        answers = rows["reports"][rows["reports"]["request"] >= 0]
        acks = np.zeros(len(answers), LATENCY)
        acks["time_us"] = answers["time"] + epoch_us
        acks["latency_ms"] = (answers["time"] - answers["sent"]) * 1e-3
        return Observation(
            start_us=self._start + epoch_us,
            end_us=now + epoch_us,
            fills=observe.fills(rows["fills"], rows["markouts"][self._earlier :], units),
            acks=acks[np.argsort(acks["time_us"], kind="stable")],
            marks=observe.marks(rows["marks"], rows["fills"], self._held, units),
            ws_lag_ms=rows["marks"]["feed_lag_us"] * 1e-3,
            order_age_ms=rows["order_ages"] * 1e-3,
            inventory_start=self._held,
            inventory_end=held,
            mid_start=units.price(opening["mid"]),
            mid_end=units.price(closing["mid"]),
            **counts,
        )


def _state(world: Any) -> dict[str, float]:
    account = world["account"]
    found = {name: int(account[name]) for name in _COUNTERS}
    return {**found, "mid": float(world["mid"])}
