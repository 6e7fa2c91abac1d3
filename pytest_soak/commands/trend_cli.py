"""`pytest-soak trend` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import PATH
from pytest_soak.errors import one_line


@click.command()
@click.argument("source", metavar="PATH", type=PATH)
@click.option("--output", default=None, type=PATH, metavar="FILE")
def trend(source: Path, output: Path | None) -> None:
    """Show whether KPIs drift in the run at PATH: an artifact folder, a run, or a lane's folder.

    Over the last 8 steady iterations and over all: median, spread, slope with its interval.
    """
    from pytest_soak.commands.trend import trend as run

    text = run(source, output)
    click.echo(one_line(str(output)) if output else text, nl=output is not None)
