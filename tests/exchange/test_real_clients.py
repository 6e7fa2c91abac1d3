"""Bugs of clients that are there, unmodified: red on these versions, and each with a green twin.

A twin has no fault, or the remedy that a careful user of the client would find.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from served import Driven, calm, driven, interpreter, row

BOOK_AGE, WRONG, GHOSTS = "book_age_max_ms", "book_wrong_u", "believed_open_closed"
OLD_MS = 5_000
pytestmark = pytest.mark.timeout(180)


def pybit(bug: str, number: int, *words: str, faults: bool = True) -> Driven:
    python = interpreter("pybit")
    if python is None:
        pytest.skip("SOAK_CLIENTS names no folder with an environment of pybit")
    schedule = row(number) if faults else calm(row(number))
    return driven(python, "pybit_bot.py", bug, *words, faults=schedule)


def ccxt(bug: str, number: int, *words: str, faults: bool = True) -> Driven:
    python = interpreter("ccxt")
    if python is None:
        pytest.skip("SOAK_CLIENTS names no folder with an environment of ccxt")
    schedule = row(number) if faults else calm(row(number))
    return driven(python, "ccxt_bot.py", bug, *words, faults=schedule)


Client = Callable[..., Driven]


def test_4_pybit_hands_over_a_book_that_is_not_sorted() -> None:
    assert pybit("unsorted", 4).value(WRONG) > 5
    mended = pybit("unsorted", 4, "mended")
    assert mended.value(WRONG) == 0
    assert mended.value(BOOK_AGE) < OLD_MS


def test_5_pybit_loses_its_book_by_a_swallowed_delta() -> None:
    dead = pybit("swallowed", 5, "mended")
    assert dead.value(BOOK_AGE) > OLD_MS
    assert dead.said == [{"connected": False, "threads": dead.said[0]["threads"]}]
    well = pybit("swallowed", 5, "mended", faults=False)
    assert well.value(BOOK_AGE) < OLD_MS
    assert well.value(WRONG) == 0


def test_6_pybit_loses_an_answer_that_comes_before_it_expects_one() -> None:
    """One of seven, where another thread of the bot computes; without one, one of hundreds."""
    lost = pybit("acks", 6)
    (told,) = lost.said
    assert 0 < told["answered"] < told["sent"]
    assert lost.value("unknown_open_orders") == told["sent"] - told["answered"]
    assert pybit("acks", 6, "mended").value("unknown_open_orders") == 0


def test_7_pybit_sends_an_order_twice_that_is_not_answered() -> None:
    assert pybit("retries", 7).value("repeated_intents") == 1
    assert pybit("retries", 7, "mended").value("repeated_intents") == 0
    assert pybit("retries", 7, faults=False).value("repeated_intents") == 0


def test_8_neither_client_sees_that_a_socket_is_silent() -> None:
    """Their twins are in 4 and 9: the same books without a fault."""
    for client in (pybit, ccxt):
        assert client("silent", 8, "mended").value(BOOK_AGE) > OLD_MS


def test_9_ccxt_cuts_its_book_by_its_best_prices() -> None:
    cut = ccxt("beside", 9)
    assert cut.value(WRONG) > 5
    assert min(one["depth"] for one in cut.said) < 20
    alone = ccxt("beside", 9, "mended")
    assert alone.value(WRONG) == 0
    assert alone.value(BOOK_AGE) < OLD_MS


def test_10_ccxt_believes_the_message_that_comes_last() -> None:
    assert ccxt("swapped", 10).value(GHOSTS) > 0
    assert ccxt("swapped", 10, faults=False).value(GHOSTS) == 0


@pytest.mark.parametrize("client", [pybit, ccxt])
def test_12_no_client_reads_again_what_filled_in_a_gap(client: Client) -> None:
    assert client("fills", 12).value("position_gap_base") > 0
    for good in (client("fills", 12, "mended"), client("fills", 12, faults=False)):
        assert good.value("position_gap_base") == 0
