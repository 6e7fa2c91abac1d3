"""`pytest-soak runs` as it is typed."""

from __future__ import annotations

import os
from pathlib import Path

import click

from pytest_soak.commands.options import ROOT


@click.command()
@ROOT
@click.option("--json", "as_json", is_flag=True, help="print them as JSON")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), metavar="N")
@click.option("--rebuild", is_flag=True, help="read every run anew")
def runs(root: Path, as_json: bool, limit: int, rebuild: bool) -> None:
    """List the runs of an artifact root, newest first, packed ones too.

    What they came to is kept in its `runs.sqlite`, which can be deleted at any time.
    """
    from pytest_soak.commands.runs import listed, runs_json, runs_lines
    from pytest_soak.errors import one_line
    from pytest_soak.report.fitted import painted, terminal_width

    def say(text: str) -> None:
        click.echo(f"NOTE: {one_line(text)}", err=True)

    rows = listed(root, say, rebuild=rebuild)
    shown = rows[:limit]
    if as_json:
        click.echo(runs_json(shown))
        return
    lines = runs_lines(shown, len(rows), terminal_width())
    click.echo(painted("\n".join(lines), os.environ))
