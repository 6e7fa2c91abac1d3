"""Feeds as rows of equal intervals, and which of them can be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest
from bot_feeds import DAY, FIVE, MIDNIGHT, NAME, SECOND, START, fill, mark, tick, write
from builders import usage_error
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from runs import summary_of

from pytest_soak.artifacts.models import json_schema
from pytest_soak.cli import commands
from pytest_soak.commands.dataset import Made, Request, dataset
from pytest_soak.dataset.filters import load_filters
from pytest_soak.dataset.intervals import Lane
from pytest_soak.dataset.numbering import equal_fills, gaps, runs, without_doubles
from pytest_soak.dataset.row import Row
from pytest_soak.dataset.summary import judged, totals
from pytest_soak.gates.engine import Verdict
from pytest_soak.observation.bad_lines import Reason
from pytest_soak.observation.feed_lines import parsed
from pytest_soak.observation.line_batches import LONGEST_LINE
from pytest_soak.observation.stored_feeds import Asked, read_feeds, read_parts
from pytest_soak.storage.files import write_json
from pytest_soak.text import utc_text

FILTERS = load_filters()


def bot(folder: Path, minutes: int = 10, *, numbered: bool = True) -> None:
    """A bot that buys 2 each minute at 99 under a mid of 100, and ticks twice a second."""
    ticks = [tick(n / 2) for n in range(120 * minutes)]
    fills = [fill(60 * n + 30) for n in range(minutes)]
    held = [2.0 * ((n + 30) // 60) for n in range(60 * minutes)]
    marks = [
        mark(n, 100.0, inventory, equity_quote=inventory * 0.95) for n, inventory in enumerate(held)
    ]
    rows = [("pipeline_ticks", row) for row in ticks]
    rows += [("fills", row) for row in fills] + [("marks", row) for row in marks]
    for seq, (_, row) in enumerate(sorted(rows, key=lambda pair: pair[1]["time_us"]), 1):
        if numbered:
            row["seq"] = seq
    for feed, lines in (("pipeline_ticks", ticks), ("fills", fills), ("marks", marks)):
        write(folder, feed, *lines)


def made(folder: Path, *arguments: str) -> tuple[list[dict[str, Any]], list[str], int]:
    """The rows of a dataset, what was said, and the exit status."""
    output = folder.parent / "rows.jsonl"
    command = ["dataset", str(folder), f"--output={output}", *arguments]
    done: Result = CliRunner().invoke(commands, command, standalone_mode=False)
    assert done.exception is None, done.exception
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    return rows, done.stdout.splitlines(), done.return_value


@pytest.fixture
def feeds(tmp_path: Path) -> Path:
    folder = tmp_path / "feeds"
    folder.mkdir()
    return folder


def test_a_row_tells_what_was_earned_in_its_interval(feeds: Path) -> None:
    bot(feeds)
    rows, said, status = made(feeds)
    assert [row["interval_start"] for row in rows] == [utc_text(START), utc_text(START + FIVE)]
    assert [row["interval_end"] for row in rows] == [
        utc_text(START + FIVE),
        utc_text(START + 2 * FIVE),
    ]
    schema = json_schema("dataset-row")
    for row in rows:
        jsonschema.validate(row, schema)
        assert (row["ticks"], row["fills"], row["coverage"], row["seq_gaps"]) == (600, 5, 1.0, 0)
        assert row["gross_quote"] == pytest.approx(10.0)
        assert row["fees_quote"] == pytest.approx(-0.5)
        assert row["net_quote"] == pytest.approx(9.5)
        assert row["volume_quote"] == pytest.approx(990.0)
        assert row["net_bps"] == pytest.approx(9.5 / 990.0 * 1e4)
        assert (row["mid_open"], row["mid_close"], row["taker_share_pct"]) == (100.0, 100.0, 0.0)
        assert row["stages"]["total"] == {"p50_ms": 10.0, "p95_ms": 10.0, "p99_ms": 10.0}
        assert (row["accepted"], row["reasons"]) == (True, [])
    assert (rows[0]["inventory_open"], rows[0]["inventory_close"]) == (0.0, 10.0)
    assert (rows[1]["inventory_open"], rows[1]["inventory_close"]) == (10.0, 20.0)
    assert status == 1
    assert said[-1].startswith("FAIL: ")
    assert said[-1].endswith("2 intervals (0.17 covered hours, 12 at least)")


def test_intervals_are_aligned_to_utc_whatever_the_span(feeds: Path) -> None:
    bot(feeds)
    begin, end = START + 120 * SECOND, START + 420 * SECOND
    rows, _, _ = made(feeds, f"--from={utc_text(begin)}", f"--to={utc_text(end)}")
    assert [row["interval_start"] for row in rows] == [utc_text(START), utc_text(START + FIVE)]
    assert [row["coverage"] for row in rows] == [pytest.approx(0.6), pytest.approx(0.4)]
    assert [row["fills"] for row in rows] == [3, 2]
    assert not any(row["accepted"] for row in rows)
    rows, _, _ = made(feeds, "--interval-min=60")
    assert len(rows) == 1
    assert rows[0]["interval_end"] == utc_text(START + 12 * FIVE)


def test_an_interval_without_data_is_a_row_that_says_so(feeds: Path) -> None:
    bot(feeds, 5)
    rows, said, _ = made(feeds, f"--to={utc_text(START + 3 * FIVE)}")
    assert len(rows) == 3
    for row in rows[1:]:
        assert (row["ticks"], row["fills"], row["coverage"]) == (0, 0, 0.0)
        assert row["net_quote"] is row["net_bps"] is row["mid_open"] is None
        assert row["unknown"]["net_quote"] == "no data"
        assert (row["accepted"], row["reasons"]) == (False, ["no data"])
    assert f"refused {utc_text(START + FIVE)}: no data" in said


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"total_ms": 2000.0}, "tick_total_p95_ms 2000, 1000 at most"),
        ({"cache_hit": False}, "md_cache_hit_ratio 0, 0.3 at least"),
    ],
)
def test_a_bad_interval_is_refused_with_its_reason(
    feeds: Path, change: dict[str, Any], reason: str
) -> None:
    bot(feeds, 5, numbered=False)
    (feeds / NAME.replace("fills", "pipeline_ticks")).unlink()
    write(feeds, "pipeline_ticks", *[tick(n / 2, **change) for n in range(600)])
    ((row,), _, _) = made(feeds)
    assert (row["accepted"], row["reasons"]) == (False, [reason])


def test_few_ticks_have_no_high_quantiles_and_are_refused(feeds: Path) -> None:
    bot(feeds, 5, numbered=False)
    (feeds / NAME.replace("fills", "pipeline_ticks")).unlink()
    write(feeds, "pipeline_ticks", *[tick(n) for n in range(19)])
    ((row,), _, _) = made(feeds)
    assert row["stages"]["total"] == {"p50_ms": 10.0, "p95_ms": None, "p99_ms": None}
    assert row["tick_total_p95_ms"] is None
    assert row["unknown"]["tick_total_p95_ms"] == "19 ticks, 20 at least"
    assert row["unknown"]["stages.total.p99_ms"] == "19 ticks, 100 at least"
    assert row["reasons"] == ["19 ticks, 100 at least"]


def test_missing_numbers_are_counted_where_the_line_after_them_lies(feeds: Path) -> None:
    bot(feeds)
    path = feeds / NAME.replace("fills", "pipeline_ticks")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:700] + lines[720:]))
    rows, _, _ = made(feeds)
    assert [row["seq_gaps"] for row in rows] == [0, 20]
    assert rows[1]["reasons"] == ["20 of 905 lines are missing, 0.01 at most"]


def test_doubled_lines_count_once(feeds: Path) -> None:
    bot(feeds)
    once, _, _ = made(feeds)
    for name in ("pipeline_ticks", "fills"):
        path = feeds / NAME.replace("fills", name)
        path.write_bytes(path.read_bytes() * 2)
    twice, said, _ = made(feeds)
    assert twice == once
    assert any("1210 doubled lines, 0 out of order" in line for line in said)


def test_without_numbers_equal_ticks_count_once_and_equal_fills_are_told(feeds: Path) -> None:
    bot(feeds, numbered=False)
    once, _, _ = made(feeds)
    path = feeds / NAME.replace("fills", "pipeline_ticks")
    path.write_bytes(path.read_bytes() * 2)
    twice, _, _ = made(feeds)
    assert twice == once
    write(feeds, "fills", fill(30))
    rows, said, _ = made(feeds)
    assert rows[0]["fills"] == 6
    assert "1 fills without a number are equal to another" in said[-1]


def table(*rows: dict[str, Any]) -> Any:
    found = parsed(DAY, [json.dumps(row).encode() for row in rows])
    assert found.bad == ()
    return found.table


def test_lines_out_of_order_by_more_than_a_second_are_counted() -> None:
    rows = table(fill(5, seq=1), fill(4, seq=2), fill(3.9, seq=3), fill(6, seq=9))
    found = runs({"fills": rows}, START, START + FIVE)
    missing = gaps([found])
    assert (found.back, missing.sizes.tolist()) == (1, [5])
    assert missing.times.tolist() == [START + 6 * SECOND]


@given(st.lists(st.integers(1, 30), min_size=1, unique=True), st.integers(0, 30))
def test_what_is_missing_does_not_hang_on_how_the_span_is_cut(seqs: list[int], cut: int) -> None:
    """Numbers and times need not have one order."""
    lines = {"fills": table(*[fill(n, seq=seq) for n, seq in enumerate(seqs)])}
    border, end = START + cut * SECOND, START + FIVE
    whole = gaps([runs(lines, START, end)])
    parts = gaps([runs(lines, START, border), runs(lines, border, end)])
    assert int(whole.sizes.sum()) == max(seqs) - min(seqs) + 1 - len(seqs)
    assert whole.times.tolist() == parts.times.tolist()
    assert whole.sizes.tolist() == parts.sizes.tolist()


def test_a_number_that_comes_again_in_a_later_part_hides_and_makes_no_gap() -> None:
    lines = {"fills": table(*[fill(n, seq=seq) for n, seq in enumerate((1, 2, 3, 2, 4))])}
    border = START + 3 * SECOND
    parts = [runs(lines, START, border), runs(lines, border, START + FIVE)]
    assert gaps(parts).sizes.tolist() == []


def test_the_numbers_of_what_the_bot_uses_are_their_own() -> None:
    rows = {"fills": table(fill(5, seq=5), fill(6, seq=8)), "resources": table(fill(5, seq=6))}
    assert gaps([runs(rows, START, START + FIVE)]).sizes.tolist() == [2]


@given(st.lists(st.integers(1, 9)))
def test_of_each_number_one_line_stays(numbers: list[int]) -> None:
    rows = table(*[fill(n, seq=seq) for n, seq in enumerate(numbers)])
    found, doubled = without_doubles({"fills": rows}, START, START + FIVE)
    assert found["fills"]["seq"].tolist() == list(dict.fromkeys(numbers))
    assert doubled == len(numbers) - len(set(numbers))


def test_fills_with_numbers_are_never_taken_for_one_another() -> None:
    assert equal_fills(table(fill(1, seq=1), fill(1, seq=2))) == 0
    assert equal_fills(table(fill(1), fill(1), fill(2))) == 1


def row(**more: Any) -> Row:
    """A row of an hour."""
    nothing = dict.fromkeys(Row.model_fields)
    values: dict[str, Any] = {
        **nothing,
        "lane": "x",
        "interval_start": utc_text(START),
        "interval_end": utc_text(START),
        "ticks": 100,
        "fills": 1,
        "coverage": 1.0,
        "seq_gaps": 0,
        "volume_quote": 100.0,
        "net_quote": 1.0,
        "stages": {},
        "unknown": {},
        "accepted": True,
        "reasons": [],
    }
    return Row.model_validate(values | more)


HOUR = 12 * FIVE


@pytest.mark.parametrize(
    ("good", "refused", "bad_lines", "verdict", "reason"),
    [
        (24, 0, 0, Verdict.PASS, ""),
        (23, 0, 0, Verdict.WARN, "23.00 covered hours, 24 are wanted"),
        (12, 0, 0, Verdict.WARN, "12.00 covered hours, 24 are wanted"),
        (11, 0, 0, Verdict.FAIL, "11.00 covered hours, 12 at least"),
        (27, 3, 0, Verdict.FAIL, "3 of 30 intervals refused, less than 10 % wanted"),
        (28, 3, 0, Verdict.PASS, ""),
        (24, 0, 1, Verdict.PASS, ""),
        (24, 0, 2, Verdict.FAIL, "2 of 1001 lines are bad, 0.1 % at most"),
    ],
)
def test_a_dataset_needs_hours_and_few_refusals_and_bad_lines(
    good: int, refused: int, bad_lines: int, verdict: Verdict, reason: str
) -> None:
    rows = [row()] * good + [row(accepted=False, reasons=["x"])] * refused
    found = judged(rows, HOUR, 999, bad_lines, 0, FILTERS.span)
    assert (found.verdict, "; ".join(found.reasons)) == (verdict, reason)


def test_kpis_of_several_rows_are_weighted() -> None:
    rows = [
        row(adverse_bps=1.0, md_cache_hit_ratio=0.5, tick_total_p95_ms=9.0),
        row(adverse_bps=4.0, volume_quote=300.0, net_quote=3.0, ticks=300, md_cache_hit_ratio=0.9),
        row(volume_quote=0.0, net_quote=-1.0, ticks=0),
    ]
    found = totals(rows, HOUR)
    assert (found.rows, found.hours) == (3, 3.0)
    assert found.kpis["net_quote"] == 3.0
    assert found.kpis["net_bps"] == pytest.approx(75.0)
    assert found.kpis["adverse_bps"] == pytest.approx(3.25)
    assert found.kpis["md_cache_hit_ratio"] == pytest.approx(0.8)
    assert found.kpis["worst_tick_total_p95_ms"] == 9.0
    assert found.kpis["slippage_bps"] is None
    assert totals([], HOUR).kpis["net_bps"] is None


_OFFSETS = st.lists(st.integers(-4 * 300, 2 * 300), min_size=1, max_size=12, unique=True)


@given(_OFFSETS, st.booleans(), st.booleans())
def test_a_span_over_midnight_read_in_parts_gives_the_rows_of_one_read_at_once(
    tmp_path_factory: pytest.TempPathFactory, offsets: list[int], marked: bool, misfiled: bool
) -> None:
    folder = tmp_path_factory.mktemp("feeds")
    for n, offset in enumerate(sorted(offsets)):
        time = MIDNIGHT + offset * SECOND
        day = DAY.day + (offset >= 0 or (misfiled and offset >= -300))
        write(folder, "fills", fill(time_us=time, seq=3 * n + 1, side=1 - 2 * (n % 2)), day=day)
        if marked:
            seq, mid = 3 * n + 2 + n % 2, 100.0 + offset / 100
            inventory = 2.0 * (1 - n % 2)
            row = mark(0, mid, inventory, time_us=time, seq=seq, boundary=False)
            write(folder, "marks", row, day=DAY.day + (offset >= 0))
    span = MIDNIGHT - 4 * FIVE, MIDNIGHT + 2 * FIVE
    parts = list(read_parts(folder, Asked(*span, spare_us=FIVE), FIVE))
    assert [part.start_us for part in parts][1:] == [part.end_us for part in parts][:-1]
    whole = read_feeds(folder, Asked(*span))
    assert (parts[0].start_us, parts[-1].end_us) == span
    assert parts[-1].lines == whole.lines
    at_once = Made(FILTERS, FIVE)
    at_once.take(whole)
    in_parts = Made(FILTERS, FIVE)
    for part in parts:
        in_parts.take(part)
    assert in_parts.rows(Lane()) == at_once.rows(Lane())
    assert in_parts.back == at_once.back


def test_feeds_that_end_with_the_day_have_no_interval_of_the_next(feeds: Path) -> None:
    last = MIDNIGHT - FIVE
    write(feeds, "fills", fill(time_us=last))
    write(feeds, "marks", mark(0, time_us=last, boundary=True))
    end = mark(0, inventory=2.0, time_us=MIDNIGHT, boundary=True)
    write(feeds, "marks", end, day=DAY.day + 1)
    rows, said, _ = made(feeds)
    assert [row["interval_start"] for row in rows] == [utc_text(last)]
    assert rows[0]["inventory_close"] == 2.0
    assert any(line.startswith("3 lines, 0 bad lines") for line in said)


@pytest.mark.parametrize("minutes", [0, -5, 7, 1441])
def test_an_interval_divides_the_day(feeds: Path, minutes: int) -> None:
    request = Request(feeds, None, None, minutes, "rows.jsonl")
    message = usage_error(lambda: dataset(request, feeds, print))
    assert message == f"--interval-min: expected minutes that divide 1440, got {minutes}"


def test_a_time_that_is_far_off_makes_no_endless_dataset(feeds: Path) -> None:
    write(feeds, "fills", fill())
    write(feeds, "fills", fill(time_us=1), day=0)
    request = Request(feeds, None, None, 1, "rows.jsonl")
    message = usage_error(lambda: dataset(request, feeds, print))
    assert message.startswith("--interval-min: the feeds span 20000 days, which is ")


class Run(NamedTuple):
    """A run's folder with the feeds of two windows of five minutes, and an ITER_SUMMARY of each."""

    folder: Path

    @property
    def feeds(self) -> Path:
        return self.folder / "feeds"

    def summary(self, iteration: int, flags_hash: str | None = "f", **more: Any) -> None:
        summary = summary_of(iteration, **more).model_copy(update={"flags_hash": flags_hash})
        write_json(self.folder / f"ITER_SUMMARY_{iteration}.json", summary.data())


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(tmp_path / "run")
    run.feeds.mkdir(parents=True)
    bot(run.feeds)
    path = run.feeds / NAME.replace("fills", "marks")
    lines = path.read_bytes()
    path.unlink()
    for path in run.feeds.iterdir():  # the first line of a lane is a boundary
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        path.write_text("".join(f"{json.dumps(row | {'seq': row['seq'] + 1})}\n" for row in rows))
    ends = [(0, 1), (300, 5000), (300, 5001), (600, 6000)]
    write(run.feeds, "marks", *[mark(at, seq=seq, boundary=True) for at, seq in ends])
    rows = [json.loads(line) for line in lines.splitlines()]
    write(run.feeds, "marks", *[row | {"seq": row["seq"] + 1} for row in rows])
    run.summary(1, state_hash="a", phase="warmup")
    run.summary(2, state_hash="b", phase="steady", flags_hash=None)
    return run


