"""Public topics: made when somebody subscribes, pushed as long as anybody has them.

Those of books that are recorded go on behind the last who had them.
"""

from __future__ import annotations

from pytest_soak.exchange.markets.bars import INTERVALS
from pytest_soak.exchange.markets.market import SymbolMarket
from pytest_soak.exchange.markets.told import PublicTrade
from pytest_soak.exchange.sockets.book_trail import BookTrail
from pytest_soak.exchange.sockets.books import EVERY_MS, BookFeed
from pytest_soak.exchange.sockets.connection import Connection
from pytest_soak.exchange.sockets.hub import PUBLIC, Hub
from pytest_soak.exchange.sockets.summaries import CandleFeed, TickerFeed
from pytest_soak.exchange.sockets.trades import TradeFeed
from pytest_soak.exchange.venue import Venue

Feed = BookFeed | TradeFeed | TickerFeed | CandleFeed


class PublicFeeds:
    """What every public topic has to say, by path and topic."""

    def __init__(self, venue: Venue, hub: Hub) -> None:
        self._venue = venue
        self._hub = hub
        self._feeds: dict[tuple[str, str], Feed] = {}
        self._trail = BookTrail(venue)
        self._coming: list[tuple[int, Connection, str]] = []
        venue.listen(self._on_trades)

    def knows(self, path: str, topic: str) -> bool:
        """Whether there is such a topic."""
        return self._feed(path, topic) is not None

    def join(self, connection: Connection, topic: str) -> None:
        """Let a socket have a topic as soon as what is shown of its market may have come."""
        market = self._venue.markets[topic.rpartition(".")[2]]
        due = self._venue.now_us() + market.lag_us()
        self._coming.append((due, connection, topic))

    def _greet(self, connection: Connection, topic: str) -> None:
        """Send a new subscriber what it begins with."""
        if connection.is_over or topic not in connection.topics:
            return
        self._hub.subscribe(connection, topic)
        feed = self._feed(connection.path, topic)
        if isinstance(feed, BookFeed | TickerFeed):
            message = feed.first(self._venue.now_us(), self._venue.shown_ms())
            self._hub.push([connection], topic, message)
            if isinstance(feed, BookFeed):
                self._trail.note(feed, self._venue.now_us())

    def on_step(self, now_us: int) -> None:
        """Push what is due."""
        due = [one for one in self._coming if one[0] <= now_us]
        if due:
            self._coming = [one for one in self._coming if one[0] > now_us]
        for _, connection, topic in due:
            self._greet(connection, topic)
        for (path, topic), feed in self._feeds.items():
            connections = self._hub.subscribers(path, topic)
            if connections or self._trail.follows(feed):
                self._venue.markets[topic.rpartition(".")[2]].want(now_us)
                message = feed.news(now_us, self._venue.shown_ms())
                if message is not None:
                    self._hub.push(connections, topic, message)
                    if isinstance(feed, BookFeed):
                        self._trail.note(feed, now_us)
        self._trail.on_step(now_us)

    def _on_trades(self, market: SymbolMarket, trades: tuple[PublicTrade, ...]) -> None:
        if not trades:
            return
        listed = market.listed
        path, topic = f"{PUBLIC}{listed.category}", f"publicTrade.{listed.symbol}"
        feed = self._feeds.get((path, topic))
        if isinstance(feed, TradeFeed) and self._hub.subscribers(path, topic):
            feed.add(trades)

    def _feed(self, path: str, topic: str) -> Feed | None:
        found = self._feeds.get((path, topic))
        if found is None:
            found = self._made(path, topic)
            if found is not None:
                self._feeds[path, topic] = found
        return found

    def _made(self, path: str, topic: str) -> Feed | None:
        kind, *middle, symbol = topic.split(".") if "." in topic else (topic, topic)
        market = self._venue.markets.get(symbol)
        if market is None or path != f"{PUBLIC}{market.listed.category}":
            return None
        return _feed_of(kind, middle, market, topic)


def _feed_of(kind: str, middle: list[str], market: SymbolMarket, topic: str) -> Feed | None:
    match kind, middle:
        case "orderbook", [depth] if depth in map(str, EVERY_MS[market.listed.category]):
            return BookFeed(market, int(depth), topic)
        case "publicTrade", []:
            return TradeFeed(market, topic)
        case "tickers", []:
            return TickerFeed(market, topic)
        case "kline", [interval] if interval in INTERVALS:
            return CandleFeed(market, interval, topic)
    return None
