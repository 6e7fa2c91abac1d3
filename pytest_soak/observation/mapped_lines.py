"""From the lines of a bot's own logs to tables of feeds, by a mapping."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from pytest_soak.config.documents import show
from pytest_soak.observation.bad_lines import Reason, unreadable
from pytest_soak.observation.feed_lines import BadLine, Day, Row, Table, tabled_rows
from pytest_soak.observation.feed_schema import FEEDS, FeedField
from pytest_soak.observation.line_mapping import MILLISECONDS, TIMES, FeedMapping, Value

_BEGAN = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_DIGITS = 25
_FIELDS = {name: {field.name: field for field in feed.fields} for name, feed in FEEDS.items()}


class UnfitError(Exception):
    """A line is bad: for what reason, and what is wrong with it."""

    def __init__(self, reason: Reason, why: str) -> None:
        super().__init__(why)
        self.reason = reason


def mapped(
    mapping: Mapping[str, FeedMapping], lines: Sequence[bytes], day: Day | None
) -> tuple[dict[str, Table], list[BadLine]]:
    """Tables by feed, and the lines that fit no part of the mapping or tell what cannot be."""
    rows: dict[str, list[Row]] = {feed: [] for feed in mapping}
    places: dict[str, list[int]] = {feed: [] for feed in mapping}
    bad = []
    for place, line in enumerate(lines):
        try:
            feed, row = _row(mapping, line)
        except UnfitError as error:
            bad.append(BadLine(place, error.reason, str(error)))
        else:
            rows[feed].append(row)
            places[feed].append(place)
    tables = {}
    for feed in mapping:
        tables[feed], more = tabled_rows(FEEDS[feed], rows[feed], day)
        bad += [one._replace(place=places[feed][one.place]) for one in more]
    return tables, bad


def _row(mapping: Mapping[str, FeedMapping], line: bytes) -> tuple[str, Row]:
    """The feed of a line, and its fields; raises UnfitError."""
    try:
        said = orjson.loads(line)
    except ValueError:
        raise UnfitError(unreadable(line), "not JSON") from None
    if not isinstance(said, dict):
        raise UnfitError(Reason.NO_OBJECT, "not a JSON object")
    for feed, how in mapping.items():
        if all(_is(_told(said, name), value) for name, value in how.where.items()):
            return feed, _fields(feed, how, said)
    raise UnfitError(Reason.UNMAPPED, "fits no part of the mapping")


def _is(told: Any, wanted: Any) -> bool:
    return isinstance(told, bool) == isinstance(wanted, bool) and bool(told == wanted)


def _told(said: Any, name: str) -> Any:
    """What a line says under a name with dots; None where it does not."""
    if name in said:
        return said[name]
    for part in name.split("."):
        said = said.get(part) if isinstance(said, dict) else None
    return said


def _fields(feed: str, how: FeedMapping, said: Row) -> Row:
    row = {name: _value(_FIELDS[feed][name], value, said) for name, value in how.fields.items()}
    if feed == "fills" and (mid := how.fields["mid"]).slippage is not None:
        row["mid"] = _mid(row, mid)
    return row


def _value(field: FeedField, how: Value, said: Row) -> Any:
    """What a line says of a field, in the field's own terms; None where it says nothing."""
    told = [_told(said, name) for name in how.names]
    if None in told:
        return None
    if how.sum is not None:
        return _scaled(math.fsum(_number(field, how, one) for one in told), how)
    value = how.value if how.value is not None else told[0]
    if how.values is not None:
        return _of(how.values, field, how, value)
    if how.time is not None:
        return _time_us(field, how, value)
    if how.take is not None:
        number = _number(field, how, value)
        value = abs(number) if how.take == "size" else (number > 0) - (number < 0)
    elif isinstance(value, str) and int in field.kind.types and str not in field.kind.types:
        value = _number(field, how, value)
    return _scaled(value, how)


def _scaled(value: Any, how: Value) -> Any:
    factor = (1.0 if how.times is None else how.times) * MILLISECONDS.get(how.unit or "", 1.0)
    return value * factor if factor != 1.0 and type(value) in (int, float) else value


def _of(values: Mapping[str, Any], field: FeedField, how: Value, value: Any) -> Any:
    key = value if isinstance(value, str) else orjson.dumps(value).decode()
    if key not in values:
        raise _unfit(field, how, value, f"one of {', '.join(values)}")
    return values[key]


def _number(field: FeedField, how: Value, value: Any) -> float:
    """A number, as it is or as text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        found = float(value) if isinstance(value, str) and "_" not in value else None
    except ValueError:
        found = None
    if found is None:
        raise _unfit(field, how, value, "a number", Reason.TYPE)
    if not math.isfinite(found):
        raise _unfit(field, how, value, "a number", Reason.NOT_FINITE)
    return int(found) if field.kind.dtype == "i8" and found.is_integer() else found


def _time_us(field: FeedField, how: Value, value: Any) -> int:
    """Microseconds since 1970, rounded down."""
    if how.time == "iso":
        return _iso_us(field, how, value)
    try:
        number = Decimal(str(value)) if type(value) in (int, float, str) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if number.is_finite() and number.adjusted() < _MOST_DIGITS:
        return int(number * TIMES[how.time] if how.time in TIMES else number // 1000)
    raise _unfit(field, how, value, f"{how.time} since 1970", Reason.TYPE)


def _iso_us(field: FeedField, how: Value, value: Any) -> int:
    try:
        return (datetime.fromisoformat(value) - _BEGAN) // timedelta(microseconds=1)
    except (TypeError, ValueError):  # no text, no zone, or no time
        expected = "ISO 8601 with a zone, like 2025-01-01T00:00:00Z"
        raise _unfit(field, how, value, expected) from None


def _mid(row: Row, how: Value) -> Any:
    """The mid of a fill by its slippage: what was paid above it, or below of a sale."""
    price, side, slippage = row.get("price"), row.get("side"), row["mid"]
    if slippage is None or type(price) not in (int, float) or side not in (1, -1):
        return None
    paid = side * (slippage if how.slippage == "paid" else -slippage)
    return price / (1.0 + paid / 1e4) if how.unit == "bps" else price - paid


def _unfit(
    field: FeedField, how: Value, value: Any, expected: str, reason: Reason = Reason.VALUE
) -> UnfitError:
    source = "+".join(how.names) or "value"
    return UnfitError(reason, f"{field.name}: {source}={show(value)}, expected {expected}")
