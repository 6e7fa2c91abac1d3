"""A recorded feed as a market that runs, with or without an agent in it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.config.instruments import Contract, Latency, Venue
from pytest_soak.config.scenarios import REGIMES
from pytest_soak.errors import SoakUsageError
from pytest_soak.market import observe
from pytest_soak.market.checkpoint import pack, unpack
from pytest_soak.market.exchange import Exchange
from pytest_soak.market.kernel.opening import open_world
from pytest_soak.market.kernel.tape import empty_tape
from pytest_soak.market.regimes import Market
from pytest_soak.market.running import BURN_IN_US, RunningMarket
from pytest_soak.market.simulation import Simulation
from pytest_soak.replay.compile import load_loop, replay_digest
from pytest_soak.replay.inverse import InverseUnits
from pytest_soak.replay.kernel.loop import DONE, ROWS_OVER
from pytest_soak.replay.kernel.state import MEASURED, REPLAY, empty_replay
from pytest_soak.replay.load import Recording
from pytest_soak.replay.measured import measured_rows
from pytest_soak.replay.rows import EXCHANGE, LOCAL, SNAPSHOT, empty, has, kinds
from pytest_soak.replay.settings import QUEUES, FeedSettings, Way
from pytest_soak.replay.survey import tops
from pytest_soak.replay.units import Units, terms_of

CHUNK = 1 << 17
"""Rows that the loop is handed at a time."""


@dataclass(frozen=True)
class RecordedMarket(Market):
    """A recording with what is traded on it; `start_ns` is where its market opens."""

    instrument: Contract
    recording: Recording
    units: Units
    settings: FeedSettings
    start_ns: int
    end_ns: int
    measured: NDArray[Any] | None = None

    @property
    def span_us(self) -> int:
        """How long an agent can trade on it."""
        return max(0, (self.end_ns - self.start_ns) // 1000)


def recorded_market(recording: Recording, settings: FeedSettings, shown: str) -> RecordedMarket:
    """What a recording can be traded as.

    It opens a second after the agent has its first book. Raises SoakUsageError without a book of
    two sides, and where the time of receipt is neither recorded nor given.
    """
    if not recording.clock.has_receipt and settings.feed_latency_ms is None:
        raise SoakUsageError(shown, "has no time of receipt: give feed_latency_ms")
    units, terms = terms_of(recording, settings.terms, shown)
    first: NDArray[Any] | None = next(
        (found for found in tops(recording, units) if len(found)), None
    )
    if first is None:
        raise SoakUsageError(shown, "has no book of two sides on which an agent could trade")
    calm = REGIMES["calm"]
    price = int(first["bid"][0] + first["ask"][0]) // 2
    contract = terms.contract(price * units.tick, shown)
    return RecordedMarket(
        ordinary=calm.ordinary,
        episode=calm.episode,
        episode_chance=0.0,
        gap_bps=0.0,
        instrument=contract,
        venue=_venue(settings),
        recording=recording,
        units=units,
        settings=settings,
        start_ns=_opens(recording, int(first["time"][0])),
        end_ns=_closes(recording),
        measured=None if settings.latency_file is None else measured_rows(settings.latency_file),
    )


def _opens(recording: Recording, known_ns: int) -> int:
    received = known_ns
    for rows in recording.pieces():
        found = rows[has(rows, LOCAL) & (kinds(rows) == SNAPSHOT)]
        if len(found):
            received = int(found["local_ts"][0])
            break
    return max(received, known_ns) + 1_000_000_000


def _closes(recording: Recording) -> int:
    for last in range(len(recording.rows), 0, -CHUNK):
        rows = recording.rows[max(0, last - CHUNK) : last]
        stamps = rows["exch_ts"][has(rows, EXCHANGE)]
        if len(stamps):
            return int(stamps[-1])
    return 0


def _venue(settings: FeedSettings) -> Venue:
    """The reference venue; where ways are given, nothing else delays a request."""
    venue = Venue()
    if settings.place_ms is not None or settings.latency_file is not None:
        none = Latency.model_construct(base_ms=0.0, median_ms=0.0, log_sd=0.0)
        venue = venue.model_copy(update={"to_gateway": none, "service": none})
    if settings.answer_ms is not None or settings.latency_file is not None:
        way = settings.answer_ms or Way(0.0)
        answer = Latency.model_construct(base_ms=0.0, median_ms=way.median_ms, log_sd=way.log_sd)
        venue = venue.model_copy(update={"from_gateway": answer})
    return venue


class FeedRunning(RunningMarket):
    """The state of a market that a recording drives, and the kernel that moves it.

    The kernel's time is BURN_IN_US where the market opens; what was recorded before is its past.
    """

    def __init__(self, market: Market, seed: int) -> None:
        if not isinstance(market, RecordedMarket):
            raise TypeError(f"expected a RecordedMarket, got {type(market).__name__}")
        self._market = market
        self.world = open_world(market, seed)
        self.tape = empty_tape()
        self.replay = _opened(market)
        self._rows = empty()
        self._measured = _measured(market, int(self.replay["origin"]))
        self._loop = load_loop().advance
        self._episode_chance = 0.0
        self.begin_window(0, 0, BURN_IN_US, 0.0)
        self.run_until(BURN_IN_US)
        self.world["events"] = 0

    def units(self, epoch_us: int) -> observe.Units:
        """What ticks and lots are in money; a lot of an inverse contract is in contracts."""
        units, contract = super().units(epoch_us), self._market.instrument
        if contract.kind != "inverse":
            return units
        return InverseUnits(**vars(units) | {"lot": contract.lot}, lot_quote=contract.lot_quote)

    def held_base(self) -> float:
        """What the account holds in base: of inverse contracts, by what each fill was."""
        if self._market.instrument.kind == "inverse":
            return float(self.replay["held"])
        return super().held_base()

    def run_kernel(self, until: int) -> bool:
        """Let everything happen that is due before `until`; False: empty the tape, call again."""
        while True:
            bases = self.world.base, self.tape.base, self.replay.base
            status = self._loop(*bases, self._rows, self._measured, until)
            if status != ROWS_OVER:
                return bool(status == DONE)
            self._hand_over(CHUNK)

    def _hand_over(self, size: int) -> None:
        """Give the loop the rows from the earlier of both places on, past the later of them."""
        places = int(self.replay["at_exchange"]), int(self.replay["at_local"])
        total = len(self._market.recording.rows)
        first, end = min(places), min(max(places) + size, total)
        pieces = [*self._market.recording.pieces(first, end)]
        self._rows = np.concatenate(pieces) if pieces else empty()
        self.replay["first"] = first
        self.replay["ended"] = end == total

    def replay_state(self) -> bytes:
        """All that an agent goes on from."""
        world = pack(self.world)
        replay = zlib.compress(self._without_slices().tobytes(), 1)
        digest = bytes.fromhex(replay_digest())
        return digest + len(world).to_bytes(8, "little") + world + replay

    def _without_slices(self) -> Any:
        """The state of the replay, in which rows were handed over in whatever pieces."""
        replay = np.frombuffer(bytearray(self.replay), REPLAY)[0]
        rows = self._market.recording.rows
        for name, bit in (("at_exchange", EXCHANGE), ("at_local", LOCAL)):
            place = int(replay[name])
            while place < len(rows) and not has(rows[place : place + 1], bit)[0]:
                place += 1
            replay[name] = place
        replay["first"] = replay["ended"] = 0
        return replay

    def resume_replay(self, data: bytes) -> None:
        """Go on where that was taken; raises ValueError where other sources wrote it."""
        if data[:32] != bytes.fromhex(replay_digest()):
            raise ValueError("the checkpoint was written by another version of the replay")
        size = int.from_bytes(data[32:40], "little")
        world = unpack(data[40 : 40 + size])
        self.replay = np.frombuffer(bytearray(zlib.decompress(data[40 + size :])), REPLAY)[0]
        self.world = world
        self._hand_over(CHUNK)


def _opened(market: RecordedMarket) -> Any:
    settings = market.settings
    queue = QUEUES.index(settings.queue), settings.power
    replay = empty_replay(*market.units, *queue, market.instrument.lot_quote)
    replay["origin"] = market.start_ns - BURN_IN_US * 1000
    if settings.place_ms is not None:
        ways = {"place": settings.place_ms, "amend": settings.amend_ms}
        for name, way in (ways | {"cancel": settings.cancel_ms}).items():
            _write_way(replay[name], way or settings.place_ms)
    return replay


def _measured(market: RecordedMarket, origin_ns: int) -> NDArray[Any]:
    """What was measured, by the world's clock."""
    found = np.zeros(0 if market.measured is None else len(market.measured), MEASURED)
    if market.measured is not None:
        rows = market.measured
        lost = rows["exch_ts"] <= 0
        found["sent"] = (rows["req_ts"] - origin_ns) // 1000
        found["there"] = (rows["exch_ts"] - rows["req_ts"]) // 1000
        found["there"][lost] = -(rows["resp_ts"] - rows["req_ts"])[lost] // 1000
        found["arrived"] = found["sent"] + np.abs(found["there"])
        found["back"] = np.where(lost, 0, (rows["resp_ts"] - rows["exch_ts"]) // 1000)
    return found


def _write_way(record: Any, way: Way) -> None:
    record["median_us"], record["log_sd"], record["set"] = way.median_ms * 1e3, way.log_sd, 1


class FeedSimulation(Simulation, FeedRunning):
    """The reference maker on a recorded feed."""

    def state(self) -> bytes:
        """All that a lane goes on from, between two windows."""
        return self.replay_state()

    def resume(self, data: bytes) -> None:
        """Go on where `state` was taken; raises ValueError where other sources wrote it."""
        self.resume_replay(data)

    def _mids_beyond(self, fills: NDArray[np.void]) -> NDArray[np.void]:
        kept, rows = self.replay, self._rows
        self.replay = np.frombuffer(bytearray(self.replay), REPLAY)[0]
        try:
            return super()._mids_beyond(fills)
        finally:
            self.replay, self._rows = kept, rows


class FeedExchange(Exchange, FeedRunning):
    """A recorded feed as `market.exchange.Exchange` has the built-in market.

    Requests, reports and events are the same. An order fills whole, at its own price, by the rules
    in docs/REPLAY.md. Times are in microseconds since the market opened. On an inverse contract all
    quantities are in contracts, but for those of fills, observations and marks, which are in base.
    """

    def checkpoint(self) -> bytes:
        """The whole state, with the events that have not been taken."""
        market = super().checkpoint()
        return len(market).to_bytes(8, "little") + market + self.replay_state()

    def restore(self, data: bytes) -> None:
        """Continue bit for bit where `data` was taken; raises ValueError where it is damaged."""
        size = int.from_bytes(data[:8], "little")
        self.resume_replay(data[8 + size :])
        super().restore(data[8 : 8 + size])
