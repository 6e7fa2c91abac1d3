"""`pytest-soak merge` as it is typed."""

from __future__ import annotations

import os
from pathlib import Path

import click

from pytest_soak.commands.options import PATH, SESSION
from pytest_soak.errors import ArtifactError, SoakUsageError


@click.command()
@click.argument("runs", metavar="DIR...", nargs=-1, required=True, type=PATH)
@click.option(
    "--output",
    default=SESSION["dir"].default,
    envvar=SESSION["dir"].env,
    show_default=True,
    type=PATH,
    metavar="DIR",
    help="the artifact root whose latest run this becomes",
)
@click.option("--against", default=None, metavar="RUN", help="compare with this run or baseline")
@click.option(
    "--gate",
    default=None,
    metavar="NAME|PATH",
    help="judge against that run, by a gate's limits of a change: no_worse or a YAML file",
)
@click.option("--allow-different-settings", is_flag=True, help="join runs that are not alike")
def merge(
    runs: tuple[Path, ...],
    output: Path,
    against: str | None,
    gate: str | None,
    allow_different_settings: bool,
) -> int:
    """Join the runs of several machines: one run folder, one verdict, exit status 0, 1, or 3: hold.

    DIR is an artifact root, a run in its `runs`, or where one should be: a run that is missing or
    not finished leaves the whole without a verdict. Lanes may differ in profile, market, seed and
    variant.
    """
    from pytest_soak.baseline.named import find_baseline
    from pytest_soak.commands.merge import gates_of, merged_lines, merged_status
    from pytest_soak.commands.merge import merge as run
    from pytest_soak.report.github import annotate, github_step, harmless

    github = github_step(os.environ)
    if gate is not None and against is None:
        raise SoakUsageError("--gate", "judges against a run of before; give --against=RUN too")
    gates = () if gate is None else gates_of(gate, Path.cwd())
    reference = None if against is None else find_baseline(against, output, Path())
    merged = run(runs, output, reference, allow_different=allow_different_settings, gates=gates)
    *lines, last = merged_lines(merged)
    if github is not None:
        lines = [github.stop(), *lines, github.resume(), *annotate(merged.result)]
        last = harmless(last)
        try:
            github.write_summary(merged.result, merged.comparison)
        except ArtifactError as error:
            click.echo(f"ERROR: {error}", err=True)
    click.echo("\n".join([*lines, last]))
    return merged_status(merged)
