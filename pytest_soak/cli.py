"""The command `pytest-soak`."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import NoReturn

import click

from pytest_soak.commands.options import USAGE
from pytest_soak.errors import ArtifactError, SoakUsageError
from pytest_soak.version import __version__

NAMES = (
    "ab",
    "calibrate",
    "check",
    "compare",
    "config",
    "dataset",
    "exchange",
    "feed",
    "freeze",
    "gate",
    "init",
    "kpis",
    "live",
    "merge",
    "metrics",
    "release",
    "reopen",
    "repeat",
    "report",
    "rotate",
    "runs",
    "show",
    "trend",
    "verdict",
)
"""The commands: each is the one of its name in `pytest_soak/commands/NAME_cli.py`."""


def main() -> None:
    """Run the command line: 0 good, 1 failed, 4 usage error, told in one clear line."""
    try:
        sys.exit(commands.main(standalone_mode=False))
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("interrupted", err=True)
        sys.exit(2)
    except click.ClickException as error:
        message = error.format_message()
        if isinstance(error, click.UsageError) and error.ctx and message == error.ctx.get_help():
            click.echo(message)  # of a group without a command
            sys.exit(USAGE)
        _fail(message)
    except (SoakUsageError, ArtifactError) as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    click.echo(f"ERROR: {message}", err=True)
    sys.exit(USAGE)


class _Commands(click.Group):
    """Imports the command that is typed; all of them where it may be like one that there is."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for name in (cmd_name,) if cmd_name in NAMES else NAMES:
            self.add_command(getattr(import_module(f"pytest_soak.commands.{name}_cli"), name))
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Commands)
@click.version_option(__version__, prog_name="pytest-soak")
def commands() -> None:
    """Tools beside the soak session: exit status 0 good, 1 failed, 3 hold, 4 usage error."""


if __name__ == "__main__":
    main()
