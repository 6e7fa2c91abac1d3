"""A table of fills, in whatever form, is an Observation; what it cannot tell is null, and why."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import observation
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak import FILL, MARK, Observation, SoakUsageError
from pytest_soak.ab.blocks import NOTHING, block_of
from pytest_soak.engine.measure import closing, measure
from pytest_soak.engine.watch import Vigil, Watched
from pytest_soak.errors import TargetError
from pytest_soak.gates.criteria import Criteria, Criterion
from pytest_soak.kpi.definitions import KPIS
from pytest_soak.kpi.edge import summarize
from pytest_soak.kpi.summary import Summary
from pytest_soak.kpi.usage import Usage
from pytest_soak.observation.feed_rows import day_lines
from pytest_soak.observation.join import joined

SECOND = 1_000_000
HOUR = 3600 * SECOND
START = 1_735_689_600 * SECOND
BARE: dict[str, Any] = {
    "time_us": [START + SECOND, START + 2 * SECOND, START + 9 * SECOND],
    "side": [1, -1, 1],
    "price": [99.0, 101.0, 100.5],
    "quantity": [2.0, 1.0, 1.0],
}
SPLIT = {"maker": [True, True, False], "fee_quote": [0.1, -0.1, 0.2]}
MIDS = {
    "time_us": [START + n * SECOND for n in range(3600)],
    "mid": [100.0 + n / 1000 for n in range(3600)],
}


class Series(list[Any]):
    """A column of a data frame, as far as it is asked."""

    def to_list(self) -> list[Any]:
        return list(self)


class Frame:
    """What pandas' and polars' data frames have in common."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self._columns = columns

    @property
    def columns(self) -> list[str]:
        return list(self._columns)

    def __getitem__(self, name: str) -> Series:
        return Series(self._columns[name])


def of(fills: Any, **more: Any) -> Observation:
    return Observation.from_fills(fills, start_us=START, end_us=START + HOUR, **more)


def summed(fills: Any, **more: Any) -> Summary:
    """The KPIs of an hour, which can be true."""
    summary = measure(of(fills, **more), None, 60)[1]
    assert summary.faults == ()
    return summary


def csv_of(columns: Mapping[str, Any]) -> str:
    rows = [
        ",".join(columns),
        *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True)),
    ]
    return "\n".join(rows) + "\n"


