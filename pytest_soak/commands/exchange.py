"""`pytest-soak exchange`: an exchange by itself, until Ctrl-C."""

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click
from pydantic import ValidationError

from pytest_soak.config.recorded import PREFIX
from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.exchange.faults.schedule import (
    Schedule,
    check_names,
    fault_shelf,
    load_schedule,
)
from pytest_soak.exchange.instruments import chosen, read_instruments
from pytest_soak.exchange.recorder import Recorder
from pytest_soak.exchange.server import HOST
from pytest_soak.exchange.serving import Ready, Service, serve
from pytest_soak.exchange.settings import AccountSettings, ExchangeSettings
from pytest_soak.system import STOP_SIGNALS
from pytest_soak.text import duration, plural

MOST_STRANGE = 10
ACCOUNT = "bot"


@dataclass(frozen=True)
class Wanted:
    """What was typed."""

    symbols: tuple[str, ...]
    instruments: Path | None
    market: str
    feed_set: tuple[str, ...]
    seed: int
    port: int
    tls_port: int | None
    ca_dir: Path | None
    key: str | None
    secret: str | None
    record: Path | None
    latency: str
    faults: str | None
    answers_first: bool
    history_minutes: float
    limits: bool
    seconds: float | None


def run(wanted: Wanted) -> None:
    """Serve it; SoakUsageError for what cannot be meant, ArtifactError for what is not written."""
    service = _service(wanted)
    recorder = Recorder()
    began = asyncio.run(_serve(service, recorder))
    for line in summary(recorder, began):
        click.echo(line)


def _service(wanted: Wanted) -> Service:
    listings = read_instruments(wanted.instruments, Path.cwd()).symbols
    markets = [wanted.market, *(one.market or "" for one in listings.values())]
    if wanted.feed_set and not any(market.startswith(PREFIX) for market in markets):
        problem = f"is of a recording; --market={wanted.market} is none, feed:PATH is"
        raise SoakUsageError("--feed-set", problem)
    account = {
        "name": ACCOUNT,
        "key": wanted.key or secrets.token_hex(9),
        "secret": wanted.secret or secrets.token_hex(18),
    }
    symbols = chosen(listings, wanted.symbols, "--symbols")
    try:
        return Service(
            exchange=ExchangeSettings(
                symbols=symbols,
                market=wanted.market,
                feed_settings=wanted.feed_set,
                seed=wanted.seed,
                accounts=(AccountSettings.model_validate(account),),
                latency="none" if wanted.latency == "none" else "venue",
                answers_first=wanted.answers_first,
                history_minutes=wanted.history_minutes,
                limits=wanted.limits,
            ),
            port=wanted.port,
            tls_port=wanted.tls_port,
            ca_folder=None if wanted.ca_dir is None else str(wanted.ca_dir),
            record=None if wanted.record is None else str(wanted.record),
            schedule=_schedule(wanted.faults, symbols),
            seconds=wanted.seconds,
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][-1]).removesuffix("_minutes") if first["loc"] else "settings"
        raise SoakUsageError(f"--{name}", str(first["msg"])) from None


def _schedule(name: str | None, symbols: Iterable[str]) -> Schedule | None:
    if name is None:
        return None
    base = Path.cwd()
    schedule = load_schedule(name, fault_shelf(base), base, "--faults")
    check_names(schedule, symbols, (ACCOUNT,), "--faults")
    return schedule


async def _serve(service: Service, recorder: Recorder) -> float:
    """Serve until a signal; return for how many seconds it was ready."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    began = loop.time()

    def told(ready: Ready) -> None:
        nonlocal began
        began = loop.time()
        for line in greeting(service, ready):
            click.echo(line)

    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    try:
        await serve(service, told, stop, recorder)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return loop.time() - began


def greeting(service: Service, ready: Ready) -> list[str]:
    """Where it is, and how a client is pointed at it."""
    how = service.exchange
    account = how.accounts[0]
    names = [f"{symbol} ({one.category})" for symbol, one in how.symbols.items()]
    lines = [
        f"exchange: {', '.join(names)} on market {how.market}, seed {how.seed}",
        f"  rest    http://{HOST}:{ready.port}",
        f"  sockets ws://{HOST}:{ready.port}/v5/{{public/linear,public/spot,private,trade}}",
    ]
    if ready.tls_port:
        lines.append(f"  tls     https://{HOST}:{ready.tls_port} and wss://, by the CA {ready.ca}")
    lines += [
        f"  key     {account.key}",
        f"  secret  {account.secret}",
        f"  delays  {_DELAYS[how.latency]}",
    ]
    if service.schedule:
        lines.append(f"  faults  {service.schedule.name}, from the first private call on")
    if service.record:
        lines.append(f"  record  {service.record}")
    lines.append("docs/EXCHANGE.md says how a client is pointed here; Ctrl-C ends it")
    return [one_line(line.strip()) if line[0] != " " else line for line in lines]


_DELAYS = {
    "venue": "the market's own, before the wire (--latency=none for none)",
    "none": "none",
}


def summary(recorder: Recorder, seconds: float) -> list[str]:
    """What it saw, as a short table."""
    counts = recorder.counts
    rows = [
        ("requests", counts["Request"], f"{counts['refusals']:,} refused"),
        ("executions", counts["Execution"], f"{counts['buys']:,} buys, {counts['sells']:,} sells"),
        ("sockets", counts["opened"], f"{counts['slow']:,} too slow, {counts['dropped']:,} cut"),
        ("strange", counts["Strange"], "unknown endpoints and topics, garbage, bad signatures"),
    ]
    if counts["Fault"]:
        rows.append(("faults", counts["Fault"], "beginnings, ends, hits"))
    lines = [f"ended after {duration(seconds)}"]
    lines += [f"  {name:<11}{count:>9,}  {more}" for name, count, more in rows]
    if recorder.late_ms:
        lines.append(
            f"  late       {recorder.late_ms / 1e3:>7.1f} s  at worst: asked too much, or busy"
        )
    for what, count in recorder.strange.most_common(MOST_STRANGE):
        lines.append(one_line(f"strange: {what} ({plural(count, 'time')})"))
    return lines
