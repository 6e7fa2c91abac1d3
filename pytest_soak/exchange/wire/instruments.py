"""A symbol's rules on the wire."""

from __future__ import annotations

from typing import Any

from pytest_soak.exchange.instruments import Traded
from pytest_soak.exchange.numbers import text

LAUNCHED_MS = "1584230400000"
LEAST_TICKS = 1
MOST_PRICE_TIMES = 100


def instrument(listed: Traded) -> dict[str, Any]:
    """What `instruments-info` says of a symbol."""
    return _spot(listed) if listed.category == "spot" else _linear(listed)


def _linear(listed: Traded) -> dict[str, Any]:
    return {
        "symbol": listed.symbol,
        "contractType": "LinearPerpetual",
        "status": "Trading",
        "baseCoin": listed.base,
        "quoteCoin": listed.quote,
        "settleCoin": listed.settle,
        "launchTime": LAUNCHED_MS,
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": str(max(0, -int(listed.tick.normalize().as_tuple().exponent))),
        "leverageFilter": {
            "minLeverage": "1",
            "maxLeverage": str(listed.most_leverage),
            "leverageStep": "0.01",
        },
        "priceFilter": {
            "minPrice": text(listed.tick * LEAST_TICKS),
            "maxPrice": text(listed.price * MOST_PRICE_TIMES),
            "tickSize": text(listed.tick),
        },
        "lotSizeFilter": {
            "maxOrderQty": text(listed.most_quantity),
            "minOrderQty": text(listed.lot),
            "qtyStep": text(listed.lot),
            "postOnlyMaxOrderQty": text(listed.most_quantity),
            "maxMktOrderQty": text(listed.most_quantity),
            "minNotionalValue": text(listed.least_value),
        },
        "unifiedMarginTrade": True,
        "fundingInterval": 480,
        "copyTrading": "none",
        "upperFundingRate": "0.005",
        "lowerFundingRate": "-0.005",
        "isPreListing": False,
        "preListingInfo": None,
        "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
        "displayName": "",
    }


def _spot(listed: Traded) -> dict[str, Any]:
    return {
        "symbol": listed.symbol,
        "baseCoin": listed.base,
        "quoteCoin": listed.quote,
        "innovation": "0",
        "status": "Trading",
        "marginTrading": "none",
        "stTag": "0",
        "lotSizeFilter": {
            "basePrecision": text(listed.lot),
            "quotePrecision": "0.00000001",
            "minOrderQty": text(listed.lot),
            "maxOrderQty": text(listed.most_quantity),
            "minOrderAmt": text(listed.least_value),
            "maxOrderAmt": text(listed.most_quantity * listed.price),
            "maxLimitOrderQty": text(listed.most_quantity),
            "maxMarketOrderQty": text(listed.most_quantity),
            "postOnlyMaxLimitOrderSize": text(listed.most_quantity),
        },
        "priceFilter": {"tickSize": text(listed.tick)},
        "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
    }
