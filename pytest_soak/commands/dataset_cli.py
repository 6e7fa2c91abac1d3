"""`pytest-soak dataset` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import MAPPING, PATH


@click.command()
@click.argument("feeds", metavar="FEEDS", type=PATH)
@click.option("--from", "begin", default=None, metavar="TIME", help="RFC 3339 with zone")
@click.option("--to", "end", default=None, metavar="TIME", help="RFC 3339 with zone; not of it")
@click.option("--interval-min", default=5, show_default=True, help="minutes; must divide 1440")
@click.option("--output", required=True, metavar="FILE", help="where the rows go: JSON lines")
@MAPPING
@click.option("--symbol", default=None, metavar="NAME", help="of the instrument, for the rows")
@click.option(
    "--cold-minutes",
    default=0,
    type=click.IntRange(min=0),
    metavar="N",
    help="refuse the first N minutes, while caches fill",
)
@click.option("--skip-warmup", is_flag=True, help="refuse intervals of another phase than steady")
def dataset(
    feeds: Path,
    begin: str | None,
    end: str | None,
    interval_min: int,
    output: str,
    mapping: Path | None,
    symbol: str | None,
    cold_minutes: int,
    skip_warmup: bool,
) -> int:
    """Make rows of equal intervals of FEEDS: what was earned in each, and whether it can be used.

    Says the KPIs with and without the refused intervals. Exit status 1 for a FAIL: too few covered
    hours, too many refused intervals or bad lines.
    """
    from pytest_soak.commands.dataset import Request
    from pytest_soak.commands.dataset import dataset as run

    request = Request(
        feeds, begin, end, interval_min, output, mapping, symbol, cold_minutes, skip_warmup
    )
    return 0 if run(request, Path.cwd(), click.echo) else 1