def structured(columns: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    rows = np.zeros(3, [(name, np.array(column).dtype) for name, column in columns.items()])
    for name, column in columns.items():
        rows[name] = column
    return rows


def test_fills_alone_tell_how_much_was_traded_and_nothing_else() -> None:
    summary = summed(BARE)
    known = {name: value for name, value in summary.kpis.items() if value is not None}
    assert known == {"volume_quote": 198.0 + 101.0 + 100.5, "num_fills": 3.0}
    assert {name for name in KPIS if name not in known} <= set(summary.reasons)


@pytest.mark.parametrize(
    ("more", "known"),
    [
        ({"maker": SPLIT["maker"]}, {"maker_taker_ratio"}),
        ({"fee_quote": SPLIT["fee_quote"]}, {"fees_eff_bps"}),
        ({"mid": [100.0, 100.0, 100.0]}, {"inventory_bps"}),
        ({"mid": [100.0, 100.0, 100.0], "fee_quote": [0, 0, 0]}, {
            "inventory_bps", "fees_eff_bps", "net_bps", "net_quote",
        }),
        ({"mid": [100.0] * 3, "maker": [True] * 3}, {
            "inventory_bps", "maker_taker_ratio", "gross_bps", "slippage_bps",
        }),
        ({"mid": [100.0] * 3, "maker": [True] * 3, "mid_1s": [100.0, None, ""]}, {
            "inventory_bps", "maker_taker_ratio", "gross_bps", "slippage_bps", "adverse_bps",
            "adverse_bps_p95",
        }),
    ],
)  # fmt: skip
def test_each_column_tells_the_kpis_that_rest_on_it(more: Any, known: set[str]) -> None:
    kpis = summed(BARE | more).kpis
    always = {"volume_quote", "num_fills"}
    assert {name for name, value in kpis.items() if value is not None} == known | always


def test_what_is_not_told_is_null_with_the_column_that_lacks() -> None:
    reasons = summed(BARE).reasons
    assert reasons["net_bps"] == "the fills have no column fee_quote"
    assert reasons["gross_bps"] == "the fills have no column maker"
    assert reasons["inventory_bps"] == "the fills have no column mid, and no mids are given"
    assert reasons["risk_ratio"] == "fills alone tell no quoting"
    assert reasons["p95_latency_ms"] == "fills alone tell no acks"
    assert reasons["max_drawdown_quote"] == "fills alone tell no marks"
    reasons = summed(BARE | {"fee_quote": [0, 0, 0]}).reasons
    assert reasons["net_bps"] == "no mid_start is given, and no mids"


def test_what_is_handed_over_besides_is_measured() -> None:
    acks = np.array([(START, 5.0)], [("time_us", "i8"), ("latency_ms", "f8")])
    summary = summarize(replace(of(BARE), acks=acks))
    assert summary.kpis["p95_latency_ms"] == 5.0
    assert "p95_latency_ms" not in summary.reasons


def test_with_mids_it_is_the_observation_that_one_would_build() -> None:
    found = of(BARE | SPLIT, mids=MIDS)
    rows = np.array(
        [
            (START + SECOND, 1, True, 99.0, 2.0, 0.1, 100.001, 100.002),
            (START + 2 * SECOND, -1, True, 101.0, 1.0, -0.1, 100.002, 100.003),
            (START + 9 * SECOND, 1, False, 100.5, 1.0, 0.2, 100.009, 100.010),
        ],
        FILL,
    )
    built = Observation(
        start_us=START,
        end_us=START + HOUR,
        fills=rows,
        inventory_start=0.0,
        inventory_end=2.0,
        mid_start=100.0,
        mid_end=103.599,
    )
    for name, value in measure(built, None, 60)[1].kpis.items():
        if name != "pickoff_bps":
            assert summed(BARE | SPLIT, mids=MIDS).kpis[name] == value, name
    assert found.fills["mid_1s_before"].tolist() == pytest.approx([100.0, 100.001, 100.008])
    assert "mids of taker fills are of their own time" in found.notes[0]
    assert of(BARE | SPLIT | {"mid": [100.0] * 3}, mids=MIDS).notes == ()


def test_the_net_needs_no_mid_of_the_fills() -> None:
    held: dict[str, Any] = {"inventory_start": 5.0}
    full = of(BARE | SPLIT, mids=MIDS, **held)
    bare = of(BARE | SPLIT, mid_start=100.0, mid_end=103.599, **held)
    for name in ("net_quote", "net_bps"):
        without = summarize(bare).kpis[name]
        assert without is not None
        assert without == pytest.approx(summarize(full).kpis[name], rel=1e-12)
    assert summarize(bare).kpis["gross_bps"] is None


def test_a_mid_that_is_older_than_two_seconds_is_none() -> None:
    fresh = {"time_us": [START, START + 7 * SECOND], "mid": [100.0, 100.0]}
    assert "fills.mid" not in of(BARE | SPLIT, mids=fresh).untold
    late = {"time_us": [START, START + 2 * SECOND], "mid": [100.0, 100.0]}
    found = of(BARE | SPLIT, mids=late)
    assert "1 of 3 fills have no mid" in found.untold["fills.mid"]
    assert summarize(found).kpis["net_bps"] is not None
    assert "1 of 3" in summarize(found).reasons["gross_bps"]


def rows(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


FORMS: list[Callable[[Mapping[str, Any]], Any]] = [
    dict,
    rows,
    structured,
    Frame,
    lambda columns: {name: np.array(column) for name, column in columns.items()},
    lambda columns: io.StringIO(csv_of(columns)),
    lambda columns: io.BytesIO(csv_of(columns).encode()),
]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same(form: Callable[[Mapping[str, Any]], Any]) -> None:
    expected = of(BARE | SPLIT, mids=MIDS)
    found = of(form(BARE | SPLIT), mids=form(MIDS) if form is not structured else MIDS)
    assert found.fills.tobytes() == expected.fills.tobytes()
    assert found.inventory_end == expected.inventory_end == 2.0


def test_a_csv_file_by_its_path_may_be_of_days(tmp_path: Path) -> None:
    path = tmp_path / "fills.csv"
    earlier = [time - HOUR for time in BARE["time_us"]]
    both = {name: [*column, *column] for name, column in BARE.items()}
    path.write_text(csv_of(both | {"time_us": earlier + BARE["time_us"]}), "utf-8")
    found = of(str(path))
    assert len(found.fills) == 3
    assert (found.inventory_start, found.inventory_end) == (2.0, 4.0)
    assert found.notes == (f"{path}: some fills lie outside of the window, and are left out",)
    assert of(path, inventory_start=0.5).inventory_end == 2.5


def test_columns_may_have_other_names_and_words() -> None:
    theirs = {
        "ts": [f"2025-01-01T00:00:0{n}Z" for n in (1, 2, 9)],
        "direction": ["BUY", "sell", "buy"],
        "px": ["99", "101", "1.005e2"],
        "qty": [2, 1, 1],
        "liquidity": ["maker", "MAKER", "taker"],
        "symbol": ["x", "x", "x"],
    }
    names = {"time_us": "ts", "side": "direction", "price": "px", "quantity": "qty"}
    found = of(theirs, columns=names | {"maker": "liquidity"})
    expected = of(BARE | {"maker": SPLIT["maker"]})
    assert found.fills.tobytes() == expected.fills.tobytes()
    assert found.notes == ("fills: columns that are not read: symbol",)


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=9))])
def test_times_may_be_dates_with_a_zone(zone: timezone) -> None:
    began = datetime(2025, 1, 1, tzinfo=UTC).astimezone(zone)
    times = [began + timedelta(seconds=n) for n in (1, 2, 9)]
    found = Observation.from_fills(
        BARE | {"time_us": times}, start_us=began, end_us=began + timedelta(hours=1)
    )
    assert found.fills["time_us"].tolist() == BARE["time_us"]
    assert (found.start_us, found.end_us) == (START, START + HOUR)