SETTING = ("overrides_hash", "flags_hash", "phase")


def settings_of(row: dict[str, Any]) -> list[Any]:
    return [row[name] for name in SETTING]


def test_a_row_tells_what_the_iteration_around_it_ran_with(run: Run) -> None:
    first, second = made(run.feeds, "--symbol=DOGE")[0]
    assert (first["symbol"], settings_of(first)) == ("DOGE", ["a", "f", "warmup"])
    assert settings_of(second) == ["b", None, "steady"]
    assert second["unknown"]["flags_hash"] == "the bot declares no flags"
    ((both,), _, _) = made(run.feeds, "--interval-min=15")
    assert (both["symbol"], settings_of(both)) == (None, [None] * 3)
    assert both["unknown"]["symbol"] == "not told by --symbol"
    assert both["unknown"]["phase"] == "several: the interval is in iterations 1 to 2"


def test_a_null_setting_has_its_reason(run: Run) -> None:
    (run.folder / "ITER_SUMMARY_1.json").unlink()
    rows, _, _ = made(run.feeds, f"--to={utc_text(START + 3 * FIVE)}")
    told = [row["unknown"].get("phase") for row in rows]
    assert told == ["the run has no ITER_SUMMARY_1.json", None, "in no iteration's window"]
    (run.folder / "ITER_SUMMARY_2.json").unlink()
    assert made(run.feeds)[0][1]["unknown"]["phase"] == "no ITER_SUMMARY is beside the feeds"
    run.summary(1)
    marks = run.feeds / NAME.replace("fills", "marks")
    marks.write_bytes(marks.read_bytes().partition(b"\n")[2])
    why = "the feeds have no boundary marks from the first iteration on"
    assert made(run.feeds)[0][0]["unknown"]["phase"] == why


