"""`pytest-soak live` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import ROOT, RUN
from pytest_soak.errors import SoakUsageError


@click.command()
@RUN
@ROOT
@click.option(
    "--port",
    default=0,
    type=click.IntRange(0, 65535),
    metavar="N",
    help="on which port of 127.0.0.1; 0, the default: any that is free",
)
@click.option("--open", "browse", is_flag=True, help="open it in the browser")
def live(run: str | None, root: Path, port: int, browse: bool) -> None:
    """Show the report of a run in a browser while it goes on; Ctrl-C ends it, with status 0.

    RUN is an artifact root (the default): its latest run, and the next one once it begins. Or it is
    a number of `pytest-soak runs`, a run's name or path, or a lane's folder. Nothing is written.
    Needs the extra `live`.
    """
    try:
        from pytest_soak.commands.live import serve
    except ModuleNotFoundError as error:
        if error.name != "aiohttp":
            raise
        problem = "needs aiohttp, which is not installed: pip install 'pytest-soak[live]'"
        raise SoakUsageError("live", problem) from None

    from pytest_soak.commands.run_place import run_place

    serve(run_place(run, root, Path.cwd()), port, browse=browse)
