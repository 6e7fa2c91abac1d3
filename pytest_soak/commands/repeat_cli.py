"""`pytest-soak repeat` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import ROOT, SESSION, as_soak

_ITERATIONS = "24"


@click.command()
@click.option("--a", required=True, metavar=SESSION["target"].metavar, help="the bot as it was")
@click.option(
    "--b", required=True, metavar=SESSION["target"].metavar, help="the bot as it is to be"
)
@click.option(
    "--runs", default=4, show_default=True, type=click.IntRange(3, 1000), help="so many of each"
)
@as_soak("iterations", _ITERATIONS)
@as_soak("minutes")
@as_soak("profile")
@as_soak("market")
@click.option(
    "--gate",
    default="no_worse",
    show_default=True,
    metavar="NAME|PATH",
    help="with limits of a change",
)
@ROOT
def repeat(a: str, b: str, runs: int, gate: str, root: Path, **options: str | None) -> int:
    """Run two bots in turn, A B B A, and judge B by how it differs from A, with the run as unit.

    Exit status 0 where B is no worse, 1 where it is, or a run failed, 2 when interrupted (the same
    command goes on), 3 where too little is known, 4 for what cannot be compared.
    """
    from pytest_soak.commands.repeat import Request
    from pytest_soak.commands.repeat import repeat as run

    typed = {name: text for name, text in options.items() if text is not None}
    given = {"iterations": _ITERATIONS, **typed}
    return run(Request(a, b, runs, gate, root, given), Path.cwd(), click.echo)
