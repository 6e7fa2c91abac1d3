"""`pytest-soak exchange` as it is typed, rightly and wrongly."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pytest_soak.commands.exchange_cli import exchange
from pytest_soak.errors import ArtifactError, SoakUsageError
from pytest_soak.exchange.record import Busy, Mark, read

OWN = """
symbols:
  SOLUSDT:
    category: linear
    base: SOL
    quote: USDT
    instrument: {tick: 0.01, price: 150.0, lot: 0.1}
"""


def run(*args: str) -> str:
    typed = ("--history=0", *args)
    found = CliRunner().invoke(exchange, typed, catch_exceptions=False, standalone_mode=False)
    assert found.return_value is None
    return found.output


def problem(*args: str) -> str:
    with pytest.raises((SoakUsageError, ArtifactError, click.UsageError)) as error:
        run(*args)
    return str(error.value)


def test_it_says_where_it_is_and_what_it_saw(tmp_path: Path) -> None:
    own, record = tmp_path / "own.yaml", tmp_path / "record.jsonl"
    own.write_text(OWN)
    text = run(
        f"--instruments={own}",
        f"--record={record}",
        f"--ca-dir={tmp_path / 'ca'}",
        "--tls-port=0",
        "--key=mine",
        "--seconds=1.2",
    )
    assert "SOLUSDT (linear) on market calm, seed 1" in text
    assert "http://127.0.0.1:" in text
    assert "key     mine" in text
    assert "ended after 1" in text
    assert "0 buys, 0 sells" in text
    events = [read(json.loads(line)) for line in record.read_text().splitlines()]
    assert {type(one) for one in events} - {Busy} == {Mark}
    assert (tmp_path / "ca" / "ca.pem").read_text().startswith("-----BEGIN CERTIFICATE")
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "ca").stat().st_mode) == 0o700


def test_a_key_is_made_where_none_is_given() -> None:
    first, other = (run("--symbols=BTCUSDT", "--seconds=0.01") for _ in range(2))
    keys = [line for text in (first, other) for line in text.splitlines() if " key " in line]
    assert len(set(keys)) == 2


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--symbols=BTCUSD",), "--symbols: unknown symbol 'BTCUSD'; did you mean 'BTCUSD"),
        (("--market=clam",), "did you mean 'calm'?"),
        (("--faults=strom",), "did you mean 'storm'?"),
        (("--instruments=none.yaml",), "none.yaml: cannot be read"),
        (("--latency=slow",), "'slow' is not one of"),
        (("--port=99999",), "99999 is not in the range"),
        (("--seconds=0",), "0.0 is not in the range"),
        (("--record=.",), ".: cannot be written: Is a directory"),
        (("--record=own.jsonl",), "own.jsonl is there already; name another file"),
        (("--port=8111", "--tls-port=8111"), "8111 is the port of plain HTTP; give another"),
    ],
)
def test_what_is_typed_wrongly_is_said(
    args: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.jsonl").touch()
    more = [] if "--seconds=0" in args else ["--seconds=0.01"]
    assert said in problem("--symbols=BTCUSDT", *args, *more)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("category: linear", "category: inverse", "own.yaml:4: symbols.SOLUSDT.category: expected"),
        ("tick: 0.01", "tick: 0.0001", "own.yaml:7: symbols.SOLUSDT.instrument.price: expected"),
        ("base: SOL", "base: DOGE", "SOLUSDT is DOGE and USDT"),
        ("lot: 0.1", "lot: 0.1, contract_value: 10.0", "a contract_value of 1"),
        ("quote: USDT", "quote: USDT\n    color: red", "unknown key 'symbols.SOLUSDT.color'"),
        ("symbols:", "symbols: {}\nmore:", "symbols: expected 1 or more entries"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_line(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(OWN.replace(old, new))
    assert said in problem(f"--instruments={own}", "--seconds=0.01")


def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        expected = f"--port: {port} is in use by another program; give another port, or 0"
        assert problem("--symbols=BTCUSDT", f"--port={port}").startswith(expected)


@pytest.mark.parametrize("library", ["aiohttp", "trustme"])
def test_without_its_extra_it_says_what_to_install(library: str) -> None:
    code = (
        f"import sys; sys.modules[{library!r}] = None\n"
        "sys.argv[1:] = ['exchange', '--tls-port=0', '--history=0', '--symbols=BTCUSDT']\n"
        "from pytest_soak.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    expected = f"needs {library}, which is not installed: pip install 'pytest-soak[exchange]'"
    assert expected in done.stderr
    assert done.returncode == 4
