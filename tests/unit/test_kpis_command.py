"""The KPIs of a span of time, from a folder of feeds."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from bot_feeds import DAY, MINUTE, NAME, SECOND, START, fill, mark, same, write
from builders import usage_error
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.artifacts.feed_models import SpanKpis
from pytest_soak.artifacts.models import json_schema
from pytest_soak.cli import commands
from pytest_soak.commands.kpis import kpi_lines, kpis
from pytest_soak.commands.rfc3339 import time_us
from pytest_soak.kpi.definitions import KPIS
from pytest_soak.observation.feed_files import DAY_US
from pytest_soak.observation.growing import GrowingFeeds
from pytest_soak.observation.stored_feeds import Asked, read_feeds
from pytest_soak.text import utc_text

BEGIN, END = utc_text(START), utc_text(START + MINUTE)


@pytest.fixture
def feeds(tmp_path: Path) -> Path:
    """A minute of a bot that fills three times, in the account of which all agrees."""
    folder = tmp_path / "feeds"
    folder.mkdir()
    write(folder, "fills", *[fill(n, price=99.9, fee_quote=0.0, mid=100.0) for n in (10, 20, 30)])
    held = [2.0 * sum(n <= second for n in (10, 20, 30)) for second in range(60)]
    write(
        folder,
        "marks",
        *[mark(n, 100.0, held[n], equity_quote=0.1 * held[n]) for n in range(60)],
    )
    quoting = {
        "time_us": START + MINUTE - 1,
        "since_us": START,
        "intended_changes": 4,
        "reasons": ["risk", "inventory"],
    }
    write(folder, "quoting", quoting)
    write(folder, "blocks", {"time_us": START + SECOND, "reason": "risk", "side": -1})
    return folder


def found(folder: Path, begin: str | None = None, end: str | None = None) -> SpanKpis:
    return kpis(folder, begin, end)[0]


def test_the_kpis_of_the_span_and_why_others_are_null(feeds: Path) -> None:
    span = found(feeds, BEGIN, END)
    assert span.faults == []
    assert set(span.kpis) == set(KPIS)
    assert span.kpis["num_fills"] == 3
    assert span.kpis["net_quote"] == pytest.approx(0.6)
    assert span.kpis["volume_quote"] == pytest.approx(3 * 199.8)
    assert (span.kpis["risk_ratio"], span.kpis["inventory_pct"]) == (0.25, 0.0)
    assert span.kpis["throttle_pct"] is None
    for feed, kpi in (("acks", "p95_latency_ms"), ("pipeline_ticks", "fetch_md_p95_ms")):
        assert span.kpis[kpi] is None
        assert span.reasons[kpi] == f"there is no feed {feed}"
    jsonschema.validate(span.data(), json_schema("span-kpis"))


def test_without_ends_it_is_all_that_the_feeds_tell(feeds: Path) -> None:
    span = found(feeds)
    assert (span.begin, span.end) == (BEGIN, END)
    assert span.kpis == found(feeds, BEGIN, END).kpis
    assert found(feeds, BEGIN).end == END
    assert found(feeds, None, END).begin == BEGIN


def test_a_span_that_cuts_what_a_line_tells_of_has_no_kpi_from_it(feeds: Path) -> None:
    span = found(feeds, utc_text(START + 15 * SECOND), END)
    assert span.kpis["num_fills"] == 2
    assert span.kpis["net_quote"] == pytest.approx(0.4)
    assert span.kpis["risk_ratio"] is None
    assert span.reasons["risk_ratio"] == (
        "a line of quoting tells of a time that the span cuts; take whole windows"
    )
    assert found(feeds, BEGIN, utc_text(START + 15 * SECOND)).kpis["risk_ratio"] is None


def test_feeds_without_fills_measure_none(feeds: Path) -> None:
    (feeds / NAME).unlink()
    span = found(feeds)
    assert span.kpis["num_fills"] is span.kpis["net_quote"] is None
    assert span.reasons["num_fills"] == "there is no feed fills"


def test_what_cannot_be_true_has_no_kpis_and_says_so(feeds: Path) -> None:
    write(feeds, "fills", fill(40, quantity=9.0))
    span = found(feeds, BEGIN, END)
    assert any("marks.inventory" in fault for fault in span.faults)
    assert set(span.kpis.values()) == {None}
    assert any(line.startswith("fault: marks.inventory") for line in kpi_lines(span))


@pytest.mark.parametrize(
    ("begin", "end", "problem"),
    [
        ("2025-01-01T00:00:00", None, "--from: expected a time with its zone, like"),
        ("2025-01-01", None, "--from: expected a time with its zone"),
        ("2025-02-30T00:00:00Z", None, "--from: expected a time with its zone"),
        ("1969-12-31T23:00:00Z", None, "--from: expected a time with its zone"),
        (None, "yesterday", "--to: expected a time with its zone"),
        (END, BEGIN, f"--to: expected a time after --from={END}, got {BEGIN}"),
        (BEGIN, BEGIN, f"--to: expected a time after --from={BEGIN}"),
    ],
)
def test_a_time_is_told_with_its_zone(
    feeds: Path, begin: str | None, end: str | None, problem: str
) -> None:
    assert usage_error(lambda: kpis(feeds, begin, end)).startswith(problem)


def test_a_span_after_the_feeds_has_no_time(feeds: Path) -> None:
    late = utc_text(START + DAY_US)
    assert "has no time in the span" in usage_error(lambda: kpis(feeds, late, None))


@given(st.integers(0, 4 * 10**15))
def test_a_time_comes_back_from_its_text(us: int) -> None:
    assert time_us(utc_text(us), "x") == us


def test_zones_are_reckoned_with() -> None:
    assert time_us("1970-01-01T02:00:00+02:00", "x") == 0
    assert time_us("1970-01-01t00:00:01.5z", "x") == 1_500_000


def test_packed_feeds_say_the_same_and_a_plain_file_counts_before_its_packed_form(
    feeds: Path,
) -> None:
    wanted = found(feeds)
    for path in list(feeds.iterdir()):
        (feeds / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert found(feeds).kpis == wanted.kpis
    for path in feeds.glob("*.jsonl"):
        path.unlink()
    assert found(feeds).kpis == wanted.kpis


def test_what_cannot_be_read_is_one_line(feeds: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "has no feeds; expected files like" in usage_error(lambda: kpis(empty, None, None))
    missing = usage_error(lambda: kpis(tmp_path / "none", None, None))
    assert missing.startswith(f"{tmp_path / 'none'}: cannot be read: No such file")
    (empty / NAME).write_bytes(b"?\n")
    assert "without any line" in usage_error(lambda: kpis(empty, None, None))
    packed = feeds / f"{NAME.replace('fills', 'acks')}.gz"
    packed.write_bytes(gzip.compress(b"x" * 10_000)[:-9])
    assert usage_error(lambda: kpis(feeds, None, None)).startswith(f"{packed}: cannot be read")
    packed.unlink()
    packed.symlink_to(NAME)
    assert usage_error(lambda: kpis(feeds, None, None)).startswith(f"{packed}: cannot be read")


def run(*arguments: str) -> Any:
    return CliRunner().invoke(commands, ["kpis", *arguments], standalone_mode=False)


def test_the_command_prints_a_table_or_json(feeds: Path) -> None:
    done = run(str(feeds))
    assert done.return_value == 0
    assert "num_fills" in done.stdout
    assert done.stdout.splitlines()[-1] == f"{feeds}: {BEGIN} to {END}, 65 lines"
    done = run(str(feeds), f"--from={BEGIN}", f"--to={END}", "--json")
    data = json.loads(done.stdout)
    assert data["schema"] == "pytest-soak/span-kpis/1"
    assert data["kpis"]["num_fills"] == 3


def test_a_bad_line_is_told_and_fails_but_not_one_that_is_still_written(feeds: Path) -> None:
    path = write(feeds, "fills")
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"time')
    done = run(str(feeds))
    assert done.return_value == 0
    assert done.stderr == f'{NAME}:4: has no end: it was cut: {{"time\n'
    path.write_bytes(b"{\n" + whole)
    done = run(str(feeds))
    assert done.return_value == 1
    assert done.stderr == f"{NAME}:1: not JSON: {{\n"
    assert done.stdout.splitlines()[-1].endswith("65 lines, 1 bad line")
    path.write_bytes(whole + b'{"time')
    write(feeds, "acks", {"time_us": START + DAY_US, "latency_ms": 1}, day=DAY.day + 1)
    assert run(str(feeds), f"--to={END}").return_value == 1


@given(st.lists(st.integers(0, 120), max_size=8), st.integers(1, 60), st.integers(61, 120))
def test_stored_and_growing_feeds_say_the_same_of_a_span(
    tmp_path_factory: pytest.TempPathFactory, at: list[int], begin: int, end: int
) -> None:
    folder = tmp_path_factory.mktemp("feeds")
    write(folder, "fills", *[fill(second) for second in sorted(at)])
    write(folder, "marks", *[mark(second, 100.0 + second) for second in range(0, 120, 3)])
    growing = GrowingFeeds(folder)
    assert growing.poll() == []
    span = START + begin * SECOND, START + end * SECOND
    assert same(read_feeds(folder, Asked(*span)).observed(), growing.window(*span))


def test_what_was_filled_before_a_span_is_held_at_its_start(tmp_path: Path) -> None:
    hour = 3600
    write(tmp_path, "fills", *[fill(n, price=100.0, mid=100.0) for n in (10, 20, 2 * hour)])
    stored = read_feeds(tmp_path, Asked(start_us=START + hour * SECOND))
    assert stored.held == 4.0
    assert stored.observed().inventory_start == 4.0
