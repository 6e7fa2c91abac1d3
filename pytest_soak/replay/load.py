"""A recording as rows in order: read once, kept on disk meanwhile, little of it in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_soak.errors import SoakUsageError
from pytest_soak.replay.clock import Clock, Seen, clock_of
from pytest_soak.replay.formats import streams
from pytest_soak.replay.mapping import load_tables
from pytest_soak.replay.ordering import in_given_order, merged, ordered_pieces
from pytest_soak.replay.reading import is_damaged
from pytest_soak.replay.rows import Rows
from pytest_soak.replay.sources import Source
from pytest_soak.replay.spool import Spool
from pytest_soak.replay.told import Told

AT_A_TIME = 1 << 17


@dataclass(frozen=True)
class Request:
    """Which files are one feed, and what they do not say themselves.

    `base_latency_ms` is what the fastest message took from the venue to the recorder, whose clock
    is moved by it; None leaves a clock that can be right. `feed_latency_ms` is what each takes
    where the recording has no time of receipt.
    """

    sources: Sequence[Source]
    symbol: str | None = None
    base_latency_ms: float | None = None
    feed_latency_ms: float | None = None
    mapping: Source | None = None

    @property
    def recorded(self) -> list[Source]:
        """The files, without the mapping that may lie among them."""
        mapping = None if self.mapping is None else self.mapping.path.resolve()
        return [source for source in self.sources if source.path.resolve() != mapping]


@dataclass(frozen=True)
class Recording:
    """Rows in order, on disk, and what is to be said of them.

    The recorder's times in `rows` are as it wrote them; `pieces` have them as they should be.
    """

    rows: Spool
    told: Told
    clock: Clock
    kinds: Mapping[int, int]
    """How many rows of each kind there are, before those that count twice are parted."""

    def pieces(self, first: int = 0, end: int | None = None) -> Iterator[Rows]:
        """Rows from `first` on, some at a time, with the recorder's clock put right."""
        end = len(self.rows) if end is None else end
        for start in range(first, end, AT_A_TIME):
            yield self.clock.moved(self.rows[start : min(start + AT_A_TIME, end)])


def load(request: Request) -> Recording:
    """Read, join and sort a feed.

    Raises SoakUsageError for files that are no recording, that change while they are read, of
    several symbols where none is chosen, without a row, or with a latency that cannot be meant.
    """
    told = Told()
    mapping = request.mapping
    sources = request.recorded
    shown = shown_sources(sources)
    tables = None if mapping is None else load_tables(*mapping)
    found = streams(sources, tables, "" if mapping is None else mapping.shown)
    seen = Seen()
    pieces = [stream.importer(stream.sources, request.symbol, told) for stream in found]
    rows = seen.watched(merged(pieces))
    in_order = in_given_order(rows, shown) if found[0].is_marked else ordered_pieces(rows, shown)
    try:
        spool = Spool(in_order)
    except SoakUsageError as error:
        raise _explained(error, sources) from None
    if len(spool) == 0:
        raise SoakUsageError(shown, "has no row: no trade and no joined book")
    given = request.base_latency_ms, request.feed_latency_ms
    clock = clock_of(seen.least, seen.most, *given, told.has_receipt)
    return Recording(spool, told, clock, seen.kinds)


def _explained(error: SoakUsageError, sources: Sequence[Source]) -> SoakUsageError:
    """The mistake, with its cause where the file that it names is a damaged one."""
    for path, shown in sources:
        if error.source.startswith(f"{shown}, line") and is_damaged(path, shown):
            remedy = "its gzip is damaged: keep the lines before that one"
            return SoakUsageError(error.source, f"{error.problem}; {remedy}")
    return error


def shown_sources(sources: Sequence[Source]) -> str:
    """How messages name a feed's files."""
    rest = f" and {len(sources) - 1} more" if len(sources) > 1 else ""
    return f"{sources[0].shown}{rest}"
