"""The facts: their names, what each takes to be told, and what is published for liquid markets.

The sources of the published ranges are in docs/MARKET.md, "Facts of a feed".
"""

from __future__ import annotations

from typing import NamedTuple

TOPS = "30 tops of the book"
WIDER = "a spread beyond its mode"
ORDERS = "30 market orders"
SOME_ORDERS = "30 market orders of both sides"
MANY_ORDERS = "80 market orders of both sides"
FOLLOWED = "30 market orders that it follows for long enough"
IMPACT = "orders of three sizes, each followed by the mid"
SECONDS = "30 returns over 1 s that differ"
MINUTES = "30 returns over 60 s that differ"
FIVE_MINUTES = "330 returns over 1 s that differ"
TAIL = "1,000 returns over 1 s, of which 1 % differ from 0"


class Fact(NamedTuple):
    """`needs` is what a feed must have; `published` is empty where each market has its own."""

    name: str
    group: str
    needs: str
    published: str = ""


FACTS = (
    Fact("spread_bps", "spread", TOPS),
    Fact("spread_cv", "spread", TOPS),
    Fact("spread_mode_ticks", "spread", TOPS),
    Fact("spread_tail_ratio", "spread", WIDER),
    Fact("touch_depth_quote", "spread", TOPS),
    Fact("orders_per_s", "orders", TOPS),
    Fact("sign_lag_1", "orders", SOME_ORDERS, "0.1 to 0.6"),
    Fact("sign_lag_50", "orders", MANY_ORDERS, "0.006 to 0.3"),
    Fact("effective_half_bps", "response", ORDERS),
    Fact("response_1s_bps", "response", FOLLOWED),
    Fact("response_10s_bps", "response", FOLLOWED),
    Fact("response_60s_bps", "response", FOLLOWED),
    Fact("response_60s_ratio", "response", FOLLOWED, "about 1"),
    Fact("impact_exponent", "response", IMPACT, "0.2 to 0.5"),
    Fact("volatility_1s_bps", "returns", SECONDS),
    Fact("volatility_60s_ratio", "returns", MINUTES, "about 1"),
    Fact("return_1s_lag_1", "returns", SECONDS, "about 0"),
    Fact("return_60s_lag_1", "returns", MINUTES, "about 0"),
    Fact("abs_return_lag_1s", "returns", SECONDS, "0.05 to 0.4"),
    Fact("abs_return_lag_300s", "returns", FIVE_MINUTES, "above 0"),
    Fact("kurtosis_1s", "returns", SECONDS, "well above 0"),
    Fact("hill_1s", "returns", TAIL, "2 to 5"),
)
