"""`pytest-soak feed check`, `convert`, `export` and `facts` on recordings."""

from __future__ import annotations

import gzip
import json
import sys
import zipfile
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import recordings as r

from pytest_soak import cli
from pytest_soak.artifacts.models import shipped_schema


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Run:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: str) -> tuple[int, list[str]]:
        self._monkeypatch.setattr(sys, "argv", ["pytest-soak", "feed", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        captured = self._capsys.readouterr()
        return int(caught.value.code or 0), (captured.out + captured.err).splitlines()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(monkeypatch, capsys)


def test_a_good_recording_passes(run: Run) -> None:
    r.write_lines(Path("a.gz"), r.stream(200))
    status, lines = run("check", "a.gz", "--json=a.json")
    assert (status, lines[-1]) == (0, "PASS: nothing wrong with it")
    assert lines[0] == "a.gz: binance-usdm, BTCUSDT"
    assert max(map(len, lines)) <= 80
    check = json.loads(Path("a.json").read_text())
    jsonschema.validate(check, json.loads(shipped_schema("feed-check")))
    assert check["rows"] == {"depth": 7998, "trade": 3999, "clear": 1, "snapshot": 4}
    assert check["clock_floor_ms"] == 5.0
    assert check["drift_ms_per_hour"] == pytest.approx(0.0)
    assert check["latency_ms"]["p50"] == pytest.approx(5.0, abs=0.002)
    assert run("check", "feed:a.gz") == (0, lines)


def bad_stream() -> list[str]:
    lines = r.stream(2)
    last = 12 + 4 * 39
    return [
        *lines,
        lines[-1],
        r.depth(2100, last + 1, last + 2, last, [("100.2", "1")]),
        r.depth(2150, last + 3, last + 4, last + 2, [("100.15", "2")]),
        r.trade(2200, 44, "100.1", "1"),
        r.depth(2300, 900, 901, 899),
        r.trade(2900, 45, "100.1", "1"),
    ]


def test_all_that_is_wrong_is_counted_and_told(run: Run) -> None:
    r.write_lines(Path("a.gz"), bad_stream())
    status, lines = run("check", "a.gz", "--tick=0.1")
    told = " ".join(" ".join(lines).split())
    assert status == 1
    assert "book 1 gap, 1 crossed, 1 row off the tick" in told
    assert "counted 1 messages that came twice, left out" in told
    assert told.split("FAIL: ")[1].startswith(
        "1 gap in the depth updates; 1 crossed book; 1 row off the tick; 4 trades missing; no known"
    )


def test_missing_trades_are_a_fault(run: Run) -> None:
    r.write_lines(Path("a.gz"), [line for line in r.stream(5) if "@trade" not in line])
    status, lines = run("check", "a.gz")
    assert status == 1
    assert "no trade: without trades nothing fills at its price" in lines[-1]


def test_a_clock_that_drifts_is_told(run: Run) -> None:
    lines = [
        r.trade(1000 * n, n, "1.5", "1", lag_ms=-2000 + n / 36) for n in range(1, 400)
    ]  # 100 ms an hour
    r.write_lines(Path("a.gz"), lines)
    _, found = run("check", "a.gz", "--base-latency-ms=3")
    told = " ".join(" ".join(found).split())
    assert "drift +100.00 ms an hour; moved by +2,003.0 ms" in told
    assert "the recorder's clock was 2,000.0 ms behind the venue's at least" in told
    fast = [r.trade(1000 * n, n, "1.5", "1", lag_ms=700 + n / 2) for n in range(1, 400)]
    r.write_lines(Path("b.gz"), fast)
    status, found = run("check", "b.gz")
    told = " ".join(" ".join(found).split())
    assert status == 1
    assert "the fastest message took 700.5 ms: is the recorder's clock ahead?" in told
    assert "the recorder's clock drifts by 199 ms over it" in told
    assert "drifts" not in " ".join(run("check", "a.gz")[1][-2:])


def test_a_damaged_file_is_a_fault_and_a_torn_one_is_none(run: Run) -> None:
    data = gzip.compress("\n".join(r.stream(400)).encode())
    half = len(data) // 2
    Path("a.gz").write_bytes(data[:half] + b"\xff" * 99 + data[half:])
    Path("b.gz").write_bytes(data[:-20])
    said = " ".join(run("check", "a.gz")[1])
    assert "FAIL: 1 file damaged, of which a part is lost" in said
    assert run("check", "b.gz")[0] == 0


def test_a_price_off_the_tick_is_seen_among_many(run: Run) -> None:
    lines = r.stream(200)
    r.write_lines(Path("a.gz"), [*lines, r.trade(200_100, 4000, "100.13", "1")])
    status, found = run("check", "a.gz")
    assert status == 1
    assert "units    tick 0.1, lot 0.1" in found
    assert found[-1].startswith("FAIL: 1 row off the tick")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["gone.gz"], "ERROR: FILE: there is no file gone.gz"),
        (["a.gz", "--tick=0"], "ERROR: --tick: expected a number from 1e-12 to 1e+09, got 0"),
        (
            ["a.gz", "--base-latency-ms=-1"],
            "ERROR: base_latency_ms: expected 0 to 60000 ms, got -1",
        ),
        (["a.gz", "--feed-latency-ms=1"], "ERROR: feed_latency_ms: the recording has times of"),
        (["a.gz", "--mapping=no.yaml"], "ERROR: no.yaml: "),
        (["a.gz", "--symbol=ETH"], "ERROR: --symbol: 'ETH' is not in a.gz, which has BTCUSDT"),
        (["a.gz", "--kind=inverted"], "ERROR: --kind: unknown kind 'inverted'; did you mean 'inve"),
        (["a.gz", "--contract-value=-1"], "ERROR: --contract-value: expected a number from 1e-12"),
        (["a.gz", "--json=."], "ERROR: --json: expected a file, . is a folder"),
    ],
)
def test_what_cannot_be_meant_is_one_line(run: Run, arguments: list[str], problem: str) -> None:
    r.write_lines(Path("a.gz"), r.stream(1))
    status, lines = run("check", *arguments)
    assert status == 4
    assert len(lines) == 1
    assert lines[0].startswith(problem)


