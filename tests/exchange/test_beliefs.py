"""What a bot believes is read from wherever it shows, and never made up."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from pytest_soak.errors import SoakUsageError
from pytest_soak.exchange.beliefs.belief import Belief, BookBelief
from pytest_soak.exchange.beliefs.source import Source, open_source

NOW = 1_000_000

# As freqtrade 2026.9 makes them; columns that are not read are left out.
FREQTRADE = """
    CREATE TABLE trades (id INTEGER PRIMARY KEY, pair VARCHAR(25), base_currency VARCHAR(25),
        stake_currency VARCHAR(25), is_open BOOLEAN, is_short BOOLEAN, amount FLOAT);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, ft_trade_id INTEGER, ft_order_side VARCHAR(25),
        ft_is_open BOOLEAN, order_id VARCHAR(255), filled FLOAT);
"""


def source(given: str, folder: Path) -> Source:
    return open_source(given, folder, folder / "bot.log", "--belief")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "trades.sqlite"
    with closing(sqlite3.connect(path)) as made:
        made.executescript(FREQTRADE)
        made.executemany(
            "INSERT INTO trades VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (1, "BTC/USDT", "BTC", "USDT", 1, 0, 0.3),
                (2, "ETH/USDT:USDT", "ETH", "USDT", 1, 1, 2.0),
                (3, "BTC/USDT", None, None, 0, 0, 0.1),
            ],
        )
        made.executemany(
            "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)",
            [
                (1, 1, "buy", 0, "a1", 0.2),
                (2, 1, "buy", 1, "a2", 0.1),
                (3, 2, "sell", 0, "a3", 2.0),
                (4, 3, "buy", 0, "a4", 0.1),
                (5, 3, "sell", 1, "a5", None),
            ],
        )
        made.commit()
    return path


def test_freqtrade_s_position_is_what_its_orders_say_is_filled(database: Path) -> None:
    (belief,) = source(f"freqtrade:{database.name}", database.parent).read(NOW)
    assert belief.positions == pytest.approx({"BTCUSDT": 0.4, "ETHUSDT": -2.0})
    assert belief.open_orders == frozenset({"a2", "a5"})
    assert (belief.time_us, belief.lag_s) == (NOW, 10.0)


def test_freqtrade_s_database_is_only_read_and_may_be_written_meanwhile(database: Path) -> None:
    before = database.read_bytes()
    reader = source(f"freqtrade:{database.name}", database.parent)
    with closing(sqlite3.connect(database, isolation_level=None)) as bot:
        bot.execute("BEGIN EXCLUSIVE")
        assert not reader.read(NOW)
        assert "locked" in reader.trouble
        bot.execute("ROLLBACK")
        assert reader.read(NOW)
        assert not reader.trouble
    assert database.read_bytes() == before
    assert [path.name for path in database.parent.iterdir()] == [database.name]


def test_a_database_that_is_not_there_yet_is_no_flat_bot_and_is_not_made(tmp_path: Path) -> None:
    reader = source("freqtrade:none.sqlite", tmp_path)
    assert not reader.read(NOW)
    assert "none.sqlite" in reader.trouble
    assert not list(tmp_path.iterdir())
    (tmp_path / "none.sqlite").write_bytes(b"garbage" * 100)
    assert not reader.read(NOW)
    with closing(sqlite3.connect(tmp_path / "empty.sqlite")) as empty:
        empty.execute("CREATE TABLE trades (id INTEGER)")
    assert not source("freqtrade:empty.sqlite", tmp_path).read(NOW)


def test_a_file_is_read_as_it_grows(tmp_path: Path) -> None:
    path, reader = tmp_path / "probe.jsonl", source("file:probe.jsonl", tmp_path)
    assert not reader.read(NOW)
    assert "probe.jsonl" in reader.trouble
    path.write_text('{"time_us": 5, "positions": {"BTCUSDT": 1}}\n{"time_us": 6, ')
    assert list(reader.read(NOW)) == [Belief(5, {"BTCUSDT": 1.0})]
    with path.open("a") as file:
        file.write('"open_orders": ["a", ""]}\n\n')
    assert list(reader.read(NOW)) == [Belief(6, None, frozenset({"a"}))]
    assert not reader.read(NOW)
    assert not reader.trouble
    path.write_text('{"positions": {}}\n')
    assert list(reader.read(NOW)) == [Belief(NOW, {})]


def test_a_book_of_a_probe_has_its_levels_and_its_number(tmp_path: Path) -> None:
    line = {"books": {"BTCUSDT": {"u": 7, "bids": [[1, 2]], "asks": [[3.5, 1]]}}}
    (tmp_path / "p").write_text(json.dumps(line) + "\n")
    (belief,) = source("file:p", tmp_path).read(NOW)
    assert belief.books == {"BTCUSDT": BookBelief(7, ((1.0, 2.0),), ((3.5, 1.0),))}
    assert (belief.positions, belief.open_orders) == (None, None)


@pytest.mark.parametrize(
    "line",
    [
        "garbage",
        "[1]",
        "null",
        '{"positions": {"BTCUSDT": NaN}}',
        '{"positions": [1]}',
        '{"open_orders": "a"}',
        '{"books": {"BTCUSDT": {"bids": [[1]], "asks": []}}}',
        '{"time_us": "now"}',
        "[" * 100_000,
    ],
)
def test_a_line_that_is_no_belief_is_told_and_the_next_is_read(tmp_path: Path, line: str) -> None:
    (tmp_path / "p").write_text(f'{line}\n{{"time_us": 1}}\n')
    reader = source("file:p", tmp_path)
    assert list(reader.read(NOW)) == [Belief(1)]
    assert "is no belief" in reader.trouble
    assert len(reader.trouble) < 500


def test_what_the_last_line_of_a_log_says_holds_until_another_comes(tmp_path: Path) -> None:
    log = tmp_path / "bot.log"
    pattern = r"log:position (?P<symbol>\w+) (?P<position>\S+)|open: (?P<open>.*)"
    reader = source(pattern, tmp_path)
    assert reader.tells == ("positions", "open_orders")
    assert not reader.read(NOW)
    log.write_text("starting\n")
    assert not reader.read(NOW)
    assert reader.trouble == "no line of the bot's output fits the pattern"
    log.write_text("starting\nposition BTCUSDT -0.5\nposition ETHUSDT 1\n")
    expected = {"BTCUSDT": -0.5, "ETHUSDT": 1.0}
    assert list(reader.read(NOW)) == [Belief(NOW, expected)]
    with log.open("a") as file:
        file.write("position BTCUSDT what\nopen: ['a', 'b']\n")
    assert list(reader.read(NOW + 1)) == [Belief(NOW + 1, expected, frozenset("ab"))]
    assert list(reader.read(NOW + 2)) == [Belief(NOW + 2, expected, frozenset("ab"))]
    with log.open("a") as file:
        file.write("open: []\nposition BTCUSDT 0\n")
    (last,) = reader.read(NOW)
    assert (last.open_orders, last.positions) == (frozenset(), {"BTCUSDT": 0.0, "ETHUSDT": 1.0})


Answer = Callable[[], tuple[int, bytes]]


@contextmanager
def serving(answer: Answer) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answer()
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:1/other")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_bot_is_asked_over_http(tmp_path: Path) -> None:
    answers = iter(
        [
            (200, b'{"positions": {"BTCUSDT": 1.5}, "open_orders": []}'),
            (200, b"not json"),
            (500, b"{}"),
            (302, b"{}"),
        ]
    )
    with serving(lambda: next(answers)) as port:
        reader = source(f"http://127.0.0.1:{port}/belief", tmp_path)
        assert list(reader.read(NOW)) == [Belief(NOW, {"BTCUSDT": 1.5}, frozenset())]
        for problem in ("Expecting value", "status 500", "status 302"):
            assert not reader.read(NOW)
            assert problem in reader.trouble
    assert not reader.read(NOW)
    assert "refused" in reader.trouble.lower()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("freqtrad:x", "did you mean 'freqtrade'?"),
        ("freqtrade", "expected freqtrade:PATH"),
        ("log:", "expected log:PATTERN"),
        ("log:(", "is no regular expression"),
        ("log:position", "with (?P<symbol>...), or (?P<open>...)"),
        ("log:(?P<position>.)", "expected (?P<symbol>...) beside position"),
        ("http://example.com/x", "on this machine alone"),
        ("http://127.0.0.1:99999/x", "is no address"),
        ("http://me@127.0.0.1:80/x", "on this machine alone"),
        ("http:/x", "on this machine alone"),
        ("", "unknown kind of belief ''"),
    ],
)
def test_what_is_no_source_is_refused(tmp_path: Path, given: str, problem: str) -> None:
    with pytest.raises(SoakUsageError) as error:
        source(given, tmp_path)
    assert str(error.value).startswith("--belief: ")
    assert problem in str(error.value)


@pytest.mark.parametrize(
    ("given", "tells"),
    [
        ("file:a.jsonl", ("positions", "open_orders")),
        ("positions@file:a.jsonl", ("positions",)),
        ("positions,books@http://127.0.0.1:1/x", ("positions", "books")),
        ("http://127.0.0.1:1/a@b", ("positions", "open_orders")),
    ],
)
def test_a_user_says_what_his_file_or_page_tells(
    given: str, tells: tuple[str, ...], tmp_path: Path
) -> None:
    assert open_source(given, tmp_path, tmp_path, "--soak-belief").tells == tells


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("position@file:a.jsonl", "did you mean 'positions'"),
        ("books@freqtrade:a.sqlite", "freqtrade tells what it can; take books@ away"),
    ],
)
def test_what_a_source_cannot_tell_is_refused(given: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(SoakUsageError, match=problem):
        open_source(given, tmp_path, tmp_path, "--soak-belief")
