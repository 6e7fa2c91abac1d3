"""`pytest-soak rotate` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import DRY_RUN, NOT_NEGATIVE, ROOT
from pytest_soak.errors import ArtifactError


@click.command()
@ROOT
@click.option("--ttl-days", default=7.0, type=NOT_NEGATIVE, show_default=True)
@click.option("--max-size-mb", default=900.0, type=NOT_NEGATIVE, show_default=True)
@click.option("--keep-latest", default=100, type=click.IntRange(min=1), show_default=True)
@DRY_RUN
def rotate(root: Path, ttl_days: float, max_size_mb: float, keep_latest: int, dry_run: bool) -> int:
    """Thin out and compress old artifacts: exit status 0, 1 after an error, 2 over size.

    In `latest` and `runs` the ITER_SUMMARY with the highest numbers stay; snapshots and earlier
    runs older than the TTL are compressed. All commands still read them under their old names.
    """
    from pytest_soak.clock import SystemClock
    from pytest_soak.commands.rotate import rotate as run

    clock = SystemClock()
    try:
        return run(root, ttl_days, max_size_mb, keep_latest, click.echo, clock, dry=dry_run)
    except ArtifactError as error:
        click.echo(f"ERROR: {error}", err=True)
        return 1