def test_ids_come_along() -> None:
    found = of(BARE | {"execution_id": ["a", "b", "c"], "order_id": [1, 1, 2]})
    assert found.fill_ids is not None
    assert found.order_ids is not None
    assert found.fill_ids.tolist() == ["a", "b", "c"]
    assert found.order_ids.tolist() == [1, 1, 2]


def csv_with(text: str) -> io.StringIO:
    return io.StringIO(text)


@pytest.mark.parametrize(
    ("fills", "more", "problem"),
    [
        (1, {}, "fills: expected rows or columns by name, a structured numpy array, a DataFrame"),
        ([1], {}, "fills row 0: expected values by name, got 1; or give rows or columns by name"),
        ([{"a": 1}, {"b": 1}], {}, "fills row 1: other names than row 0: a, b"),
        ("no.csv", {}, "no.csv: cannot be read"),
        ({}, {}, "fills: no column 'time_us'; name yours, as in columns={\"time_us\": \"...\"} ("),
        (BARE | {"side": [1, 0, 1]}, {}, 'fills row 1: side=0, expected +1, -1, "buy" or "sell"'),
        (BARE | {"side": [1, "long", 1]}, {}, "fills row 1: side='long', expected +1"),
        (BARE | {"price": [1, 1, -1]}, {}, "fills row 2: price=-1, expected a number above 0"),
        (BARE | {"price": [1, None, 1]}, {}, "fills row 1: price=None, expected a number above 0"),
        (BARE | {"price": [1, True, 1]}, {}, "fills row 1: price=True, expected a number"),
        (BARE | {"price": [1, "1_0", 1]}, {}, "fills row 1: price='1_0', expected a number"),
        (BARE | {"fee_quote": [0, 0, np.inf]}, {}, "fills row 2: fee_quote=inf, expected a number"),
        (BARE | {"maker": [1, 2, 0]}, {}, 'row 1: maker=2, expected true or false, "maker"'),
        (BARE | {"mid_1s": [1, "x", 1]}, {}, "fills row 1: mid_1s='x', expected a number above 0"),
        (BARE | {"price": [1]}, {}, "fills: expected columns of one length"),
        (BARE | {"price": 5}, {}, "fills.price: expected one value a row, got 5"),
        (BARE | {"price": np.ones((3, 2))}, {}, "expected one value a row, got the shape (3, 2)"),
        (
            BARE | {"time_us": [datetime(2025, 1, 1)] * 3},
            {},
            "or a date with its zone, as by .replace(tzinfo=datetime.UTC)",
        ),
        (
            BARE | {"time_us": np.array(BARE["time_us"], "M8[us]")},
            {},
            'datetime64[us] has no zone; if it is UTC, give .astype("datetime64[us]")',
        ),
        (
            BARE | {"time_us": [t // 1000 for t in BARE["time_us"]]},
            {},
            f"to {START + HOUR} (times look like milliseconds)",
        ),
        (
            BARE | {"time_us": [START, START // 1000, START + 1]},
            {},
            f"fills row 1: time_us={START // 1000}, expected {START} to",
        ),
        (BARE, {"columns": {"prize": "x"}}, "columns: unknown column 'prize'; did you mean"),
        (BARE, {"columns": {"price": "px"}}, "columns calls it price"),
        (BARE, {"mids": {"time_us": [1]}}, "mids: no column 'mid'"),
        (BARE, {"mids": {"time_us": [1], "mid": [0]}}, "mids row 0: mid=0, expected a number"),
        (BARE, {"mid_start": "x"}, "mid_start: expected a number, got 'x'"),
        (BARE, {"inventory_start": "x"}, "inventory_start: expected a number, got 'x'"),
        (csv_with(""), {}, "expected CSV with names of columns in its first line"),
        (csv_with("a,a\n1,2\n"), {}, "two columns are called 'a'; rename one"),
        (csv_with("a,b\n1\n"), {}, "fills:2: expected 2 values, as its first line has names, got"),
        (csv_with('a\n"x\n'), {}, "is no CSV"),
        (Frame({"a": []}), {"columns": {}}, "no column 'time_us'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(fills: Any, more: Any, problem: str) -> None:
    with pytest.raises(SoakUsageError) as raised:
        of(fills, **more)
    assert problem in str(raised.value)


def test_a_line_of_a_csv_is_named() -> None:
    text = csv_of(BARE | {"side": ["buy", "sell", "hold"]})
    with pytest.raises(SoakUsageError, match=r"fills:4: side='hold', expected"):
        of(io.StringIO(text))


def test_the_window_is_in_microseconds_or_dates_with_a_zone() -> None:
    with pytest.raises(SoakUsageError, match="start_us: expected whole microseconds"):
        Observation.from_fills(BARE, start_us=datetime(2025, 1, 1), end_us=1)
    with pytest.raises(SoakUsageError, match="end_us: expected whole microseconds"):
        Observation.from_fills(BARE, start_us=0, end_us="1")  # type: ignore[arg-type]


@pytest.mark.parametrize(("apart", "faults"), [(True, 0), (False, 1)])
def test_a_bot_that_trades_on_between_windows_can_say_so(apart: bool, faults: int) -> None:
    before = closing(of([], inventory_start=2.0))
    later = of([], inventory_start=9.0, apart=apart)
    assert len(measure(later, None, 60, before)[1].faults) == faults


def test_on_a_clock_of_its_own_no_unit_is_suspected() -> None:
    """The first hour's only fill, in microseconds, is not the fourth's in nanoseconds."""
    fills = BARE | {"time_us": [4, 5, 6]}
    found = Observation.from_fills(fills, start_us=4000, end_us=7000)
    assert (len(found.fills), found.inventory_start) == (0, 2.0)


def test_no_fill_at_all_is_a_window_without_trades() -> None:
    columns: dict[str, list[Any]] = {name: [] for name in BARE | SPLIT}
    tables: list[Any] = [[], columns]
    for empty in tables:
        kpis = summed(empty, mids=MIDS).kpis
        assert (kpis["num_fills"], kpis["net_quote"], kpis["net_bps"]) == (0.0, 0.0, None)
    assert summed([], mids=[]).reasons["net_quote"] == "no mid_start is given, and no mids"


def test_what_stands_for_an_untold_column_is_taken_for_nothing() -> None:
    """Neither criteria, nor feeds, nor an A/B look at it."""
    found = of(BARE)
    assert day_lines(found, 0) == []
    assert day_lines(of(BARE | SPLIT, mids=MIDS), 0) != []
    marks = np.array([(START, 100.0, 0.0, 0.0), (START + HOUR, 100.0, 2.0, 0.0)], MARK)
    assert block_of(replace(found, marks=marks), 0).tobytes() == NOTHING.tobytes()
    takers = Criterion(name="taker", metric="taker_ratio", stop_if="> 0.5", window="5m")
    for fills, absent in ((BARE, ("taker",)), (BARE | {"maker": [True] * 3}, ())):
        vigil = Vigil(Criteria(name="x", criteria=[takers]), Watched(), Usage())
        assert vigil.hear(of(fills)) == ()
        assert vigil.close()[0].absent == absent


def test_a_window_in_parts_does_not_tell_what_one_of_them_does_not() -> None:
    half = HOUR // 2
    first = Observation.from_fills(BARE | SPLIT, start_us=START, end_us=START + half, mids=MIDS)
    second = Observation.from_fills(
        {name: [] for name in BARE}, start_us=START + half, end_us=START + HOUR, inventory_start=2.0
    )
    back = replace(second, start_us=START - half, end_us=START, inventory_start=0, inventory_end=0)
    for parts in ([first, second], [back, first]):
        both = summarize(joined(parts))
        assert both.kpis["gross_bps"] is None
        assert both.reasons["gross_bps"] == "the fills have no column maker"


@pytest.mark.parametrize("untold", [{"x": "y"}, {"fills.mid": 1}, [], {"mid_end": ""}])
def test_untold_is_reasons_by_name(untold: Any) -> None:
    with pytest.raises(TargetError, match="untold: expected reasons by name"):
        measure(observation(untold=untold), None, 60)


@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, HOUR - 1),
            st.sampled_from([1, -1]),
            st.floats(90, 110),
            st.floats(0.1, 9),
            st.booleans(),
            st.floats(-1, 1),
        ),
        max_size=12,
    ),
    cut=st.integers(1, HOUR - 1),
)
def test_windows_of_one_table_follow_one_another(rows: list[Any], cut: int) -> None:
    """Inventories carry over, and amounts of the parts add up to those of the whole."""
    names = ("time_us", "side", "price", "quantity", "maker", "fee_quote")
    columns = {n: [row[place] for row in rows] for place, n in enumerate(names)}
    steady: dict[str, Any] = {"mid_start": 100.0, "mid_end": 100.0}
    spans = [(0, cut), (cut, HOUR), (0, HOUR)]
    parts = [Observation.from_fills(columns, start_us=a, end_us=b, **steady) for a, b in spans]
    assert parts[0].inventory_end == pytest.approx(parts[1].inventory_start)
    nets = [summarize(part).kpis["net_quote"] or 0.0 for part in parts]
    assert nets[0] + nets[1] == pytest.approx(nets[2], abs=1e-6)
