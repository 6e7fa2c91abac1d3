"""The command `pytest-soak`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

from pytest_soak import __version__
from pytest_soak.errors import SoakUsageError

USAGE = 4


def main() -> None:
    """Run the command line: 0 good, 1 failed, 4 usage error, told in one clear line."""
    try:
        sys.exit(commands.main(standalone_mode=False))
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(2)
    except click.ClickException as error:
        _fail(error.format_message())
    except SoakUsageError as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    click.echo(f"ERROR: {message}", err=True)
    sys.exit(USAGE)


@click.group()
@click.version_option(__version__, prog_name="pytest-soak")
def commands() -> None:
    """Tools beside the soak session: exit status 0 good, 1 failed, 4 usage error."""


@commands.command()
@click.argument("gate_name", metavar="GATE")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--market", default=None, help="judge by this market's thresholds")
def gate(gate_name: str, file: Path, market: str | None) -> int:
    """Judge FILE, an ITER_SUMMARY, by GATE (a name or a YAML file): is it good enough."""
    from pytest_soak.gates.judge_file import judge_file

    verdict = judge_file(gate_name, file, Path.cwd(), market)
    for line in verdict.lines():
        click.echo(line)
    return 0 if verdict.passed else 1


if __name__ == "__main__":
    main()