def test_warm_up_and_cold_start_are_refused_on_request(run: Run, feeds: Path) -> None:
    def reasons(folder: Path, *options: str) -> list[list[str]]:
        rows, _, _ = made(folder, *options)
        return [[why for why in row["reasons"] if "lines" not in why] for row in rows]

    assert reasons(run.feeds) == [[], []]
    assert reasons(run.feeds, "--skip-warmup") == [["phase warmup"], []]
    assert reasons(run.feeds, "--cold-minutes=6") == [["cold start"], ["cold start"]]
    assert reasons(run.feeds, "--cold-minutes=5") == [["cold start"], []]
    bot(feeds)
    unknown = ["phase not known: no ITER_SUMMARY is beside the feeds"]
    assert reasons(feeds, "--skip-warmup") == [unknown, unknown]


BAD: dict[Reason, Any] = {
    Reason.NOT_JSON: b"?",
    Reason.NO_OBJECT: b"[1]",
    Reason.MISSING: {"time_us": START},
    Reason.TYPE: fill(price="99"),
    Reason.VALUE: fill(price=-99.0),
    Reason.NOT_FINITE: fill(price=float("nan")),
    Reason.TIME: fill(time_us=DAY.start_us - FIVE - 1),
    Reason.LENGTH: b"0" * (LONGEST_LINE + 1),
}


