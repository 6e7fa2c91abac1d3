"""What several commands take alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pytest_soak.options import KNOBS as KNOB_NAMES
from pytest_soak.options import OPTIONS

USAGE = 4
"""The exit status after a mistake of the user."""
SESSION = {option.name: option for option in OPTIONS}
"""The options of a soak session, by their names without `--soak-`."""
PATH = click.Path(path_type=Path)
NOT_NEGATIVE = click.FloatRange(min=0)
KNOBS = f"a knob of the market: {', '.join(KNOB_NAMES)}"
ROOT = click.option(
    "--path",
    "root",
    default=SESSION["dir"].default,
    envvar=SESSION["dir"].env,
    show_default=True,
    type=PATH,
    help="the artifact root",
)
RUN = click.argument("run", metavar="[RUN]", default=None)
"""As `commands.run_place` takes it."""
DRY_RUN = click.option(
    "--dry-run", is_flag=True, help="print what would be done, and change nothing"
)
MAPPING = click.option(
    "--mapping", type=PATH, metavar="FILE", help="YAML: FEEDS are a bot's own logs, read by it"
)
_Command = TypeVar("_Command", bound=Callable[..., Any])


def as_soak(name: str, default: str | None = None) -> Callable[[_Command], _Command]:
    """An option that means what `--soak-NAME` does; None where it is not typed.

    `default` is what its help says of that, by default what a session takes.
    """
    option = SESSION[name]
    usual = option.default if default is None else default
    typed = "--seeds" if name == "seed" else f"--{name}"
    text = f"as --soak-{name}" + (f"  [default: {usual}]" if usual else "")
    key = name.replace("-", "_")
    return click.option(typed, key, default=None, metavar=option.metavar, help=text)
