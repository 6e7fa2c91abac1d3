"""`pytest-soak show` as it is typed."""

from __future__ import annotations

import os
from pathlib import Path

import click

from pytest_soak.commands.options import ROOT


@click.command()
@click.argument("run", metavar="[RUN]", default="latest")
@ROOT
@click.option("--iterations", is_flag=True, help="a row an iteration, too")
def show(run: str, root: Path, iterations: bool) -> None:
    """Show RUN: its lanes, why they are not PASS, what they earned, and where its files are.

    RUN is `latest` (the default), a number of `pytest-soak runs`, a run's name or the beginning of
    one, or the path of a run, its archive, or an artifact root.
    """
    from pytest_soak.artifacts.stored_run import run_in
    from pytest_soak.commands.run_place import run_place
    from pytest_soak.commands.show import show_lines
    from pytest_soak.report.fitted import painted, terminal_width

    found = run_in(run_place(run, root, Path.cwd()))
    lines = show_lines(found, Path.cwd(), terminal_width(), iterations=iterations)
    click.echo(painted("\n".join(lines), os.environ))
