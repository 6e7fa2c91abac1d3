"""Small recordings in the shapes that recorders and archives write."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pytest_soak.replay.load import Recording, Request, load
from pytest_soak.replay.rows import EXCHANGE, Rows, has, kinds
from pytest_soak.replay.sources import Source

START_MS = 1_723_161_256_000
Level = tuple[str, str]


def stamped(at_ms: float, message: Any, lag_ms: float = 5.0) -> str:
    """A line of a raw stream, received `lag_ms` after `at_ms` of the venue's clock."""
    return f"{round((START_MS + at_ms + lag_ms) * 1000) * 1000} {json.dumps(message)}"


def depth(
    at_ms: float,
    first: int,
    last: int,
    before: int | None,
    bids: Sequence[Level] = (),
    asks: Sequence[Level] = (),
    symbol: str = "BTCUSDT",
    lag_ms: float = 5.0,
) -> str:
    """A depth update; without `before` as spot has it."""
    time = START_MS + round(at_ms)
    data: dict[str, Any] = {"e": "depthUpdate", "E": time, "s": symbol, "U": first, "u": last}
    if before is not None:
        data |= {"T": time, "pu": before}
    data |= {"b": [*map(list, bids)], "a": [*map(list, asks)]}
    return stamped(at_ms, {"stream": f"{symbol.lower()}@depth@0ms", "data": data}, lag_ms)


def snapshot(at_ms: float, number: int, bids: Sequence[Level], asks: Sequence[Level]) -> str:
    """A REST snapshot of USD-M, which names no symbol."""
    time = START_MS + round(at_ms)
    message = {"lastUpdateId": number, "E": time, "T": time}
    return stamped(at_ms, message | {"bids": [*map(list, bids)], "asks": [*map(list, asks)]})


def trade(
    at_ms: float,
    number: int,
    price: str,
    size: str,
    *,
    sold: bool = False,
    kind: str = "MARKET",
    symbol: str = "BTCUSDT",
    lag_ms: float = 5.0,
) -> str:
    """A trade, by whose taker it was."""
    time = START_MS + round(at_ms)
    data = {"e": "trade", "E": time, "T": time, "s": symbol, "t": number, "p": price, "q": size}
    data |= {"X": kind, "m": sold}
    return stamped(at_ms, {"stream": f"{symbol.lower()}@trade", "data": data}, lag_ms)


def ticker(at_ms: float, bid: Level, ask: Level, *, spot: bool = False) -> str:
    """The best prices, without the venue's time as spot has them."""
    time = START_MS + round(at_ms)
    data: dict[str, Any] = {"u": 1, "s": "BTCUSDT", "b": bid[0], "B": bid[1]}
    data |= {"a": ask[0], "A": ask[1]}
    if not spot:
        data |= {"e": "bookTicker", "T": time, "E": time}
    return stamped(at_ms, {"stream": "btcusdt@bookTicker", "data": data})


BIDS: Sequence[Level] = (("100.0", "5"), ("99.9", "7"))
ASKS: Sequence[Level] = (("100.1", "4"), ("100.2", "9"))


def stream(seconds: int = 4) -> list[str]:
    """A whole little recording: a snapshot, then updates and trades that follow each other."""
    lines = [depth(0, 1, 9, 0), snapshot(4, 10, BIDS, ASKS), depth(8, 10, 12, 9)]
    number = 12
    for step in range(1, seconds * 20):
        at = 10 + 50 * step
        size = f"{1 + step % 7}"
        lines.append(depth(at, number + 1, number + 2, number, [("100.0", size)], []))
        lines.append(
            trade(at + 20, step, "100.1" if step % 3 else "100.0", "0.5", sold=not step % 3)
        )
        asks = [("100.1", size)]
        lines.append(depth(at + 20, number + 3, number + 4, number + 2, [], asks, lag_ms=5.001))
        number += 4
    return lines


def write_lines(path: Path, lines: Iterable[str], *, end: str = "\n") -> Path:
    """Write lines, packed where the name says so."""
    data = ("\n".join(lines) + end).encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    return path


def read(*paths: Path, **more: Any) -> Recording:
    """Files as one feed."""
    mapping = more.pop("mapping", None)
    if mapping is not None:
        more["mapping"] = Source(mapping, mapping.name)
    return load(Request([Source(path, path.name) for path in paths], **more))


def rows_of(recording: Recording) -> Rows:
    return np.concatenate([*recording.pieces()])


def coinm(lines: Iterable[str], symbol: str = "BTCUSD_PERP") -> list[str]:
    """Lines of USD-M as COIN-M has them: each message names its pair, and so does a snapshot."""
    found = []
    pair = symbol.partition("_")[0]
    for line in lines:
        stamp, _, text = line.partition(" ")
        message = json.loads(text)
        data = message.get("data", message)
        if "lastUpdateId" in data:
            data |= {"symbol": symbol, "pair": pair}
        else:
            data |= {"s": symbol, "ps": pair}
            message["stream"] = f"{symbol.lower()}@{message['stream'].partition('@')[2]}"
        found.append(f"{stamp} {json.dumps(message)}")
    return found


def of_kind(recording: Recording, kind: int) -> list[tuple[float, float]]:
    rows = rows_of(recording)
    found = rows[(kinds(rows) == kind) & has(rows, EXCHANGE)]
    return [(float(row["px"]), float(row["qty"])) for row in found]


TARDIS_BOOK = "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount"
TARDIS_TRADES = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount"


def tardis_book(path: Path, rows: Iterable[tuple[int, str, str, float, float]]) -> Path:
    """Rows of (ms, is_snapshot, side, price, amount); received 5 ms later."""
    lines = [TARDIS_BOOK]
    for at, whole, side, price, amount in rows:
        time = (START_MS + at) * 1000
        lines.append(f"deribit,BTC-PERP,{time},{time + 5000},{whole},{side},{price},{amount}")
    return write_lines(path, lines)


def tardis_trades(path: Path, rows: Iterable[tuple[int, str, float, float]]) -> Path:
    """Rows of (ms, side, price, amount); received 5 ms later."""
    lines = [TARDIS_TRADES]
    for number, (at, side, price, amount) in enumerate(rows):
        time = (START_MS + at) * 1000
        lines.append(f"deribit,BTC-PERP,{time},{time + 5000},{number},{side},{price},{amount}")
    return write_lines(path, lines)


def bybit_book(path: Path, messages: Iterable[tuple[str, int, int, Any, Any]]) -> Path:
    """A zip of messages (type, ms, u, bids, asks)."""
    lines = [
        json.dumps(
            {
                "topic": "orderbook.500.BTCUSDT",
                "type": kind,
                "ts": START_MS + at,
                "data": {"s": "BTCUSDT", "b": bids, "a": asks, "u": number, "seq": number},
            }
        )
        for kind, at, number, bids, asks in messages
    ]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("2024-08-09_BTCUSDT_ob500.data", "\n".join(lines) + "\n")
    return path


def bybit_trades(path: Path, rows: Iterable[tuple[float, str, float, float]]) -> Path:
    """Rows of (ms, side, size, price)."""
    lines = ["timestamp,symbol,side,size,price,tickDirection,trdMatchID"]
    for at, side, size, price in rows:
        lines.append(f"{(START_MS + at) / 1000:.4f},BTCUSDT,{side},{size},{price},PlusTick,x")
    return write_lines(path, lines)