def test_a_recording_is_converted_and_checked_again(run: Run) -> None:
    r.write_lines(Path("a.gz"), r.stream(2))
    status, lines = run("convert", "a.gz", "--output=b.npz")
    assert (status, lines) == (
        0,
        ["b.npz: 122 rows, tick 0.1, lot 0.1, local times moved by +0.0 ms"],
    )
    assert len(np.load("b.npz")["data"]) == 122
    assert json.loads(np.load("b.npz")["contract.json"]) == {
        "symbol": "BTCUSDT", "kind": "linear", "tick": 0.1, "lot": 0.1,
    }  # fmt: skip
    assert run("check", "b.npz")[0] == 0
    assert run("convert", "a.gz", "--output=b.csv")[0] == 4


def test_what_a_contract_is_survives_a_conversion(run: Run) -> None:
    r.write_lines(Path("a.gz"), r.coinm(r.stream(2)))
    assert (
        "units    tick 0.1, lot 0.1; inverse, a contract is 100 in quote" in run("check", "a.gz")[1]
    )
    typed = ["--contract-value=10", "--maker-fee-bps=-0.5", "--taker-fee-bps=5", "--lot=0.5"]
    assert run("convert", "a.gz", "--output=b.npz", *typed)[0] == 0
    status, lines = run("check", "b.npz", "--json=b.json")
    assert (status, lines[0]) == (0, "b.npz: hftbacktest, BTCUSD_PERP")
    assert "units    tick 0.1, lot 0.5; inverse, a contract is 10 in quote" in lines
    found = json.loads(Path("b.json").read_text())
    assert (found["kind"], found["contract_value"]) == ("inverse", 10.0)
    assert run("convert", "b.npz", "--output=c.npz", "--taker-fee-bps=4")[0] == 0
    assert run("check", "c.npz", "--symbol=ETHUSD_PERP") == (
        4, ["ERROR: --symbol: 'ETHUSD_PERP' is not in c.npz, which has BTCUSD_PERP (1)"]
    )  # fmt: skip
    assert json.loads(np.load("c.npz")["contract.json"]) == {
        "symbol": "BTCUSD_PERP", "kind": "inverse", "tick": 0.1, "lot": 0.5,
        "contract_value": 10.0, "maker_fee_bps": -0.5, "taker_fee_bps": 4.0,
    }  # fmt: skip


