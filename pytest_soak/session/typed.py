"""What was typed on the command line and cannot be meant: told before anything is collected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from pytest_soak.errors import nearest
from pytest_soak.options import OPTIONS, PREFIXES, RELEASE_DIR


def check_known(parser: pytest.Parser, args: Sequence[str]) -> None:
    """Raise pytest.UsageError for an option that is named like ours and nobody has."""
    _, unknown = parser.parse_known_and_unknown_args(list(args))
    for flag in _flags(unknown):
        known = [text for option in OPTIONS for text in option.spellings]
        turned = flag.replace("--soak-no-", "--no-soak-")
        meant = f"did you mean {turned!r}?" if turned in known else nearest(flag, known)
        raise pytest.UsageError(f"{flag}: no such option; {meant}")


def check_ini(keys: Iterable[str]) -> None:
    """Raise pytest.UsageError for a key of pytest's ini file that is named like ours."""
    known = [option.dest for option in (*OPTIONS, RELEASE_DIR)]
    for key in keys:
        if key.startswith("soak_") and key not in known:
            raise pytest.UsageError(f"ini {key}: no such key; {nearest(key, known)}")


def check_switched_on(args: Sequence[str]) -> None:
    """Raise pytest.UsageError for an option of a soak in a session that is none.

    Only what was typed counts: a configuration file may hold options for the day of a soak.
    """
    for flag in _flags(args):
        raise pytest.UsageError(
            f"{flag}: nothing is soaked without --soak-iterations or --soak-duration"
        )


def _flags(args: Sequence[str]) -> list[str]:
    return [arg.partition("=")[0] for arg in args if arg.startswith(PREFIXES)]
