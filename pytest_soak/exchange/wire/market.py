"""Market data on the wire: books, trades, tickers, candles."""

from __future__ import annotations

from itertools import islice
from typing import Any

from pytest_soak.exchange.ids import derived
from pytest_soak.exchange.markets.bars import Bar
from pytest_soak.exchange.markets.books import Book, Levels
from pytest_soak.exchange.markets.market import SymbolMarket
from pytest_soak.exchange.markets.told import PublicTrade

FUNDING_MS = 8 * 3_600_000


def rows(market: SymbolMarket, levels: Levels, depth: int) -> list[list[str]]:
    """The best levels of a side as pairs of price and size."""
    return [[market.price_text(p), market.size_text(q)] for p, q in islice(levels.items(), depth)]


def book(market: SymbolMarket, shown: Book, depth: int, now_ms: int, update: int) -> dict[str, Any]:
    """What `market/orderbook` says."""
    return {
        "s": market.listed.symbol,
        "b": rows(market, shown.bids, depth),
        "a": rows(market, shown.asks, depth),
        "ts": now_ms,
        "u": update,
        "seq": shown.number,
        "cts": shown.time_us // 1000,
    }


def trade_id(market: SymbolMarket, trade: PublicTrade) -> str:
    """The name of a trade, which is its own for ever."""
    own = f"{market.listed.symbol}/{trade.time_us}/{trade.price}/{trade.sign}/{trade.lots}"
    return f"{derived(0, own):020d}"


def side(trade: PublicTrade) -> str:
    """Of the order that came in."""
    return "Buy" if trade.sign > 0 else "Sell"


def pushed_trade(market: SymbolMarket, trade: PublicTrade, sequence: int) -> dict[str, Any]:
    """A trade as the socket tells it."""
    return {
        "T": trade.time_us // 1000,
        "s": market.listed.symbol,
        "S": side(trade),
        "v": market.size_text(trade.lots),
        "p": market.price_text(trade.price),
        "L": "ZeroPlusTick",
        "i": trade_id(market, trade),
        "BT": False,
        "RPI": False,
        "seq": sequence,
    }


def recent_trade(market: SymbolMarket, trade: PublicTrade) -> dict[str, Any]:
    """A trade as `market/recent-trade` tells it."""
    return {
        "execId": trade_id(market, trade),
        "symbol": market.listed.symbol,
        "price": market.price_text(trade.price),
        "size": market.size_text(trade.lots),
        "side": side(trade),
        "time": str(trade.time_us // 1000),
        "isBlockTrade": False,
        "isRPITrade": False,
        "seq": str(trade.time_us),
    }


def candle(market: SymbolMarket, bar: Bar) -> list[str]:
    """A candle as `market/kline` tells it."""
    prices = (bar.opened, bar.high, bar.low, bar.closed)
    return [
        str(bar.start_ms),
        *map(market.price_text, prices),
        market.size_text(bar.lots),
        market.turnover_text(bar.turnover),
    ]


def ticker(market: SymbolMarket, shown: Book, now_ms: int) -> dict[str, Any]:
    """What `market/tickers` says of a symbol, and its topic."""
    day = market.bars.day(now_ms)
    bid, ask = _best(market, shown.bids), _best(market, shown.asks)
    change = (market.last_price - day.opened) / day.opened
    common = {
        "symbol": market.listed.symbol,
        "lastPrice": market.price_text(market.last_price),
        "prevPrice24h": market.price_text(day.opened),
        "price24hPcnt": f"{change:.6f}",
        "highPrice24h": market.price_text(day.high),
        "lowPrice24h": market.price_text(day.low),
        "turnover24h": market.turnover_text(day.turnover),
        "volume24h": market.size_text(day.lots),
        "bid1Price": bid[0],
        "bid1Size": bid[1],
        "ask1Price": ask[0],
        "ask1Size": ask[1],
    }
    mid = market.price_text(round((shown.crowd_bid + shown.crowd_ask) / 2))
    if market.listed.category == "spot":
        return {**common, "usdIndexPrice": mid}
    return {
        **common,
        "tickDirection": "ZeroPlusTick",
        "prevPrice1h": common["prevPrice24h"],
        "markPrice": mid,
        "indexPrice": mid,
        "openInterest": "0",
        "openInterestValue": "0",
        "fundingRate": "0",
        "nextFundingTime": str((now_ms // FUNDING_MS + 1) * FUNDING_MS),
        "predictedDeliveryPrice": "",
        "basisRate": "",
        "basis": "",
        "deliveryFeeRate": "",
        "deliveryTime": "0",
        "curPreListingPhase": "",
        "preOpenPrice": "",
        "preQty": "",
    }


def _best(market: SymbolMarket, levels: Levels) -> list[str]:
    return next(iter(rows(market, levels, 1)), ["", ""])
