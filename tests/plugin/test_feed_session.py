"""A soak on recorded feeds: its lanes, its length, its resume, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import recordings as r
from crashes import contents
from harness import Outcome, Workbench

from pytest_soak.config.scenarios import BUILT_IN
from pytest_soak.replay.export import exported
from pytest_soak.replay.rows import Rows


@pytest.fixture(scope="module")
def rows() -> Rows:
    return exported(BUILT_IN["calm"], 7, 0.1)


@pytest.fixture
def feed(bench: Workbench, rows: Rows) -> Workbench:
    """A workbench with `day.npz`, 6 minutes of the built-in market."""
    np.savez(bench.directory / "day.npz", data=rows)
    return bench


MARKET = "--soak-market=feed:day.npz"
UNITS = "--soak-feed-set=tick=0.001,lot=30"


def files(done: Outcome) -> dict[str, object]:
    return contents(done.directory / "artifacts" / "soak")


def test_the_span_is_cut_into_the_iterations(feed: Workbench) -> None:
    done = feed.soak(3, MARKET, UNITS)
    assert done.returncode == 0, done.everything
    assert done.last_line.startswith("WARN for default on day (3 iterations, sim)")
    assert done.last_line.endswith("; limits set for calm")
    summary = done.artifact("ITER_SUMMARY_2.json")["summary"]
    assert summary["num_fills"] > 0
    assert summary["mock_mode"] == "day"
    assert summary["p95_latency_ms"] > 100.0
    assert 1.9 < summary["minutes"] < 2.0 if "minutes" in summary else True


def test_what_a_user_must_know_of_a_recording_is_said_before(bench: Workbench) -> None:
    lines = [*r.stream(60), r.depth(60_100, 99_000, 99_001, 98_999)]
    r.write_lines(bench.directory / "raw.gz", [*lines, r.trade(60_200, 1300, "100.0", "1")])
    said = bench.soak(1, "--soak-market=feed:raw.gz", "--soak-gate-mode=off").stdout
    assert "soak: market raw: recorded, 0.9865 min to trade, local times moved by +0.0 ms" in said
    assert "soak: market raw: 1 gap: the book is not known until the next snapshot" in said
    assert "soak: market raw: 100 trades that are missing by their numbers" in said


def test_it_goes_on_where_it_was_and_comes_to_the_same(feed: Workbench) -> None:
    minutes = "--soak-minutes=1.5"
    whole = files(feed.soak(3, MARKET, UNITS, minutes))
    (feed.directory / "artifacts").rename(feed.directory / "before")
    feed.soak(1, MARKET, UNITS, minutes)
    assert files(feed.soak(3, MARKET, UNITS, minutes, "--soak-resume")) == whole


def test_a_day_in_pieces_is_the_same_day(feed: Workbench, rows: Rows) -> None:
    whole = files(feed.soak(2, MARKET, UNITS))
    (feed.directory / "artifacts").rename(feed.directory / "before")
    (feed.directory / "day").mkdir()
    for number, piece in enumerate(np.array_split(rows, 5)):
        np.savez(feed.directory / "day" / f"{number}.npz", data=piece)
    found = files(feed.soak(2, "--soak-market=feed:day", UNITS))
    same = [name for name in whole if "ITER_SUMMARY" in name and found[name] == whole[name]]
    assert len(same) == 3


def test_latencies_and_queues_change_what_is_filled(feed: Workbench) -> None:
    fast = f"{UNITS},place_ms=1,answer_ms=1,queue=power3"
    slow = feed.soak(1, MARKET, UNITS).artifact("ITER_SUMMARY_1.json")["summary"]
    quick = feed.soak(1, MARKET, fast).artifact("ITER_SUMMARY_1.json")["summary"]
    assert slow["p95_latency_ms"] > 100 > quick["p95_latency_ms"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["4", MARKET, "--soak-minutes=2"], "day holds: it has 2 of 2 minutes (5.9"),
        (["4000", MARKET], "4000 iterations are more than day holds: it has 119 of 0.05 minutes"),
        (["1", "--soak-market=feed:gone.gz"], "--soak-market: there is no file gone.gz"),
        (["1", "--soak-market=calm,feed:day.npz"], "expected feed:PATH[,PATH...] alone"),
        (["1", f"{MARKET},./day.npz"], "day.npz and ./day.npz would both be 'day'"),
        (["1", MARKET, "--soak-feed-set=mapping=no.yaml"], "no.yaml: cannot be read: No such file"),
        (["1", MARKET, "--soak-feed-set=kind=inverse"], "day.npz: is inverse: give contract_value"),
        (["1", MARKET, "--soak-feed-set=kind=coin"], "--soak-feed-set: unknown kind 'coin'"),
        (["1", MARKET, "--soak-feed-set=queue=fifo"], "queue: unknown model 'fifo'"),
        (["1", "--soak-feed-set=tick=1"], "--soak-feed-set: is of recorded feeds; --soak-market"),
        (["1", MARKET, "--soak-target=mock"], "mock trades on no recorded feed; expected sim"),
    ],
)
def test_what_cannot_be_meant_is_one_line(
    feed: Workbench, arguments: list[str], problem: str
) -> None:
    done = feed.soak(*arguments)
    assert done.returncode == 4, done.everything
    assert problem in done.everything
    assert "Traceback" not in done.everything


def test_a_recording_that_is_another_one_is_not_gone_on_with(feed: Workbench, rows: Rows) -> None:
    feed.soak(1, MARKET, UNITS, "--soak-minutes=1")
    changed = rows.copy()
    changed["qty"][-1] += 30.0
    np.savez(feed.directory / "day.npz", data=changed)
    done = feed.soak(2, MARKET, UNITS, "--soak-minutes=1", "--soak-resume")
    assert done.returncode == 4, done.everything


def test_a_raw_stream_is_soaked_on_as_it_is(bench: Workbench) -> None:
    r.write_lines(bench.directory / "raw.gz", r.stream(60))
    done = bench.soak(2, "--soak-market=feed:raw.gz", "--soak-gate-mode=off")
    assert done.returncode == 0, done.everything
    assert "on raw (2 iterations" in done.last_line


def own_tables(bench: Workbench, seconds: int) -> None:
    """A folder of a book, trades, and the mapping that says what their columns mean."""
    folder = bench.directory / "mine"
    folder.mkdir()
    book, trades = ["t,got,s,p,q,whole"], ["t,got,s,p,q"]
    for step in range(seconds * 10):
        at, whole = step * 100, int(step == 0)
        book += [f"{at},{at + 4},b,100.0,{5000 + step % 3},{whole}"]
        book += [f"{at},{at + 4},a,100.1,{5000 + step % 4},{whole}"]
        trades.append(f"{at + 50},{at + 53},{'ab'[step % 2]},{100 + step % 2 / 10},6000")
    r.write_lines(folder / "book.csv", book)
    r.write_lines(folder / "trades.csv", trades)
    times = "".join(
        f"    {name}_time: {{column: {column}, unit: ms, zone: UTC}}\n"
        for name, column in (("exchange", "t"), ("local", "got"))
    )
    same = f"{times}    price: p\n    quantity: q\n    side: {{column: s, buy: [b], sell: [a], of: "
    (folder / "mapping.yaml").write_text(
        f"parts:\n  - kind: depth\n    files: 'book*'\n{same}level}}\n"
        f"    snapshot: {{column: whole, is: ['1']}}\n"
        f"  - kind: trades\n    files: 'trades*'\n{same}taker}}\n"
    )


def test_tables_of_ones_own_are_soaked_on_by_their_mapping(bench: Workbench) -> None:
    own_tables(bench, 40)
    typed = ["--soak-market=feed:mine", "--soak-feed-set=mapping=mine/mapping.yaml"]
    typed += ["--soak-gate-mode=off", "--soak-minutes=0.3"]
    done = bench.soak(1, *typed)
    assert done.returncode == 0, done.everything
    assert "on mine (1 iteration" in done.last_line
    assert done.artifact("ITER_SUMMARY_1.json")["summary"]["num_fills"] > 0
    assert bench.soak(2, *typed, "--soak-resume").returncode == 0
    mapping = bench.directory / "mine" / "mapping.yaml"
    mapping.write_text(mapping.read_text().replace("taker", "maker"))
    other = bench.soak(3, *typed, "--soak-resume")
    assert other.returncode == 4, other.everything


def test_a_recording_of_coin_m_is_soaked_on(bench: Workbench) -> None:
    r.write_lines(bench.directory / "coin.gz", r.coinm(r.stream(60)))
    done = bench.soak(2, "--soak-market=feed:coin.gz", "--soak-gate-mode=off")
    assert done.returncode == 0, done.everything
    told = "soak: market coin: inverse, a contract is 100 in quote: profit in base, told at the mid"
    assert told in done.stdout
    summary = done.artifact("ITER_SUMMARY_2.json")["summary"]
    assert summary["num_fills"] > 0
    assert summary["volume_quote"] % 10.0 == pytest.approx(0.0, abs=1e-6)  # a lot is 0.1


def test_a_session_without_a_feed_imports_none_of_it(shell: Workbench) -> None:
    shell.write(
        "test_imports.py",
        "import sys\ndef test_a(soak_iteration):\n    soak_iteration.run()\n"
        "    assert not [n for n in sys.modules if n.startswith('pytest_soak.replay')]\n",
    )
    done = shell.soak(1, "--soak-target=mock")
    assert done.returncode == 0, done.everything
