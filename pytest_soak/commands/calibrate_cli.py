"""`pytest-soak calibrate` as it is typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pytest_soak.commands.options import PATH, SESSION

_Command = TypeVar("_Command", bound=Callable[..., Any])
_CALIBRATED = {"iterations": "24", "seed": "1..100"}


def _as_soak(name: str) -> Callable[[_Command], _Command]:
    """An option of `calibrate` that means what `--soak-NAME` does; None where it is not typed."""
    option = SESSION[name]
    default = _CALIBRATED.get(name, option.default)
    typed = "--seeds" if name == "seed" else f"--{name}"
    text = f"as --soak-{name}" + (f"  [default: {default}]" if default else "")
    key = name.replace("-", "_")
    return click.option(typed, key, default=None, metavar=option.metavar, help=text)


@click.command()
@_as_soak("gate")
@_as_soak("gate-mode")
@_as_soak("market")
@_as_soak("profile")
@_as_soak("iterations")
@_as_soak("minutes")
@_as_soak("seed")
@_as_soak("target")
@_as_soak("cluster")
@click.option(
    "--pool",
    default="artifacts/calibration",
    show_default=True,
    metavar="DIR",
    help="where recorded lanes are kept; those that are there are not run again",
)
@click.option(
    "--jobs", default=1, show_default=True, type=click.IntRange(1, 1024), help="processes"
)
@click.option(
    "--causes", is_flag=True, help="also with fees, latency, ... made worse: 800 lanes more"
)
@click.option("--from", "runs", multiple=True, type=PATH, metavar="RUN", help="judge these instead")
@click.option(
    "--output",
    default=None,
    metavar="FILE",
    help=f"what is found is put in it  [default: {SESSION['dir'].default}/CALIBRATION.json]",
)
def calibrate(
    pool: str,
    jobs: int,
    causes: bool,
    runs: tuple[Path, ...],
    output: str | None,
    **options: str | None,
) -> None:
    """Measure how often a gate fails good lanes, and which changes it catches.

    Good lanes are simulated, one for each seed, or are those of stored runs of your own bot. Exit
    status 2 when interrupted: the same command goes on. docs/TRUST.md says how each is measured.
    """
    from pytest_soak.commands.calibrate import Request
    from pytest_soak.commands.calibrate import calibrate as run

    def progress(line: str) -> None:
        click.echo(line, err=True)

    given = {name.replace("_", "-"): text for name, text in options.items() if text is not None}
    request = Request(given, _CALIBRATED, runs, pool, jobs, causes, output)
    run(request, Path.cwd(), click.echo, progress)
