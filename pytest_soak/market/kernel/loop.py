"""The event loop: what is due next, in order of time, up to a time or until the tape is full."""

from __future__ import annotations

from pytest_soak.market.kernel import maker, rng
from pytest_soak.market.kernel.book import best_volume, crowd_mid, remove
from pytest_soak.market.kernel.flow import on_limit, on_market, start_flow
from pytest_soak.market.kernel.jit import Record, kernel_function
from pytest_soak.market.kernel.market_data import PULSE_US, publish, snapshot
from pytest_soak.market.kernel.matching import on_request
from pytest_soak.market.kernel.pulse import PULSES_PER_SECOND, on_pulse, plan_episode
from pytest_soak.market.kernel.schedule import (
    CROWD_EXPIRY,
    MAKER_CYCLE,
    REPORT_DELIVERY,
    REQUEST_ARRIVAL,
    drop_first,
)
from pytest_soak.market.kernel.state import BUY, CROWD, NEVER, REPORTS, SELL
from pytest_soak.market.kernel.tape import (
    RUN,
    STOP_AT_EVENT,
    nearly_full,
    put_due_markouts,
    put_mark,
    put_mid,
    put_report,
    put_top,
)


@kernel_function
def advance(world: Record, tape: Record, until: int) -> bool:
    """Let everything happen that is due before `until`; False where the tape must be emptied first.

    Call again until it returns True: the slices leave no trace in the state. Where the tape says
    so it returns after one event, or after one that brought the agent a report.
    """
    if world.window.begun == 0:
        _begin_window(world)
    flow = world.flow
    schedule = world.schedule
    full = False
    while True:
        time = schedule.heap[0].time if schedule.count > 0 else NEVER
        due = min(time, flow.next_limit, flow.next_market, flow.next_pulse)
        put_due_markouts(tape, min(due, until), world.mid)
        if due >= until:
            break
        world.now = due
        world.events += 1
        if due == flow.next_pulse:
            _pulse(world, tape, due)
            full = nearly_full(tape)
        elif due == flow.next_limit:
            on_limit(world, tape, due)
        elif due == flow.next_market:
            on_market(world, tape, due)
        else:
            _scheduled(world, tape, due)
        world.mid = crowd_mid(world.book, world.mid)
        if tape.following != 0 and world.mid != tape.mid:
            put_mid(tape, due, world.mid)
        if tape.recording != 0:
            _record_top(world, tape, due)
        if tape.stop != RUN and (tape.stop == STOP_AT_EVENT or tape.reports_count > 0):
            return True
        if full:
            return False
    world.now = until
    return True


@kernel_function
def _begin_window(world: Record) -> None:
    window = world.window
    window.begun = 1
    window.spike_count = 0
    window.gap_events = 0
    world.ticks_per_bps = world.mid * 1e-4
    rng.set_keys(world.keys, window.seed, window.iteration)
    world.flow.active = 0
    plan_episode(world)
    start_flow(world, window.start)
    world.flow.next_pulse = -(-window.start // PULSE_US) * PULSE_US
    if world.maker.flags.enabled != 0 and world.maker.cycle_number == 0:
        maker.start_maker(world, window.start)


@kernel_function
def _pulse(world: Record, tape: Record, time: int) -> None:
    world.flow.next_pulse = time + PULSE_US
    on_pulse(world, tape, time)
    world.mid = crowd_mid(world.book, world.mid)
    publish(world, time)
    second = time // PULSE_US % PULSES_PER_SECOND == 0
    if second:
        account = world.account
        newest = snapshot(world, world.venue.snapshot_number)
        put_mark(
            tape,
            time,
            account.position,
            account.cash,
            account.fees_quote,
            world.mid,
            newest.delivered - time,
        )
    if world.maker.flags.enabled != 0:
        maker.on_pulse(world, tape, time)
        if second:
            maker.on_second(world, time)


@kernel_function
def _scheduled(world: Record, tape: Record, time: int) -> None:
    event = world.schedule.heap[0]
    kind = event.kind
    place = event.index
    reference = event.reference
    drop_first(world.schedule)
    if kind == CROWD_EXPIRY:
        order = world.book.orders[place]
        if order.side != 0 and order.reference == reference and order.owner == CROWD:
            remove(world.book, place)
    elif kind == MAKER_CYCLE:
        maker.on_cycle(world, tape, time)
    elif kind == REQUEST_ARRIVAL:
        on_request(world, tape, time)
    elif kind == REPORT_DELIVERY:
        if world.maker.flags.enabled != 0:
            maker.on_report(world, tape, time)
        else:
            _deliver(world, tape, time)


@kernel_function
def _deliver(world: Record, tape: Record, time: int) -> None:
    venue = world.venue
    put_report(tape, time, venue.reports[venue.report_head & (REPORTS - 1)])
    venue.report_head += 1


@kernel_function
def _record_top(world: Record, tape: Record, time: int) -> None:
    book = world.book
    put_top(
        tape, time, book.best_bid, best_volume(book, BUY), book.best_ask, best_volume(book, SELL)
    )
