"""Errors of settings, as a command has its options."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pytest_soak.errors import SoakUsageError


@contextmanager
def as_typed() -> Iterator[None]:
    """Name an option in an error as a command has it."""
    try:
        yield
    except SoakUsageError as error:
        renamed = error.source.replace("--soak-seed", "--seeds").replace("--soak-", "--")
        raise SoakUsageError(renamed, error.problem) from None
