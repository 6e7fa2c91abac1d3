"""`pytest-soak verdict` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import ROOT, RUN


@click.command()
@RUN
@ROOT
def verdict(run: str | None, root: Path) -> int:
    """Say what RUN came to: 0 go, 1 no-go, 2 not finished, 3 hold, 4 no run or broken.

    RUN is a number of `pytest-soak runs`, a run's name, or the path of a run, its archive or an
    artifact root; by default the newest run. It is judged by all that it left, also where its
    process could not conclude. Beside the verdict on a lane stands how often its gate is wrong, as
    `pytest-soak calibrate` found it.
    """
    from pytest_soak.commands.run_place import run_place
    from pytest_soak.commands.verdict import verdict as judge

    here = Path.cwd()
    lines, status = judge(run_place(run, root, here), here)
    click.echo("\n".join(lines))
    return status
