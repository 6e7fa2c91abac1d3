"""`pytest-soak freeze` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import PATH
from pytest_soak.errors import one_line


@click.command()
@click.option("--input", "source", required=True, type=PATH, metavar="PATH")
@click.option("--output", required=True, type=PATH, metavar="FILE")
@click.option("--profile", default=None, metavar="NAME", help="name it in the snapshot")
def freeze(source: Path, output: Path, profile: str | None) -> None:
    """Write a production snapshot of a finished lane (its folder or ITER_SUMMARY_final.json)."""
    from pytest_soak.commands.freeze import freeze as write

    snapshot = write(source, output, profile)
    click.echo(one_line(f"{output}: {snapshot.lane}, signature {snapshot.signature_hash}"))
