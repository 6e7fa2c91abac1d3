"""What is said of a bot's feeds window by window: bad lines, late ones, clocks."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import START, FakeClock

from pytest_soak.errors import TargetError
from pytest_soak.observation.columns import Observation
from pytest_soak.process.feeds import LATE_OF_BOT, LATE_ON_EXCHANGE, BotFeeds, now_us

NOON = START + timedelta(hours=12)
NOON_US = round(NOON.timestamp() * 1e6)


class Desk:
    """A folder of feeds, a clock, and who reads them."""

    def __init__(self, folder: Path, max_errors: int = 0, remedy: str = LATE_OF_BOT) -> None:
        self.folder = folder
        self.clock = FakeClock(43_200)
        self.feeds = BotFeeds(folder, max_errors, self.clock, remedy)
        self.feeds.begin(NOON_US)

    def pass_(self, seconds: float) -> None:
        self.clock.sleep(seconds)

    def write(self, text: str, feed: str = "marks", day: str = "20250101") -> None:
        with (self.folder / f"{feed}_{day}.jsonl").open("a") as file:
            file.write(text)

    def mark(self, seconds: float, **more: Any) -> None:
        row = {"time_us": NOON_US + round(seconds * 1e6), "mid": 100.0, "inventory": 0.0}
        self.write(json.dumps(row | {"equity_quote": 0.0} | more) + "\n")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_the_time_is_that_of_the_clock() -> None:
    assert now_us(FakeClock(43_200)) == NOON_US


def test_what_was_there_before_is_no_fault_of_the_bot(tmp_path: Path) -> None:
    (tmp_path / "marks_20250101.jsonl").write_text("broken\n{}\n")
    desk = Desk(tmp_path)
    desk.mark(0.5)
    desk.feeds.look()
    assert desk.feeds.finish(NOON_US + 1_000_000)[0]["feed_errors"] == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{broken}\n", "not JSON"),
        ('{"mid": NaN, "inventory": 0, "time_us": 1735732800000000}\n', "not JSON"),
        ('{"mid": 1, "inventory": 0, "time_us": 1}\n', "time_us=1, expected the day of"),
        ('{"mid": -1, "inventory": 0, "time_us": 1735732800000000}\n', "mid=-1"),
        ('{"mid": 1, "inventory": 0, "time_us": 1735900000000000}\n', "expected the day of"),
        ("[]\n", "not a JSON object"),
    ],
)
def test_a_bad_line_fails_the_window_with_file_line_and_why(
    desk: Desk, text: str, why: str
) -> None:
    desk.mark(0.1)
    desk.write(text)
    with pytest.raises(
        TargetError, match=r"^feeds: 1 bad line \(max_feed_errors=0\), first marks_"
    ) as caught:
        desk.feeds.look()
    assert "marks_20250101.jsonl:2: " in str(caught.value)
    assert why in str(caught.value)


def test_so_many_bad_lines_are_counted_and_shown(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_errors=2)
    desk.write("a\nb\n")
    desk.feeds.look()
    facts, notes = desk.feeds.finish(NOON_US + 1)
    assert facts["feed_errors"] == 2
    assert notes == [
        f"feeds: marks_20250101.jsonl:{n}: not JSON: {x}" for n, x in ((1, "a"), (2, "b"))
    ]
    desk.write("c\nd\n")
    desk.feeds.look()
    desk.write("e\n")
    with pytest.raises(TargetError) as caught:
        desk.feeds.look()
    assert str(caught.value) == (
        "feeds: 3 bad lines (max_feed_errors=2), first marks_20250101.jsonl:3: not JSON: c"
    )


def test_a_line_of_ten_megabytes_is_a_bad_one(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_errors=1)
    desk.write("x" * 10_000_000 + "\n")
    desk.mark(0.1)
    desk.feeds.look()
    assert desk.feeds.part(NOON_US, NOON_US + 1_000_000).mid_end == 100.0
    assert desk.feeds.finish(NOON_US + 1_000_000)[0]["feed_errors"] == 1


def test_a_folder_that_is_gone_is_told(desk: Desk) -> None:
    desk.mark(0.1)
    desk.feeds.look()
    shutil.rmtree(desk.folder)
    with pytest.raises(TargetError, match="the folder of the feeds is gone"):
        desk.feeds.look()


def test_a_line_that_comes_when_its_part_was_told_is_late_once(desk: Desk) -> None:
    desk.mark(0.5)
    desk.feeds.look()
    desk.feeds.part(NOON_US, NOON_US + 1_000_000)
    desk.mark(0.6)
    desk.feeds.look()
    desk.feeds.part(NOON_US + 1_000_000, NOON_US + 2_000_000)
    facts, notes = desk.feeds.finish(NOON_US + 2_000_000)
    assert facts["feed_late"] == 1
    assert notes == [
        "feeds: 1 line came too late to count; write each line at once, or raise --soak-settle"
    ]
    assert desk.feeds.finish(NOON_US + 3_000_000)[0]["feed_late"] == 0


def test_of_a_late_line_that_an_exchange_wrote_the_bot_is_not_blamed(tmp_path: Path) -> None:
    desk = Desk(tmp_path, remedy=LATE_ON_EXCHANGE)
    desk.mark(0.5)
    desk.feeds.look()
    desk.feeds.part(NOON_US, NOON_US + 1_000_000)
    desk.mark(0.6)
    desk.feeds.look()
    (note,) = desk.feeds.finish(NOON_US + 1_000_000)[1]
    assert note.endswith(f"to count; {LATE_ON_EXCHANGE}")


FILL = {
    "side": 1,
    "maker": True,
    "price": 100.0,
    "quantity": 5.0,
    "fee_quote": 0.0,
    "mid": 100.0,
}


def second(desk: Desk, number: int) -> Observation:
    """A window of a second."""
    start = NOON_US + 1_000_000 * number
    desk.feeds.begin(start)
    found = desk.feeds.part(start, start + 1_000_000)
    desk.feeds.finish(start + 1_000_000)
    return found


def test_after_a_late_line_the_next_window_begins_with_what_the_marks_say(desk: Desk) -> None:
    desk.mark(0.5)
    desk.feeds.look()
    desk.feeds.part(NOON_US, NOON_US + 1_000_000)
    desk.write(json.dumps(FILL | {"time_us": NOON_US + 600_000}) + "\n", "fills")
    desk.mark(1.5, inventory=5.0)
    desk.feeds.look()
    desk.feeds.finish(NOON_US + 1_000_000)
    found = [second(desk, number) for number in (1, 2)]
    assert [(part.inventory_start, part.apart) for part in found] == [(5.0, True), (5.0, False)]


def test_a_line_of_the_window_before_that_comes_in_this_one_sets_it_apart(desk: Desk) -> None:
    desk.mark(0.5)
    desk.feeds.look()
    assert not second(desk, 0).apart
    desk.feeds.begin(NOON_US + 1_000_000)
    desk.write(json.dumps(FILL | {"time_us": NOON_US + 600_000}) + "\n", "fills")
    desk.mark(1.5, inventory=5.0)
    desk.feeds.look()
    found = [second(desk, number) for number in (1, 2)]
    assert [(part.inventory_start, part.apart) for part in found] == [(5.0, True), (5.0, False)]


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (7.5, "7.5 s ahead of ours"),
        (-7.5, "no line was newer than 7.5 s"),
        (0.0, ""),
        (0.9, ""),
    ],
)
def test_clocks_that_differ_are_told(desk: Desk, ahead: float, told: str) -> None:
    desk.pass_(10)
    for second in range(11, 14):
        desk.pass_(1)
        desk.mark(second + ahead)
        desk.feeds.look()
    desk.pass_(1)
    desk.feeds.look()
    facts, notes = desk.feeds.finish(NOON_US + 20_000_000)
    assert facts["clock_skew_ms"] == pytest.approx(1000 * ahead)
    assert (told in " ".join(notes)) if told else notes == []


def test_the_skew_is_that_of_the_line_that_came_soonest(desk: Desk) -> None:
    for late in (3.0, 0.2, 5.0):
        desk.pass_(10)
        desk.mark(desk.clock.seconds - 43_200 - late)
        desk.feeds.look()
    assert desk.feeds.finish(NOON_US + 60_000_000)[0]["clock_skew_ms"] == pytest.approx(-200)


def test_what_we_write_ourselves_says_nothing_of_the_bots_clock(desk: Desk) -> None:
    desk.pass_(10)
    now = now_us(desk.clock)
    row = {"time_us": now, "rss_mb": 1.0, "cpu_pct": 1.0, "open_fds": 3, "threads": 1}
    desk.write(json.dumps(row) + "\n", "resources")
    desk.mark(1)
    desk.feeds.look()
    facts, _ = desk.feeds.finish(NOON_US + 20_000_000)
    assert facts["clock_skew_ms"] == pytest.approx(-9000)
    found = desk.feeds.part(NOON_US, now + 1).resources
    assert found[["rss_mb", "open_fds", "threads"]].tolist() == [(1.0, 3.0, 1.0)]
    assert desk.feeds.watched() == 0


def test_errors_and_the_breaker_are_told_too(desk: Desk) -> None:
    desk.mark(0.1)
    desk.write(json.dumps({"time_us": NOON_US, "text": "no book"}) + "\n", "errors")
    desk.write(json.dumps({"time_us": NOON_US, "open": True}) + "\n", "breaker")
    desk.feeds.look()
    found = desk.feeds.part(NOON_US, NOON_US + 1_000_000)
    assert found.errors["time_us"].tolist() == [NOON_US]
    assert found.breaker["open"].tolist() == [True]


def test_two_processes_that_write_one_feed_are_told_by_their_numbers(desk: Desk) -> None:
    for number in (1, 2, 1, 2, 3, 3):
        desk.mark(0.1 * number, seq=number)
        desk.feeds.look()
    assert desk.feeds.finish(NOON_US + 1_000_000)[1] == [
        "feeds: 3 lines with a number (seq) that had been told; let one process write, and number "
        "on when it is started anew"
    ]
    desk.mark(0.7, seq=4)
    desk.mark(0.8)
    desk.feeds.look()
    assert desk.feeds.finish(NOON_US + 2_000_000)[1] == []


def test_without_a_line_there_is_no_skew(desk: Desk) -> None:
    desk.feeds.look()
    assert "clock_skew_ms" not in desk.feeds.finish(NOON_US + 1)[0]


def test_the_last_kpis_of_a_bot_that_reckons_its_own_count(desk: Desk) -> None:
    for n in (1, 2):
        row = {"time_us": NOON_US + n, "kpis": {"net_bps": float(n), "risk_ratio": None}}
        desk.write(json.dumps(row) + "\n", "kpis")
    desk.feeds.look()
    assert desk.feeds.kpis(NOON_US, NOON_US + 9) == {"net_bps": 2.0, "risk_ratio": None}
    assert desk.feeds.kpis(NOON_US + 5, NOON_US + 9) is None


def test_days_change_at_midnight_utc(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    midnight = NOON + timedelta(hours=12)
    start = round(midnight.timestamp() * 1e6) - 500_000
    desk.feeds.begin(start)
    for day, offset in (("20250101", 0), ("20250102", 500_001)):
        row = {"time_us": start + offset, "mid": 100.0, "inventory": 0.0, "equity_quote": 0.0}
        desk.write(json.dumps(row) + "\n", day=day)
    desk.feeds.look()
    assert len(desk.feeds.part(start, start + 1_000_000).marks) == 2
