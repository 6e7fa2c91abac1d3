"""The reference maker's configuration: what is fixed for a lane, beside its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_soak.config.flags import FlagTable, Value, reference_flags

FLAGS = reference_flags()
"""The maker's feature flags; what each causes is said in its table."""


@dataclass(frozen=True)
class MakerConfig:
    """What the maker is built with.

    `signal_window_minutes` is the length of its cold start (see `kernel.maker`), 0 for a bot that
    has learnt already. `flags` are feature flags by dotted name; those left out are at their
    defaults. Raises SoakUsageError for an unknown one or a wrong value.
    """

    signal_window_minutes: float = 240.0
    flags: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "flags", FLAGS.complete(self.flags, "flags"))


def write_flags(record: Any, flags: Mapping[str, Value]) -> None:
    """Set some or all of the maker's flags in a record of dtype FLAGS.

    Raises SoakUsageError for an unknown one or a wrong value, and has then set none.
    """
    for name, value in {n: FLAGS.check(n, value, "flags") for n, value in flags.items()}.items():
        record[_field(name)] = value


def read_flags(record: Any) -> dict[str, Value]:
    """Return every flag as `write_flags` set it."""
    return {
        name: bool(record[_field(name)]) if row.type == "bool" else float(record[_field(name)])
        for name, row in FLAGS.items()
    }


def _field(name: str) -> str:
    return name.replace(".", "_")


def with_defaults(table: FlagTable, values: Mapping[str, Value]) -> FlagTable:
    """The table with other defaults."""
    rows = {n: row.model_copy(update={"default": values[n]}) for n, row in table.items()}
    return FlagTable(rows, table.source)
