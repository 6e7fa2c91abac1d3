"""What a file is: known by its first bytes, never by its name alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import orjson

from pytest_soak.errors import SoakUsageError, escaped
from pytest_soak.replay import bybit, tardis
from pytest_soak.replay.binance import binance_rows
from pytest_soak.replay.hftbacktest import MEMBER, hftbacktest_rows
from pytest_soak.replay.hyperliquid import hyperliquid_rows
from pytest_soak.replay.mapping import FeedTables, mapped_rows, part_of
from pytest_soak.replay.reading import first_bytes
from pytest_soak.replay.rows import Rows
from pytest_soak.replay.sources import Source
from pytest_soak.replay.streams import STAMP
from pytest_soak.replay.told import Told

Importer = Callable[[Sequence[Source], str | None, Told], Iterator[Rows]]

IMPORTERS: dict[str, Importer] = {
    "hftbacktest": hftbacktest_rows,
    "binance": binance_rows,
    "hyperliquid": hyperliquid_rows,
    "tardis trades": tardis.tardis_trades,
    "tardis book": tardis.tardis_books,
    "bybit trades": bybit.bybit_trades,
    "bybit book": bybit.bybit_books,
}
"""By what `format_of` says. Files of one format follow each other as one stream; where a feed has
several, they are merged in the order of receipt, the trades first."""


class Stream(NamedTuple):
    """Files of one format, in the order of their first stamps."""

    format: str
    importer: Importer
    sources: list[Source]

    @property
    def is_marked(self) -> bool:
        """Whether its rows say already for whom they count."""
        return self.format == "hftbacktest"


def streams(
    sources: Sequence[Source], mapping: FeedTables | None, mapping_shown: str
) -> list[Stream]:
    """The files of a feed by their formats; raises SoakUsageError for what is no recording."""
    found: dict[str, Stream] = {}
    begins: dict[Path, bytes] = {}
    for source in sources:
        if mapping is not None:
            number = part_of(mapping, source, mapping_shown)
            part = mapping.parts[number]
            name = f"{part.kind} of {number}"
            importer: Importer = partial(mapped_rows, part)
        else:
            is_rows = source.path.suffix.lower() == ".npz"
            begin = b"" if is_rows else first_bytes(source.path, source.shown)
            begins[source.path] = begin
            name = "hftbacktest" if is_rows else format_of(begin, source)
            importer = IMPORTERS[name]
        found.setdefault(name, Stream(name, importer, [])).sources.append(source)
    if "hftbacktest" in found and len(found) > 1:
        problem = f"are of several formats ({', '.join(sorted(found))}), which make no one feed"
        raise SoakUsageError("files", problem)
    ordered = sorted(found.values(), key=lambda stream: "trades" not in stream.format)
    for stream in ordered:
        stream.sources.sort(key=lambda source: source.path.name)
        stream.sources.sort(key=lambda source: _first_stamp(begins.get(source.path, b"")))
    return ordered


def _first_stamp(begin: bytes) -> int:
    """The stamp with which a raw stream begins; 0 for files that are taken by their names."""
    head = begin[:STAMP]
    return int(head) if len(head) == STAMP and head.isdigit() else 0


def format_of(begin: bytes, source: Source) -> str:
    """The format of a file that begins so; SoakUsageError where it is none that is known."""
    if begin[:6] == b"\x93NUMPY":
        return "hftbacktest"
    line = begin.split(b"\n", 1)[0].strip()
    if not line:
        raise SoakUsageError(source.shown, "is empty, or damaged before its first line ends")
    found = _of_stream(line) or _of_table(line)
    if found is None:
        start = escaped(line[:60].decode("utf-8", "replace"))
        raise SoakUsageError(
            source.shown,
            f"is no recording that is known (hftbacktest {MEMBER}, raw Binance or Hyperliquid "
            f"streams, Tardis CSV, Bybit archives), it begins with {start!r}; say with --mapping "
            "(mapping= of --soak-feed-set) what its columns mean",
        )
    return found


def _of_stream(line: bytes) -> str | None:
    stamped = line[:STAMP].isdigit() and line[STAMP : STAMP + 1] == b" "
    body = line[STAMP + 1 :] if stamped else line
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "binance" if stamped and b'"stream"' in body else None
    if not isinstance(message, dict):
        return None
    if not stamped:
        return "bybit book" if str(message.get("topic", "")).startswith("orderbook") else None
    return "hyperliquid" if "channel" in message else "binance"


def _of_table(line: bytes) -> str | None:
    names = line.decode("utf-8", "replace").strip("\r").split(",")
    if tuple(names[:4]) == tardis.HEADER:
        return "tardis book" if "is_snapshot" in names else "tardis trades"
    return "bybit trades" if {*bybit.TRADES} <= {*names} else None
