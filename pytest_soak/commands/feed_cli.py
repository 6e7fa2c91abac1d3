"""`pytest-soak feed ...` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import KNOBS, SESSION


@click.group()
def feed() -> None:
    """What a market trades and quotes: how much of a liquid market is in it."""


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
def feed_facts(
    market: str,
    seed: int,
    lanes: int,
    hours: float,
    settings: tuple[str, ...],
    json_file: str | None,
    picture: str | None,
) -> None:
    """Measure the stylised facts of MARKET, as --soak-market takes it, without a maker.

    Spread, order flow, response and returns, each as the mean over lanes of different seeds with
    its 95 % interval, beside what is published for liquid markets.
    """
    from pytest_soak.commands.feed_facts import Request
    from pytest_soak.commands.feed_facts import feed_facts as run

    def warn(line: str) -> None:
        click.echo(line, err=True)

    request = Request(market, seed, lanes, hours, settings, json_file, picture)
    run(request, Path.cwd(), click.echo, warn)
