"""`pytest-soak exchange` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import PATH
from pytest_soak.errors import SoakUsageError
from pytest_soak.storage.files import writing

PORT = click.IntRange(0, 65535)


def _check_is_new(record: Path) -> None:
    """SoakUsageError where a record would take the place of something, or go into a pipe."""
    with writing(record):
        there = record.exists() and not record.is_dir()
    if there:
        raise SoakUsageError("--record", f"{record} is there already; name another file")


@click.command()
@click.option("--symbols", metavar="A,B", help="which of the instruments; all of them by default")
@click.option(
    "--instruments", type=PATH, metavar="FILE", help="YAML of your own; four symbols ship"
)
@click.option(
    "--market",
    default="calm",
    show_default=True,
    metavar="NAME",
    help="a market, a file of one, or feed:PATH, a recording",
)
@click.option("--feed-set", multiple=True, metavar="K=V", help="of a recording, as --soak-feed-set")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**63 - 1))
@click.option("--port", default=0, type=PORT, metavar="N", help="of http and ws; 0: any free one")
@click.option(
    "--tls-port", type=PORT, metavar="N", help="of https and wss, by a CA that is made; 0: any"
)
@click.option("--ca-dir", type=PATH, metavar="DIR", help="where the CA's certificate is written")
@click.option("--key", metavar="TEXT", help="the API key; made where it is left out")
@click.option("--secret", metavar="TEXT", help="its secret; made where it is left out")
@click.option("--record", type=PATH, metavar="FILE", help="write what happens as lines of JSON")
@click.option(
    "--latency",
    default="venue",
    show_default=True,
    type=click.Choice(["venue", "none"]),
    help="the market's own delays before the wire, or none",
)
@click.option("--faults", metavar="NAME|PATH", help="a schedule of faults, e.g. storm")
@click.option(
    "--answers-first/--messages-first",
    default=True,
    show_default=True,
    help="whether private messages wait for the answer that they are about",
)
@click.option(
    "--history",
    "history_minutes",
    default=60.0,
    show_default=True,
    type=click.FloatRange(0, 10_080),
    metavar="MINUTES",
    help="what the markets have lived through when they open: candles",
)
@click.option("--limits/--no-limits", default=True, show_default=True, help="hold request rates")
@click.option(
    "--seconds", type=click.FloatRange(min=0, min_open=True), help="how long; until Ctrl-C"
)
def exchange(
    symbols: str | None,
    instruments: Path | None,
    market: str,
    feed_set: tuple[str, ...],
    seed: int,
    port: int,
    tls_port: int | None,
    ca_dir: Path | None,
    key: str | None,
    secret: str | None,
    record: Path | None,
    latency: str,
    faults: str | None,
    answers_first: bool,
    history_minutes: float,
    limits: bool,
    seconds: float | None,
) -> None:
    """Run an exchange on this machine that speaks Bybit's version 5, for any bot.

    It listens on 127.0.0.1 alone, prints how to point a client at it, and ends with a table of what
    it saw. Needs the extra `exchange`.
    """
    given = {"symbols": symbols, "key": key, "secret": secret, "faults": faults, "market": market}
    for name, text in given.items():
        if text is not None and not text.strip():
            raise SoakUsageError(f"--{name}", "is empty; give a text, or leave it out")
    if port and port == tls_port:
        raise SoakUsageError("--tls-port", f"{port} is the port of plain HTTP; give another")
    if ca_dir is not None and tls_port is None:
        raise SoakUsageError("--ca-dir", "is of TLS; add --tls-port=0")
    if record is not None:
        _check_is_new(record)
    try:
        from pytest_soak.commands.exchange import Wanted, run
    except ModuleNotFoundError as error:
        if error.name != "aiohttp":
            raise
        problem = "needs aiohttp, which is not installed: pip install 'pytest-soak[exchange]'"
        raise SoakUsageError("exchange", problem) from None
    run(
        Wanted(
            symbols=tuple(symbols.split(",")) if symbols else (),
            instruments=instruments,
            market=market,
            feed_set=feed_set,
            seed=seed,
            port=port,
            tls_port=tls_port,
            ca_dir=ca_dir,
            key=key,
            secret=secret,
            record=record,
            latency=latency,
            faults=faults,
            answers_first=answers_first,
            history_minutes=history_minutes,
            limits=limits,
            seconds=seconds,
        )
    )
