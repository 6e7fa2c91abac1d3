"""`pytest-soak gate` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import PATH


@click.command()
@click.argument("gate_name", metavar="GATE")
@click.argument("file", type=PATH)
@click.option("--market", default=None, help="judge by this market's thresholds")
def gate(gate_name: str, file: Path, market: str | None) -> int:
    """Judge FILE, an ITER_SUMMARY, by GATE (a name or a YAML file): is it good enough."""
    from pytest_soak.commands.judge_file import ForeignFileError, judge_file

    try:
        verdict = judge_file(gate_name, file, Path.cwd(), market)
    except ForeignFileError as error:
        click.echo(f"FAIL: {error}")
        return 1
    for line in verdict.lines():
        click.echo(line)
    return verdict.status
