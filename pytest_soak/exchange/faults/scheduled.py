"""A schedule at work: what the exchange asks, answered by the faults that hold just then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from pytest_soak.exchange.faults.choosing import reaches, rows_of
from pytest_soak.exchange.faults.messages import deliveries
from pytest_soak.exchange.faults.requests import both, treatment
from pytest_soak.exchange.faults.schedule import Schedule
from pytest_soak.exchange.faults.timeline import Spell, Timeline, Turn
from pytest_soak.exchange.interference import AS_IT_IS, Call, Cut, Delivery, Push, Treatment
from pytest_soak.exchange.record import Fault

MOST_TOLD = 50
"""How many of those that a fault meets in a spell are told one by one."""

_ASKED_ANEW_US = 250_000


class Scheduled:
    """An `Interference` by a schedule, whose time begins with the bot's first private call.

    Each beginning, end and hit is given to `tell`, as it happens. `seed` is the schedule's own
    where none is given.
    """

    def __init__(
        self, schedule: Schedule, tell: Callable[[Fault], None], seed: int | None = None
    ) -> None:
        self._schedule = schedule
        self._tell = tell
        self._seed = schedule.seed if seed is None else seed
        self._timeline: Timeline | None = None
        self._holding: list[Spell] = []
        self._cuts: list[Cut] = []
        self._hits: Counter[Spell] = Counter()
        self._sockets: dict[int, str] = {}
        self._silent: dict[int, str] = {}
        self._positions: dict[tuple[str, str], float] = {}

    def treat(self, call: Call) -> Treatment:
        """What all faults that hold do to a request."""
        self._turn(call.time_us, starts=bool(call.account))
        treated = AS_IT_IS
        if call.via == "ws" and call.connection in self._silent:
            treated = Treatment(fault=self._silent[call.connection], silent=True)
        for spell in self._holding:
            one = treatment(spell, call, self._seed)
            if one is not None:
                self._hit(spell, call.time_us, f"{call.endpoint} {call.order_id or call.link_id}")
                treated = both(treated, replace(one, fault=spell.row.name))
        return treated

    def deliver(self, push: Push) -> Sequence[Delivery]:
        """What all faults that hold make of a message, one after the other."""
        self._turn(push.time_us, starts=bool(push.account))
        position = self._position(push)
        if push.connection in self._silent:
            return ()
        sent: Sequence[Delivery] = (Delivery(push.message),)
        for spell in self._holding:
            made = deliveries(spell, push, self._seed, position)
            if made is not None:
                self._hit(spell, push.time_us, push.topic)
                sent = [_after(one, other, push) for one in sent for other in made]
        return sent

    def accepts(self, path: str, connection: int, time_us: int) -> bool:
        """Whether no fault keeps new sockets out."""
        self._turn(time_us)
        for spell in self._holding:
            kind = spell.row.kind
            if kind == "maintenance" or (
                kind == "refuse_sockets" and reaches(spell.row.sockets, path)
            ):
                self._hit(spell, time_us, path)
                return False
        self._sockets[connection] = path
        return True

    def answers(self, connection: int, time_us: int) -> bool:
        """Whether no fault has silenced the socket."""
        self._turn(time_us)
        return connection not in self._silent

    def book_time_us(self, time_us: int) -> int:
        """As of when books are shown."""
        return time_us - round(self._longest("stale_book", time_us) * 1e6)

    def shown_open_s(self, time_us: int) -> float:
        """For how long cancelled orders are shown as they were."""
        return self._longest("stale_orders", time_us)

    def skew_ms(self, time_us: int) -> int:
        """The sum of what all faults that hold put the clock off."""
        self._turn(time_us)
        return sum(s.row.ms or 0 for s in self._holding if s.row.kind == "clock_skew")

    def cuts(self, time_us: int) -> Sequence[Cut]:
        """The sockets that faults cut which have begun since."""
        self._turn(time_us)
        cuts, self._cuts = self._cuts, []
        return cuts

    def next_us(self, time_us: int) -> int | None:
        """When a fault begins or ends; soon, as long as the bot's first call is awaited."""
        self._turn(time_us)
        if self._timeline is None:
            return time_us + _ASKED_ANEW_US if self._schedule.faults else None
        return time_us if self._cuts else self._timeline.next_us

    def _longest(self, kind: str, time_us: int) -> float:
        self._turn(time_us)
        return max((s.row.seconds or 0.0 for s in self._holding if s.row.kind == kind), default=0.0)

    def _turn(self, time_us: int, *, starts: bool = False) -> None:
        if self._timeline is None:
            if not starts:
                return
            self._timeline = Timeline(self._schedule, self._seed, time_us)
        for turn in self._timeline.until(time_us):
            if turn.what == "began":
                self._begin(turn)
            else:
                self._end(turn)

    def _begin(self, turn: Turn) -> None:
        row = turn.spell.row
        self._tell(Fault(turn.time_us, row.name, row.kind, "began"))
        self._holding.append(turn.spell)
        if row.kind == "silence":
            found = {n: row.name for n, path in self._sockets.items() if reaches(row.sockets, path)}
            self._silent |= found
            for number in found:
                self._hit(turn.spell, turn.time_us, self._sockets[number])
        if row.kind in ("drop", "maintenance"):
            self._cuts.append(Cut(row.name, row.sockets or "all", row.mid_frame))

    def _end(self, turn: Turn) -> None:
        row, hits = turn.spell.row, self._hits.pop(turn.spell, 0)
        self._holding.remove(turn.spell)
        self._tell(Fault(turn.time_us, row.name, row.kind, "ended", hits=hits))

    def _hit(self, spell: Spell, time_us: int, detail: str) -> None:
        self._hits[spell] += 1
        if self._hits[spell] <= MOST_TOLD:
            row = spell.row
            self._tell(Fault(time_us, row.name, row.kind, "hit", detail.rstrip()))

    def _position(self, push: Push) -> float:
        """What was pushed last of the position that a message is about."""
        rows = rows_of(push)
        if push.topic.startswith("position"):
            for row in rows:
                size = float(row.get("size") or 0.0)
                signed = -size if row.get("side") == "Sell" else size
                self._positions[push.account, str(row.get("symbol"))] = signed
        symbol = str(rows[-1].get("symbol")) if rows else ""
        return self._positions.get((push.account, symbol), 0.0)


def _after(one: Delivery, other: Delivery, push: Push) -> Delivery:
    """What a later fault makes of what an earlier one sends."""
    message = one.message if other.message is push.message else other.message
    return Delivery(message, one.late_s + other.late_s)
