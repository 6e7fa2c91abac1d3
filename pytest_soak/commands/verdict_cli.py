"""`pytest-soak verdict` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import PATH, SESSION


@click.command()
@click.argument(
    "run", metavar="[DIR]", default=SESSION["dir"].default, envvar=SESSION["dir"].env, type=PATH
)
def verdict(run: Path) -> int:
    """Say what the run in DIR came to: 0 go, 1 no-go, 2 not finished, 3 hold, 4 no run or broken.

    DIR is an artifact root (the default), a run in its `runs`, or an archived one. It is judged by
    all that the run left, also where its process could not conclude. Beside the verdict on a lane
    stands how often its gate is wrong, as `pytest-soak calibrate` found it.
    """
    from pytest_soak.commands.verdict import verdict as judge

    lines, status = judge(run, Path.cwd())
    click.echo("\n".join(lines))
    return status
