"""`pytest-soak init` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--async", "is_async", is_flag=True, help="a bot whose methods are `async def`")
@click.option("--process", "is_process", is_flag=True, help="a bot that is a program of its own")
@click.option(
    "--ci",
    type=click.Choice(["github"]),
    is_flag=False,
    flag_value="github",
    help="a workflow that soaks it, too; --ci alone is --ci=github",
)
@click.option("--force", is_flag=True, help="replace files that are there, which are kept beside")
def init(is_async: bool, is_process: bool, ci: str | None, force: bool) -> int:
    """Write a bot of your own, its gate and pytest's settings into this folder, ready to soak.

    Files that are there stay as they are. Where something is left to you, it says what, and the
    exit status is 1; the command that is printed last does without that.
    """
    from pytest_soak.commands.init import init as run
    from pytest_soak.commands.starter import ASYNC, OBSERVATION, PROCESS

    if is_async and is_process:
        raise click.UsageError("--async and --process: a bot is one of the two")
    kind = ASYNC if is_async else PROCESS if is_process else OBSERVATION
    return run(Path.cwd(), kind, click.echo, workflow=ci is not None, force=force)
