"""`pytest-soak check` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("target", metavar="TARGET")
@click.option(
    "--gate",
    default=None,
    help="as --soak-gate takes it; by default that of SOAK_GATE, of pytest's settings, else soak",
)
@click.option(
    "--seconds",
    default=10.0,
    show_default=True,
    type=click.FloatRange(1, 86_400),
    help="how long the window is",
)
@click.option(
    "--limit",
    default=60.0,
    show_default=True,
    type=click.FloatRange(1, 86_400),
    help="how many seconds it may take beside the window: then it is interrupted, and stopped",
)
@click.option("--into", hidden=True, type=click.Path(path_type=Path), help="check in this process")
def check(target: str, gate: str | None, seconds: float, limit: float, into: Path | None) -> int:
    """Start TARGET, as --soak-target takes it, measure one short window, and stop it.

    Prints its parameters, its feeds, its KPIs, and what the gate would lack. Exit status 1 where
    that is something, where it cannot be measured, or where it does not end. Nothing is written to
    the artifact root.
    """
    if into is None:
        from pytest_soak.commands.check_process import check_beside

        return check_beside(target, gate, seconds, limit, click.echo)
    from pytest_soak.commands.check import Request
    from pytest_soak.commands.check import check as run
    from pytest_soak.run.soak import INTERRUPTED

    try:
        good = run(Request(target, gate, seconds), Path.cwd(), click.echo)
    except KeyboardInterrupt:
        return INTERRUPTED
    into.write_text("said", encoding="utf-8")
    return 0 if good else 1
