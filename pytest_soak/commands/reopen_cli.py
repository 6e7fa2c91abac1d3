"""`pytest-soak reopen` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import PATH


@click.command()
@click.argument("run", type=PATH)
def reopen(run: Path) -> None:
    """Make RUN, a folder in runs/, the latest run again: for --soak-resume."""
    from pytest_soak.commands.reopen import reopen as make_latest

    moved = make_latest(run)
    click.echo(f"{run} is the latest run now{f'; the one before is {moved}' if moved else ''}")
