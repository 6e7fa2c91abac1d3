"""`pytest-soak exchange` as it is typed, rightly and wrongly."""

from __future__ import annotations

import asyncio
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
from pytest_soak.exchange.instruments import read_instruments
from pytest_soak.exchange.record import Busy, Mark, read
from pytest_soak.exchange.recorder import Recorder
from pytest_soak.exchange.serving import Service, serve
from pytest_soak.exchange.settings import AccountSettings, ExchangeSettings

HANG_SECONDS = 60.0

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
        (("--symbols=",), "--symbols: is empty; give a text, or leave it out"),
        (("--key=",), "--key: is empty"),
        (("--secret=",), "--secret: is empty"),
        (("--faults=",), "--faults: is empty"),
        (("--feed-set=queue=front",), "--feed-set: is of a recording; --market=calm is none"),
        (("--port=8111", "--tls-port=8111"), "8111 is the port of plain HTTP; give another"),
        (("--record=own.jsonl/more",), "own.jsonl/more: cannot be written: Not a directory"),
        ((f"--record={'long' * 99}",), ": cannot be written: File name too long"),
        (("--ca-dir=ca",), "--ca-dir: is of TLS; add --tls-port=0"),
        (("--ca-dir=own.jsonl", "--tls-port=0"), "own.jsonl: cannot be written: File exists"),
        (("--history=nan",), "--history: Input should be a finite number"),
        (("--faults=other.yaml",), "--faults: lost: symbols: unknown symbol 'BTCUSD'; did you"),
        (("--faults=whose.yaml",), "--faults: lost: accounts: unknown account 'me'; known: bot"),
    ],
)
def test_what_is_typed_wrongly_is_said(
    args: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.jsonl").touch()
    for name, names in {"other": "symbols: [BTCUSD]", "whose": "accounts: [me]"}.items():
        row = f"{{name: lost, kind: lose_messages, at: 9s, for: 9s, {names}}}"
        Path(f"{name}.yaml").write_text(f"name: {name}\nfaults: [{row}]\n")
    more = [] if "--seconds=0" in args else ["--seconds=0.01"]
    assert said in problem("--symbols=BTCUSDT", *args, *more)


@pytest.mark.skipif(os.name != "posix", reason="has no named pipes")
def test_a_record_is_not_waited_for_at_a_pipe_that_nobody_reads(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    said = problem("--symbols=BTCUSDT", f"--record={tmp_path / 'pipe'}", "--seconds=0.01")
    assert said.endswith("pipe is there already; name another file")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no disk that is always full")
def test_an_exchange_whose_record_finds_no_room_ends_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Path("/dev/full")
    monkeypatch.setattr("pytest_soak.exchange.record_file.opened", lambda _, mode: full.open(mode))
    settings = ExchangeSettings(
        symbols={"BTCUSDT": read_instruments(None, tmp_path).symbols["BTCUSDT"]},
        accounts=(AccountSettings(name="bot", key="mine", secret="hush"),),
        history_minutes=0.0,
    )
    service = Service(exchange=settings, record=str(tmp_path / "r"))

    async def serves() -> None:
        serving = serve(service, lambda _: None, asyncio.Event(), Recorder())
        done, _ = await asyncio.wait({asyncio.ensure_future(serving)}, timeout=HANG_SECONDS)
        assert done
        await done.pop()

    with pytest.raises(ArtifactError, match="r: cannot be written: No space left on device"):
        asyncio.run(serves())


@pytest.mark.skipif(os.name != "posix", reason="as links are made there")
def test_the_key_of_tls_goes_through_no_link(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("dear\n")
    (tmp_path / "ca").mkdir()
    (tmp_path / "ca" / "server.pem").symlink_to("../mine")
    run("--symbols=BTCUSDT", "--tls-port=0", f"--ca-dir={tmp_path / 'ca'}", "--seconds=0.01")
    assert (tmp_path / "mine").read_text() == "dear\n"
    assert stat.S_IMODE((tmp_path / "ca" / "server.pem").lstat().st_mode) == 0o600


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
