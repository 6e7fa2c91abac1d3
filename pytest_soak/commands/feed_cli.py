"""`pytest-soak feed ...` as it is typed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pytest_soak.commands.options import KNOBS, SESSION

_Command = TypeVar("_Command", bound=Callable[..., Any])


@click.group()
def feed() -> None:
    """What a market trades and quotes: recordings, and the built-in one beside them."""


def _of_recordings(command: _Command) -> _Command:
    """What is typed of a recording, as the fields of `commands.feed_recordings.Given`."""
    options = (
        click.option("--symbol", metavar="NAME", help="which, where there are several"),
        click.option(
            "--base-latency-ms",
            type=float,
            metavar="MS",
            help="what the fastest message took: the recorder's clock is moved by it",
        ),
        click.option(
            "--feed-latency-ms",
            type=float,
            metavar="MS",
            help="what each message takes, where no time of receipt is recorded",
        ),
        click.option("--mapping", metavar="FILE", help="YAML: what the columns of tables mean"),
        click.option(
            "--kind", metavar="NAME", help="linear, inverse or spot  [default: as recorded]"
        ),
        click.option("--tick", type=float, help="the step of a price  [default: as seen]"),
        click.option("--lot", type=float, help="the step of a size  [default: as seen]"),
        click.option(
            "--contract-value",
            type=float,
            metavar="N",
            help="what a size of 1 is: in base, of an inverse contract in quote",
        ),
        click.option("--maker-fee-bps", type=float, help="of the notional; a rebate is negative"),
        click.option("--taker-fee-bps", type=float),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _recording(command: _Command) -> _Command:
    """A recording, and what is typed of it."""
    files = click.argument("files", nargs=-1, required=True, metavar="FILE...")
    return files(_of_recordings(command))


@feed.command("check")
@_recording
@click.option("--json", "json_file", default=None, metavar="FILE", help="write it as JSON, too")
def feed_check(json_file: str | None, **given: Any) -> None:
    """Check a recording: span, rows, clocks, gaps, crossed books, time without a book.

    FILE is a file, folder or pattern; all of them are one feed. Exit status 1 where the recording
    has a fault, 4 where it cannot be read.
    """
    from pytest_soak.commands.feed_check import feed_check as run
    from pytest_soak.commands.feed_recordings import Given

    sys.exit(run(Given(**given), json_file, Path.cwd(), click.echo))


@feed.command("convert")
@_recording
@click.option("--output", required=True, metavar="FILE.npz")
def feed_convert(output: str, **given: Any) -> None:
    """Write a recording as hftbacktest's rows, joined, sorted by both clocks and put right."""
    from pytest_soak.commands.feed_convert import feed_convert as run
    from pytest_soak.commands.feed_recordings import Given

    run(Given(**given), output, Path.cwd(), click.echo)


@feed.command("export")
@click.argument("market", metavar="[MARKET]", default=SESSION["market"].default)
@click.option(
    "--seed",
    default=int(SESSION["seed"].default),
    show_default=True,
    type=click.IntRange(0, 10**18),
)
@click.option("--hours", default=1.0, show_default=True)
@click.option("--output", required=True, metavar="FILE.npz")
def feed_export(market: str, seed: int, hours: float, output: str) -> None:
    """Write MARKET, as --soak-market takes it, without a maker, as hftbacktest's rows."""
    from pytest_soak.commands.feed_convert import feed_export as run

    def warn(line: str) -> None:
        click.echo(line, err=True)

    run(market, seed, hours, output, Path.cwd(), click.echo, warn)


@feed.command("facts")
@click.argument("market", metavar="[MARKET]", default=SESSION["market"].default)
@click.option(
    "--seed",
    default=int(SESSION["seed"].default),
    show_default=True,
    type=click.IntRange(0, 10**18),
    help="of the first lane; each next one has the next",
)
@click.option(
    "--lanes", default=8, show_default=True, type=click.IntRange(1, 1000), help="how many"
)
@click.option("--hours", default=3.0, show_default=True, help="length of each lane")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help=KNOBS)
@click.option("--json", "json_file", default=None, metavar="FILE", help="write them as JSON, too")
@click.option("--picture", default=None, metavar="FILE", help="draw them, too: an SVG")
@_of_recordings
def feed_facts(
    market: str,
    seed: int,
    lanes: int,
    hours: float,
    settings: tuple[str, ...],
    json_file: str | None,
    picture: str | None,
    **given: Any,
) -> None:
    """Measure the stylised facts of MARKET, as --soak-market takes it, without a maker.

    feed:FILE[,FILE...] are recordings, a lane each: see `pytest-soak feed check`.

    Spread, order flow, response and returns, each as the mean over lanes of different seeds with
    its 95 % interval, beside what is published for liquid markets.
    """
    from pytest_soak.commands.feed_facts import Request, recorded_feed_facts
    from pytest_soak.commands.feed_facts import feed_facts as run
    from pytest_soak.commands.feed_recordings import Given
    from pytest_soak.config.recorded import PREFIX

    def warn(line: str) -> None:
        click.echo(line, err=True)

    if market.startswith(PREFIX):
        feeds = [Given((file,), **given) for file in market.removeprefix(PREFIX).split(",")]
        recorded_feed_facts(feeds, json_file, picture, Path.cwd(), click.echo)
        return
    request = Request(market, seed, lanes, hours, settings, json_file, picture)
    run(request, Path.cwd(), click.echo, warn)
