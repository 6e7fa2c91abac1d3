"""`pytest-soak trend` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import PATH, ROOT, RUN
from pytest_soak.errors import one_line


@click.command()
@RUN
@ROOT
@click.option("--output", default=None, type=PATH, metavar="FILE")
def trend(run: str | None, root: Path, output: Path | None) -> None:
    """Show whether KPIs drift in RUN, over its last 8 steady iterations and over all.

    Of each KPI median, spread, and slope with its interval. RUN is a number of `pytest-soak runs`,
    a run's name, or the path of a run, a lane's folder or an artifact root; by default the newest.
    """
    from pytest_soak.commands.run_place import run_place
    from pytest_soak.commands.trend import trend as trend_of

    text = trend_of(run_place(run, root, Path.cwd()), output)
    click.echo(one_line(str(output)) if output else text, nl=output is not None)
