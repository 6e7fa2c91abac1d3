"""Scheduled events in order of time: a binary heap inside the world's record."""

from __future__ import annotations

from pytest_soak.market.kernel.jit import Record, kernel_function, numbers
from pytest_soak.market.kernel.state import EVENTS

CROWD_EXPIRY, REQUEST_ARRIVAL, REPORT_DELIVERY, MAKER_CYCLE = numbers(4)


@kernel_function
def push(schedule: Record, time: int, kind: int, index: int, reference: int) -> None:
    """Schedule an event; raises OverflowError where the heap is full."""
    if schedule.count >= EVENTS:
        raise OverflowError("the schedule is full")
    heap = schedule.heap
    place = schedule.count
    schedule.count += 1
    while place > 0:
        parent = (place - 1) >> 1
        if heap[parent].time <= time:
            break
        heap[place] = heap[parent]
        place = parent
    event = heap[place]
    event.time = time
    event.kind = kind
    event.index = index
    event.reference = reference


@kernel_function
def drop_first(schedule: Record) -> None:
    """Remove the earliest event; the heap must not be empty."""
    heap = schedule.heap
    schedule.count -= 1
    count = schedule.count
    last = heap[count]
    time = last.time
    place = 0
    child = 1
    while child < count:
        if child + 1 < count and heap[child + 1].time < heap[child].time:
            child += 1
        if heap[child].time >= time:
            break
        heap[place] = heap[child]
        place = child
        child = 2 * place + 1
    heap[place] = last
