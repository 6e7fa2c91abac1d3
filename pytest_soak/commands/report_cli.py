"""`pytest-soak report` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import ROOT, RUN
from pytest_soak.config.names import shown_path
from pytest_soak.errors import one_line


@click.command()
@RUN
@ROOT
@click.option("--output", default=None, metavar="FILE", help="by default report.html in the run")
@click.option("--ab", default=None, metavar="DIR", help="A/Bs  [default: ab/ beside the root]")
def report(run: str | None, root: Path, output: str | None, ab: str | None) -> None:
    """Make report.html of RUN anew from its files, finished or not.

    RUN is a number of `pytest-soak runs`, a run's name, or the path of a run, a lane's folder or an
    artifact root; by default the newest run. Of one that was packed, say where the report goes. It
    is the folder of `pytest-soak ab`, or an AB_*.json in it, too, of which it makes the pages.
    """
    from pytest_soak.commands.report import make_reports
    from pytest_soak.commands.run_place import run_place

    here = Path.cwd()
    for path in make_reports(run_place(run, root, here), output, here, ab):
        click.echo(one_line(shown_path(path, here)))
