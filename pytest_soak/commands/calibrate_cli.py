"""`pytest-soak calibrate` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import PATH, SESSION, as_soak

_CALIBRATED = {"iterations": "24", "seed": "1..100"}


@click.command()
@as_soak("gate")
@as_soak("gate-mode")
@as_soak("market")
@as_soak("profile")
@as_soak("iterations", _CALIBRATED["iterations"])
@as_soak("minutes")
@as_soak("seed", _CALIBRATED["seed"])
@as_soak("target")
@as_soak("cluster")
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
