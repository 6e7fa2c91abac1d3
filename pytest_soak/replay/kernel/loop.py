"""Rows, requests, reports and the maker in the order of their times.

At equal times: what the agent receives, the exchange's rows, then what is scheduled.
"""

from __future__ import annotations

from typing import Any

from pytest_soak.market.kernel import maker, rng
from pytest_soak.market.kernel.jit import Record, kernel_function, numbers
from pytest_soak.market.kernel.market_data import PULSE_US
from pytest_soak.market.kernel.pulse import PULSES_PER_SECOND
from pytest_soak.market.kernel.schedule import (
    MAKER_CYCLE,
    REPORT_DELIVERY,
    REQUEST_ARRIVAL,
    drop_first,
)
from pytest_soak.market.kernel.state import NEVER, REPORTS
from pytest_soak.market.kernel.tape import (
    RUN,
    STOP_AT_EVENT,
    nearly_full,
    put_due_markouts,
    put_mark,
    put_mid,
    put_report,
    put_top,
    put_trade,
)
from pytest_soak.replay.kernel.book import rounded, size_at
from pytest_soak.replay.kernel.gateway import (
    AT_BOOK,
    book_filled,
    leave_gateway,
    on_request,
    set_answer,
)
from pytest_soak.replay.kernel.money import value_lots
from pytest_soak.replay.kernel.own import take_row
from pytest_soak.replay.kernel.stream import has_book, measure_depth, mid_of, publish, receive
from pytest_soak.replay.rows import BUY, EXCHANGE, LOCAL, TRADE

DONE, TAPE_FULL, ROWS_OVER = numbers(3)


@kernel_function
def advance(
    world: Record, tape: Record, replay: Record, rows: Any, measured: Any, until: int
) -> int:
    """Let everything happen that is due before `until`.

    TAPE_FULL and ROWS_OVER say what is to be done before it is called again: empty the tape, hand
    over rows from the earlier of both places on. The slices leave no trace in the state.
    """
    if world.window.begun == 0:
        _begin_window(world)
    flow = world.flow
    schedule = world.schedule
    while True:
        exchange = _next_time(replay, rows, replay.at_exchange, EXCHANGE)
        local = _next_time(replay, rows, replay.at_local, LOCAL)
        if (exchange == NEVER or local == NEVER) and replay.ended == 0:
            _skip(replay, rows)
            return ROWS_OVER
        scheduled = schedule.heap[0].time if schedule.count > 0 else NEVER
        due = min(exchange, local, scheduled, flow.next_pulse)
        put_due_markouts(tape, min(due, until), world.mid)
        if due >= until:
            break
        world.now = due
        world.events += 1
        if due == local:
            receive(replay, _next_row(replay, rows, replay.at_local, LOCAL))
            replay.at_local = _after(replay, rows, replay.at_local, LOCAL)
        elif due == exchange:
            row = _next_row(replay, rows, replay.at_exchange, EXCHANGE)
            replay.at_exchange = _after(replay, rows, replay.at_exchange, EXCHANGE)
            set_answer(world, measured, due)
            _happen(world, tape, replay, row, due)
        elif due == flow.next_pulse:
            _pulse(world, tape, replay, due)
        else:
            _scheduled(world, tape, replay, measured, due)
        if tape.stop != RUN and (tape.stop == STOP_AT_EVENT or tape.reports_count > 0):
            return DONE
        if nearly_full(tape):
            return TAPE_FULL
    world.now = until
    return DONE


@kernel_function
def _place_of(replay: Record, rows: Any, number: int, bit: int) -> int:
    """The place of the first row from `number` on that counts for a side; the end without one."""
    place = number - replay.first
    while place < len(rows) and rows[place].ev & bit == 0:
        place += 1
    return place


@kernel_function
def _next_time(replay: Record, rows: Any, number: int, bit: int) -> int:
    place = _place_of(replay, rows, number, bit)
    if place >= len(rows):
        return NEVER
    stamp = rows[place].exch_ts if bit == EXCHANGE else rows[place].local_ts
    return max(0, (stamp - replay.origin) // 1000)


@kernel_function
def _next_row(replay: Record, rows: Any, number: int, bit: int) -> Record:
    return rows[_place_of(replay, rows, number, bit)]


@kernel_function
def _after(replay: Record, rows: Any, number: int, bit: int) -> int:
    return _place_of(replay, rows, number, bit) + replay.first + 1


@kernel_function
def _skip(replay: Record, rows: Any) -> None:
    """Leave rows behind that count for the other side alone."""
    exchange = _place_of(replay, rows, replay.at_exchange, EXCHANGE)
    local = _place_of(replay, rows, replay.at_local, LOCAL)
    replay.at_exchange = replay.first + exchange
    replay.at_local = replay.first + local


@kernel_function
def _begin_window(world: Record) -> None:
    window = world.window
    window.begun = 1
    world.ticks_per_bps = world.mid * 1e-4
    rng.set_keys(world.keys, window.seed, window.iteration)
    world.flow.next_pulse = -(-window.start // PULSE_US) * PULSE_US
    if world.maker.flags.enabled != 0 and world.maker.cycle_number == 0:
        maker.start_maker(world, window.start)


@kernel_function
def _happen(world: Record, tape: Record, replay: Record, row: Record, time: int) -> None:
    """Let a row happen on the exchange: own fills have the mid from before it."""
    feed = replay.feed
    if row.ev & 0xFF == TRADE:
        tick, lots = rounded(row.px / feed.tick), rounded(row.qty / feed.lot)
        put_trade(tape, time, 1 if row.ev & BUY else -1, tick, lots)
    if take_row(feed, row) > 0:
        book_filled(world, tape, replay, time)
    world.mid = mid_of(feed, world.mid)
    value_lots(world, replay)
    if tape.following != 0 and world.mid != tape.mid:
        put_mid(tape, time, world.mid)
    if tape.recording != 0 and has_book(feed):
        bid, ask = feed.bids.best, feed.asks.best
        bid_lots = rounded(size_at(feed.bids, bid) / feed.lot)
        put_top(tape, time, bid, bid_lots, ask, rounded(size_at(feed.asks, ask) / feed.lot))


@kernel_function
def _pulse(world: Record, tape: Record, replay: Record, time: int) -> None:
    world.flow.next_pulse = time + PULSE_US
    second = time // PULSE_US % PULSES_PER_SECOND == 0
    if second:
        measure_depth(world, replay)
    publish(world, replay, time)
    account = world.account
    if second:
        put_mark(
            tape,
            time,
            account.position,
            account.cash,
            account.fees_quote,
            world.mid,
            replay.lag_us,
        )
    if world.maker.flags.enabled != 0:
        maker.on_pulse(world, tape, time)
        if second:
            maker.on_second(world, time)


@kernel_function
def _scheduled(world: Record, tape: Record, replay: Record, measured: Any, time: int) -> None:
    event = world.schedule.heap[0]
    kind = event.kind
    place = event.index
    drop_first(world.schedule)
    if kind == MAKER_CYCLE:
        maker.on_cycle(world, tape, time)
    elif kind == REQUEST_ARRIVAL:
        leave_gateway(world, replay, measured, time)
    elif kind == AT_BOOK:
        on_request(world, tape, replay, measured, time, place)
    elif kind == REPORT_DELIVERY:
        if world.maker.flags.enabled != 0:
            maker.on_report(world, tape, time)
        else:
            put_report(tape, time, world.venue.reports[world.venue.report_head & (REPORTS - 1)])
            world.venue.report_head += 1
