"""`pytest-soak report` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import PATH, SESSION
from pytest_soak.config.names import shown_path
from pytest_soak.errors import one_line


@click.command()
@click.argument(
    "run", metavar="[RUN]", default=SESSION["dir"].default, envvar=SESSION["dir"].env, type=PATH
)
@click.option("--output", default=None, metavar="FILE", help="by default report.html in the run")
def report(run: Path, output: str | None) -> None:
    """Make report.html of RUN anew from its files, finished or not.

    RUN is an artifact root (the default), a run in its `runs`, a lane's folder, or one of them that
    was packed: of that, say where the report goes.
    """
    from pytest_soak.commands.report import make_report

    here = Path.cwd()
    click.echo(one_line(shown_path(make_report(run, output, here), here)))
