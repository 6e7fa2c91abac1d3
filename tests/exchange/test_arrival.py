"""What is said of a bot that was waited for and has not come."""

from __future__ import annotations

import pytest

from pytest_soak.exchange.arrival import seen_instead
from pytest_soak.exchange.invariants.seen import seen
from pytest_soak.exchange.jail.outside import Outside
from pytest_soak.exchange.record import Request


def request(code: int, account: str = "") -> Request:
    return Request(1, 1, account, "rest", "GET /v5/position/list", code, 200, 10)


@pytest.mark.parametrize(
    ("codes", "refused", "said"),
    [
        ([], 0, "the exchange had no request of it"),
        ([0], 0, "the exchange had 1 request of it, 1 without a key"),
        (
            [10003, 0, 10003],
            0,
            "the exchange had 3 requests of it, 2 with a key that is not SOAK_EXCHANGE_KEY, "
            "1 without a key",
        ),
        (
            [10004],
            0,
            "the exchange had 1 request of it, 1 signed with another secret than "
            "SOAK_EXCHANGE_SECRET",
        ),
        ([10002], 0, "the exchange had 1 request of it, 1 with a time stamp that is off"),
        (
            [],
            14,
            "the exchange had no request of it; 14 attempts to reach something else were refused",
        ),
        (
            [],
            1,
            "the exchange had no request of it; 1 attempt to reach something else was refused",
        ),
    ],
)
def test_what_the_exchange_saw_instead_is_said(codes: list[int], refused: int, said: str) -> None:
    assert seen_instead(seen(map(request, codes)), Outside(0, refused)) == said