def test_facts_tell_inverse_contracts_in_quote(run: Run) -> None:
    r.write_lines(Path("a.gz"), r.coinm(r.stream(60), "ETHUSD_PERP"))
    assert run("facts", "feed:a.gz", "--json=a.json")[0] == 0
    depth = json.loads(Path("a.json").read_text())["facts"]["touch_depth_quote"]["mean"]
    assert 10.0 < depth < 70.0  # 1 to 7 contracts of 10
    run("convert", "a.gz", "--output=b.npz")
    rows = np.load("b.npz")["data"]
    np.savez("c.npz", data=rows)
    said = run("facts", "feed:c.npz", "--kind=inverse")
    assert said == (
        4,
        ["ERROR: c.npz: is inverse: give contract_value, which is what one contract is in quote"],
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"kind": "quanto"}', "ERROR: a.npz, contract.json: kind: Input should be 'linear', "),
        ('{"lot": 0}', "ERROR: a.npz, contract.json: lot: Input should be greater than 0"),
        ('{"lots": 1}', "ERROR: a.npz, contract.json: lots: Extra inputs are not permitted"),
        ("[", "ERROR: a.npz, contract.json: Invalid JSON"),
    ],
)
def test_a_contract_that_cannot_be_is_refused(run: Run, text: str, problem: str) -> None:
    r.write_lines(Path("a.gz"), r.stream(1))
    run("convert", "a.gz", "--output=rows.npz")
    with zipfile.ZipFile("rows.npz") as rows, zipfile.ZipFile("a.npz", "w") as archive:
        archive.writestr("data.npy", rows.read("data.npy"))
        archive.writestr("contract.json", text)
    status, lines = run("check", "a.npz")
    assert (status, len(lines)) == (4, 1)
    assert lines[0].startswith(problem)


def test_files_of_two_contracts_are_no_one_feed(run: Run) -> None:
    r.write_lines(Path("a.gz"), r.stream(1))
    run("convert", "a.gz", "--output=a.npz")
    run("convert", "a.gz", "--output=b.npz", "--kind=spot")
    status, lines = run("check", "a.npz", "b.npz")
    assert status == 4
    assert lines == [
        "ERROR: b.npz: is of another contract (symbol BTCUSDT, kind spot, tick 0.1, lot 0.1) than "
        "the files before it (symbol BTCUSDT, kind linear, tick 0.1, lot 0.1)"
    ]


def test_what_has_no_receipt_is_not_converted_in_silence(run: Run) -> None:
    messages = [("snapshot", 0, 1, [["99.5", "1"]], [["100", "1"]])]
    r.bybit_book(Path("b.zip"), messages)
    status, lines = run("convert", "b.zip", "--output=b.npz")
    assert status == 4
    assert lines == [
        "ERROR: b.zip: has no time of receipt: give --feed-latency-ms, which nobody can guess"
    ]
    assert run("convert", "b.zip", "--output=b.npz", "--feed-latency-ms=20")[0] == 0


def test_the_built_in_market_is_exported_with_its_book(run: Run) -> None:
    status, lines = run("export", "calm", "--hours=0.02", "--output=c.npz")
    assert status == 0
    assert lines[-1].endswith("rows, tick 0.001, lot 30")
    status, lines = run("check", "c.npz")
    assert "units    tick 0.001, lot 30" in lines
    assert (status, lines[-1]) == (0, "PASS: nothing wrong with it")
    assert run("export", "calm", "--hours=0", "--output=c.npz")[0] == 4


def test_facts_of_recordings_are_those_of_the_market_that_was_exported(run: Run) -> None:
    run("export", "calm", "--seed=5", "--hours=0.05", "--output=c.npz")
    _, recorded = run("facts", "feed:c.npz", "--picture=c.svg", "--json=c.json")
    _, simulated = run("facts", "calm", "--seed=5", "--lanes=1", "--hours=0.05")
    assert recorded[0].startswith("c: recorded, 3 min")
    jsonschema.validate(
        json.loads(Path("c.json").read_text()), json.loads(shipped_schema("feed-facts"))
    )
    assert "c: recorded" in Path("c.svg").read_text()
    for name in ("spread_bps", "orders_per_s", "effective_half_bps", "sign_lag_1"):
        mine, theirs = (
            float(next(line for line in lines if line.split()[:1] == [name]).split()[1])
            for lines in (recorded, simulated)
        )
        assert mine == pytest.approx(theirs, rel=0.02), name
