"""A bot's own logs, read by a mapping."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bot_feeds import DAY, START, fill
from builders import usage_error
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.observation.bad_lines import Reason
from pytest_soak.observation.feed_files import DAY_US, day_in
from pytest_soak.observation.feed_lines import Day, Lines, parsed
from pytest_soak.observation.line_mapping import load_mapping
from pytest_soak.observation.mapped_lines import mapped
from pytest_soak.observation.stored_feeds import Asked, read_feeds

FILLS = """
fills:
  files: "*.log"
  where: {ev: trade, sim: false}
  fields:
    time_us: {from: at, time: TIME}
    side: {from: order.side, values: {BUY: 1, SELL: -1}}
    maker: {from: liq, values: {"1": true, "0": false}}
    price: px
    quantity: {from: qty, take: size}
    fee_quote: {from: rebate, times: -1}
    mid: ref
"""


@cache
def mapping(folder: Path, text: str = FILLS, time: str = "us") -> Any:
    path = folder / "mapping.yaml"
    path.write_text(text.replace("TIME", time))
    return load_mapping(path)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mapping")


def log(row: dict[str, Any], at: Any = None) -> dict[str, Any]:
    """A fill as another bot would log it."""
    return {
        "ev": "trade",
        "sim": False,
        "at": row["time_us"] if at is None else at,
        "order": {"side": {1: "BUY", -1: "SELL"}[row["side"]]},
        "liq": int(row["maker"]),
        "px": str(row["price"]),
        "qty": row["side"] * row["quantity"],
        "rebate": -row["fee_quote"],
        "ref": row["mid"],
    }


def read(how: Any, *rows: Any, day: Day | None = None) -> Lines:
    tables, bad = mapped(how, [json.dumps(row).encode() for row in rows], day)
    return Lines(tables["fills"], tuple(bad))


_PRICES = st.floats(1e-3, 1e6)
_ROWS = st.builds(
    lambda at, side, maker, price, quantity, fee, mid: fill(
        at, side=side, maker=maker, price=price, quantity=quantity, fee_quote=fee, mid=mid
    ),
    st.integers(0, 10_000),
    st.sampled_from([1, -1]),
    st.booleans(),
    _PRICES,
    _PRICES,
    st.floats(-1e3, 1e3),
    _PRICES,
)


@given(st.lists(_ROWS))
def test_lines_in_other_words_tell_the_same(scratch: Path, rows: list[dict[str, Any]]) -> None:
    found = read(mapping(scratch), *map(log, rows))
    own = parsed(DAY, [json.dumps(row).encode() for row in rows])
    assert (found.bad, own.bad) == ((), ())
    for name, column in own.table.items():
        assert np.array_equal(found.table[name], column), name


def iso(time_us: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)).isoformat()


@pytest.mark.parametrize(
    ("time", "told"),
    [
        ("s", lambda us: us / 1e6),
        ("s", lambda us: f"{us // 10**6}.{us % 10**6:06}"),
        ("ms", lambda us: us / 1e3),
        ("us", lambda us: us),
        ("ns", lambda us: us * 1000 + 999),
        ("iso", iso),
        ("iso", lambda us: iso(us).replace("+00:00", "Z")),
    ],
)
@given(time_us=st.integers(START, START + 10**9))
def test_a_time_has_many_forms(scratch: Path, time: str, told: Any, time_us: int) -> None:
    row = fill(time_us=time_us)
    found = read(mapping(scratch, time=time), log(row, told(time_us)))
    assert found.table["time_us"].tolist() == [time_us]


@pytest.mark.parametrize(
    ("how", "sign"), [("slippage: paid", 1), ("slippage: earned", -1)], ids=["paid", "earned"]
)
@pytest.mark.parametrize("unit", ["bps", "quote"])
@given(row=_ROWS)
def test_a_mid_follows_from_slippage(
    scratch: Path, how: str, sign: int, unit: str, row: dict[str, Any]
) -> None:
    mid = row["price"] * (1.0 + row["side"] / 1e3)
    paid = sign * row["side"] * (row["price"] - mid)
    text = FILLS.replace("mid: ref", f"mid: {{from: ref, {how}, unit: {unit}}}")
    line = log(row) | {"ref": paid / mid * 1e4 if unit == "bps" else paid}
    found = read(mapping(scratch, text), line)
    assert found.bad == ()
    assert found.table["mid"][0] == pytest.approx(mid)


def without(row: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}


LINE = log(fill())


@pytest.mark.parametrize(
    ("line", "reason", "why"),
    [
        ([1], Reason.NO_OBJECT, "not a JSON object"),
        (LINE | {"ev": "loop"}, Reason.UNMAPPED, "fits no part of the mapping"),
        (LINE | {"sim": 0}, Reason.UNMAPPED, "fits no part of the mapping"),
        (without(LINE, "px"), Reason.MISSING, "no price, expected a number above 0"),
        (LINE | {"order": 5}, Reason.MISSING, "no side, expected 1 for bought or -1 for sold"),
        (
            LINE | {"order": {"side": "B"}},
            Reason.VALUE,
            "side: order.side='B', expected one of BUY, SELL",
        ),
        (LINE | {"px": "1_0"}, Reason.TYPE, "price: px='1_0', expected a number"),
        (LINE | {"px": "nan"}, Reason.NOT_FINITE, "price: px='nan', expected a number"),
        (LINE | {"px": -1}, Reason.VALUE, "price=-1, expected a number above 0"),
        (LINE | {"qty": True}, Reason.TYPE, "quantity: qty=True, expected a number"),
        (LINE | {"rebate": []}, Reason.TYPE, "fee_quote=[], expected a number"),
        (LINE | {"at": "now"}, Reason.TYPE, "time_us: at='now', expected us since 1970"),
        (LINE | {"at": 1e300}, Reason.TYPE, "time_us: at=1e+300, expected us since 1970"),
        (
            LINE | {"at": START // 1000},
            Reason.TIME,
            f"time_us={START // 1000}, expected the day of bot.log (times look like milliseconds)",
        ),
    ],
)
def test_a_line_that_does_not_fit_is_a_bad_one(
    tmp_path: Path, line: Any, reason: Reason, why: str
) -> None:
    day = Day("bot.log", DAY.day)
    found = read(mapping(tmp_path), {}, LINE, line, LINE, day=day)
    assert len(found.table["seq"]) == 2
    assert found.bad[1:] == ((2, reason, why),)


@pytest.mark.parametrize("at", ["2025-01-01T00:00:00", "yesterday", 5])
def test_an_iso_time_has_a_zone(tmp_path: Path, at: Any) -> None:
    (bad,) = read(mapping(tmp_path, time="iso"), LINE | {"at": at}).bad
    expected = "ISO 8601 with a zone, like 2025-01-01T00:00:00Z"
    assert bad.why == f"time_us: at={at!r}, expected {expected}"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (FILLS, "", "mapping.yaml: expected feeds with their mapping; known: fills, "),
        ("fills:", "fill:", "mapping.yaml:2: unknown feed 'fill'; did you mean 'fills'?"),
        ("where", "were", "mapping.yaml:4: unknown key 'fills.were'; did you mean 'where'?"),
        ("price: px", "prize: px", ":9: fills: unknown field 'prize'; did you mean 'price'?"),
        ("    price: px\n", "", "fills: no price, expected a number above 0; every line needs it"),
        ("price: px", "price: 5", "fills.fields.price: expected "),
        ("time: TIME", "time: min", "fills.fields.time_us.time: expected 'ns', 'us', 'ms', 's' or"),
        (", time: TIME", "", "fills.time_us: expected time: one of s, ms, us, ns, iso"),
        ("take: size", "take: abs", "fills.fields.quantity.take: expected 'size' or 'sign', got"),
        ("take: size", "sum: [a]", "fills.fields.quantity: expected one of from, sum, value"),
        ("times: -1", "times: .nan", "fills.fields.fee_quote.times: expected a finite number"),
        ("mid: ref", "mid: {from: ref, time: s}", "fills.mid: time is for times alone"),
        ("px", "{from: px, slippage: paid}", "fills.price: slippage is for the mid of fills"),
        ("px", "{from: px, unit: s}", "fills.price: unit: expected none here; take it away"),
        ('"*.log"', '""', "fills.files: expected"),
    ],
)
def test_a_mapping_is_held_to_its_form(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in FILLS
    message = usage_error(lambda: mapping(tmp_path, FILLS.replace(old, new)))
    assert problem in message
    assert "\n" not in message


def test_a_value_for_all_lines_may_be_false_or_nothing(tmp_path: Path) -> None:
    text = FILLS.replace('{from: liq, values: {"1": true, "0": false}}', "{value: false}")
    found = read(mapping(tmp_path, text), LINE)
    assert found.table["maker"].tolist() == [False]


def test_files_are_found_by_their_name_and_held_to_the_day_in_it(tmp_path: Path) -> None:
    day = f"{datetime.fromtimestamp(START // 10**6, UTC):%Y-%m-%d}"
    how = mapping(tmp_path)
    logs = tmp_path / "logs"
    logs.mkdir()
    late = LINE | {"at": START + 3 * DAY_US}
    for name, line in ((f"bot-{day}.log", LINE), ("bot.log", late), ("other.txt", LINE)):
        (logs / name).write_text(json.dumps(line) + "\n")
    stored = read_feeds(logs, Asked(mapping=how))
    assert stored.tables["fills"]["time_us"].tolist() == [START, START + 3 * DAY_US]
    (logs / f"bot-{day}.log").write_text(json.dumps(late) + "\n")
    (bad,) = read_feeds(logs, Asked(mapping=how)).bad
    assert (bad.reason, bad.first.file) == (Reason.TIME, f"bot-{day}.log")
    message = usage_error(lambda: read_feeds(tmp_path, Asked(mapping=how)))
    assert message == f"{tmp_path}: has no file that the mapping is for: *.log"


def test_a_day_in_a_name_is_a_day() -> None:
    assert day_in("bot_20241004.log") == day_in("x-2024-10-04") == DAY.day
    names = ("bot.log", "bot_20241399.log", "bot_120241004", "2024-1004")
    assert [day_in(name) for name in names] == [None] * 4
