"""`pytest-soak kpis` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import MAPPING, PATH


@click.command()
@click.argument("feeds", metavar="FEEDS", type=PATH)
@click.option("--from", "begin", default=None, metavar="TIME", help="RFC 3339 with zone")
@click.option("--to", "end", default=None, metavar="TIME", help="RFC 3339 with zone; not of it")
@MAPPING
@click.option("--json", "as_json", is_flag=True, help="print them as JSON")
def kpis(
    feeds: Path, begin: str | None, end: str | None, mapping: Path | None, as_json: bool
) -> int:
    """Print the KPIs of a span of FEEDS, a folder of JSON lines: all their time by default.

    What a bot or --soak-feeds wrote, also compressed. Exit status 1 where lines are bad, or what
    they say cannot be true.
    """
    from pytest_soak.canonical import dumps
    from pytest_soak.commands.kpis import kpi_lines
    from pytest_soak.commands.kpis import kpis as measure

    found, problems = measure(feeds, begin, end, mapping)
    for problem in problems:
        click.echo(problem, err=True)
    click.echo(dumps(found.data()) if as_json else "\n".join(kpi_lines(found)), nl=not as_json)
    return 1 if found.bad_lines or found.faults else 0
