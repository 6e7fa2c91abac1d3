"""What several commands take alike."""

from __future__ import annotations

from pathlib import Path

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
DRY_RUN = click.option(
    "--dry-run", is_flag=True, help="print what would be done, and change nothing"
)
MAPPING = click.option(
    "--mapping", type=PATH, metavar="FILE", help="YAML: FEEDS are a bot's own logs, read by it"
)
