"""`pytest-soak check` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("target", metavar="TARGET")
@click.option("--gate", default="soak", show_default=True, help="as --soak-gate takes it")
@click.option(
    "--seconds",
    default=10.0,
    show_default=True,
    type=click.FloatRange(1, 86_400),
    help="how long the window is",
)
def check(target: str, gate: str, seconds: float) -> int:
    """Start TARGET, as --soak-target takes it, measure one short window, and stop it.

    Prints its parameters, its feeds, its KPIs, and what the gate would lack. Exit status 1 where
    that is something, or where it cannot be measured. Nothing is written to the artifact root.
    """
    from pytest_soak.commands.check import Request
    from pytest_soak.commands.check import check as run

    return 0 if run(Request(target, gate, seconds), Path.cwd(), click.echo) else 1