def test_bad_lines_are_told_first_by_reason_with_the_place_of_the_first(feeds: Path) -> None:
    bot(feeds)
    write(feeds, "fills", *BAD.values(), *BAD.values())
    _, said, status = made(feeds)
    told = [line.partition(": ")[0] for line in said if ", first " in line]
    assert told == [f"2 bad lines ({reason}), first {NAME}:{n}" for n, reason in enumerate(BAD, 11)]
    assert said[0] == f"2 bad lines (not JSON), first {NAME}:11: not JSON: ?"
    assert any("16 bad lines" in line for line in said)
    assert "16 of 1826 lines are bad, 0.1 % at most" in said[-1]
    assert status == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a": [{"b": -Infinity}]}', Reason.NOT_FINITE),
        (b'{"a": 1e999}', Reason.NOT_FINITE),
        (b'{"a": "\\ud800"}', Reason.NOT_JSON),
        (b"[" * 100_000, Reason.NOT_JSON),
    ],
)
def test_a_number_without_end_is_told_from_what_is_no_json(line: bytes, reason: Reason) -> None:
    (bad,) = parsed(DAY, [line]).bad
    assert bad.reason is reason


def test_a_line_may_lie_an_interval_outside_of_the_day_of_its_file(feeds: Path) -> None:
    write(feeds, "fills", fill(time_us=DAY.start_us - FIVE), fill(time_us=MIDNIGHT + FIVE - 1))
    _, said, _ = made(feeds, "--from=2024-10-03T00:00:00Z", "--to=2024-10-06T00:00:00Z")
    assert any(line.startswith("2 lines, 0 bad lines") for line in said)
    write(feeds, "fills", fill())
    _, said, _ = made(feeds, "--interval-min=1")
    assert said[0].startswith(f"2 bad lines (time outside of the file's day), first {NAME}:1: ")


def test_a_line_cut_at_the_end_is_normal_of_the_newest_file_alone(feeds: Path) -> None:
    bot(feeds)
    path = feeds / NAME
    path.write_bytes(path.read_bytes() + b'{"time_us": 17')
    _, said, _ = made(feeds)
    assert any("0 bad lines" in line and "1 cut at the end" in line for line in said)
    write(feeds, "marks", mark(0, time_us=MIDNIGHT), day=DAY.day + 1)
    _, said, _ = made(feeds)
    assert said[0].startswith(f"1 bad line (cut), first {NAME}:11: ")
