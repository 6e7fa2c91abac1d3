"""`/v5/market/...`: time, symbols, books, trades, tickers, candles."""

from __future__ import annotations

from pytest_soak.exchange.codes import RefusedError, parameter
from pytest_soak.exchange.markets.bars import INTERVALS, Bar
from pytest_soak.exchange.markets.market import SymbolMarket
from pytest_soak.exchange.numbers import cut, exact, text
from pytest_soak.exchange.rest.endpoint import (
    Args,
    Endpoint,
    Reply,
    category_in,
    count_in,
    is_about,
    time_in,
    traded_in,
)
from pytest_soak.exchange.venue import Venue
from pytest_soak.exchange.wire import market as wire
from pytest_soak.exchange.wire.instruments import instrument
from pytest_soak.exchange.wire.positions import RISK_LIMIT

USUAL_DEPTH = {"linear": 25, "spot": 1}
MOST_DEPTH = {"linear": 500, "spot": 200}


def server_time(venue: Venue, args: Args) -> Reply:
    """`GET market/time`."""
    now = venue.shown_ms()
    return Reply({"timeSecond": str(now // 1000), "timeNano": str(now * 1_000_000)})


def instruments_info(venue: Venue, args: Args) -> Reply:
    """`GET market/instruments-info`: of every category; what is not traded is an empty list."""
    category = category_in(args)
    is_trading = args.get("status") in (None, "", "Trading")
    listed = traded_in(venue, args) if args.get("symbol") else venue.units.values()
    rows = [instrument(one) for one in listed if is_trading and is_about(args, one, category)]
    return Reply({"category": category, "list": rows, "nextPageCursor": ""})


def orderbook(venue: Venue, args: Args) -> Reply:
    """`GET market/orderbook`."""
    market = _market(venue, args)
    category = market.listed.category
    depth = count_in(args, "limit", USUAL_DEPTH[category], MOST_DEPTH[category])
    now = venue.now_us()
    shown = market.books.as_of(now, venue.interference.book_time_us(now))
    return Reply(wire.book(market, shown, depth, venue.shown_ms(), shown.number))


def tickers(venue: Venue, args: Args) -> Reply:
    """`GET market/tickers`."""
    category, now = category_in(args), venue.now_us()
    then = venue.interference.book_time_us(now)
    rows = []
    for listed in traded_in(venue, args):
        market = venue.markets[listed.symbol]
        venue.desk.catch_up(market)
        rows.append(wire.ticker(market, market.books.as_of(now, then), now // 1000))
    return Reply({"category": category, "list": rows})


def kline(venue: Venue, args: Args) -> Reply:
    """`GET market/kline`: the latest first."""
    market, bars = _candles(venue, args)
    rows = [wire.candle(market, bar) for bar in reversed(bars)]
    return _listed(market, rows)


def mark_kline(venue: Venue, args: Args) -> Reply:
    """`GET market/mark-price-kline` and the index's: those of the trades, without volume."""
    market, bars = _candles(venue, args)
    rows = [wire.candle(market, bar)[:5] for bar in reversed(bars)]
    return _listed(market, rows)


def _listed(market: SymbolMarket, rows: list[list[str]]) -> Reply:
    listed = market.listed
    return Reply({"category": listed.category, "symbol": listed.symbol, "list": rows})


def _candles(venue: Venue, args: Args) -> tuple[SymbolMarket, list[Bar]]:
    market = _market(venue, args)
    length = INTERVALS.get(str(args.get("interval")))
    if length is None:
        raise RefusedError(parameter(f"interval: one of {', '.join(INTERVALS)}"))
    limit = count_in(args, "limit", 200, 1000)
    now = venue.now_us() // 1000
    since, until = time_in(args, "start"), min(time_in(args, "end") or now, now)
    if since is None:
        since = until - length * limit + 1
    elif args.get("end") in (None, ""):
        until = min(until, since + length * limit - 1)
    since = max(since, until - length * limit + 1, 0)
    return market, market.bars.candles(length, since, until)


def recent_trade(venue: Venue, args: Args) -> Reply:
    """`GET market/recent-trade`: the latest first."""
    market = _market(venue, args)
    most = 60 if market.listed.category == "spot" else 1000
    count = count_in(args, "limit", min(most, 500), most)
    rows = [wire.recent_trade(market, one) for one in reversed([*market.recent][-count:])]
    return Reply({"category": market.listed.category, "list": rows})


def funding_history(venue: Venue, args: Args) -> Reply:
    """`GET market/funding/history`: rates of 0, as no funding is paid."""
    market = _market(venue, args)
    count, now = count_in(args, "limit", 200, 200), venue.now_us() // 1000
    until = min(time_in(args, "endTime") or now, now)
    since = time_in(args, "startTime") or 0
    last = until // wire.FUNDING_MS * wire.FUNDING_MS
    times = range(last, max(since - 1, last - count * wire.FUNDING_MS), -wire.FUNDING_MS)
    rows = [
        {
            "symbol": market.listed.symbol,
            "fundingRate": "0",
            "fundingRateTimestamp": str(time),
        }
        for time in times
    ]
    return Reply({"category": market.listed.category, "list": rows})


def risk_limit(venue: Venue, args: Args) -> Reply:
    """`GET market/risk-limit`: one step."""
    rows = [
        {
            "id": 1,
            "symbol": listed.symbol,
            "riskLimitValue": RISK_LIMIT,
            "maintenanceMargin": "0.005",
            "initialMargin": text(cut(1 / exact(listed.most_leverage))),
            "isLowestRisk": 1,
            "maxLeverage": f"{listed.most_leverage}.00",
            "mmDeduction": "",
        }
        for listed in traded_in(venue, args)
    ]
    return Reply({"category": category_in(args), "list": rows, "nextPageCursor": ""})


def _market(venue: Venue, args: Args) -> SymbolMarket:
    if not args.get("symbol"):
        raise RefusedError(parameter("symbol is required"))
    market = venue.markets[traded_in(venue, args)[0].symbol]
    venue.desk.catch_up(market)
    return market


ENDPOINTS = {
    ("GET", "/v5/market/time"): Endpoint(server_time),
    ("GET", "/v5/market/instruments-info"): Endpoint(instruments_info),
    ("GET", "/v5/market/orderbook"): Endpoint(orderbook),
    ("GET", "/v5/market/tickers"): Endpoint(tickers),
    ("GET", "/v5/market/kline"): Endpoint(kline),
    ("GET", "/v5/market/mark-price-kline"): Endpoint(mark_kline),
    ("GET", "/v5/market/index-price-kline"): Endpoint(mark_kline),
    ("GET", "/v5/market/recent-trade"): Endpoint(recent_trade),
    ("GET", "/v5/market/funding/history"): Endpoint(funding_history),
    ("GET", "/v5/market/risk-limit"): Endpoint(risk_limit),
}
