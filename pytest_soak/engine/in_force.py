"""The overrides in force as a file has them, which an operator may edit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pytest_soak.config.overrides import operator_edits
from pytest_soak.config.parameters import ParameterTable
from pytest_soak.engine.past import NO_EDITS, Edits
from pytest_soak.errors import SoakUsageError


class RuntimeFile(Protocol):
    """The one mutable file: the overrides in force."""

    def untouched(self) -> bool:
        """Whether nobody has read or changed it since it was written: a cheaper question."""

    def read(self) -> Mapping[str, Any] | None:
        """What the file says now; None when it is gone. SoakUsageError when it is broken."""

    def write(self, overrides: Mapping[str, float]) -> None:
        """Replace it."""


class InForce:
    """What was written to the runtime file, and what an operator has made of it since."""

    def __init__(self, file: RuntimeFile, table: ParameterTable) -> None:
        self._file = file
        self._table = table
        self._written: tuple[Mapping[str, float], ...] = ()
        self._taken = NO_EDITS

    def resume(self, written: tuple[Mapping[str, float], ...], taken: Edits) -> None:
        """Begin with a file that may be any of `written`; the journal has the edits `taken`."""
        self._written, self._taken = written, taken

    def edits(self) -> tuple[Edits, bool]:
        """What an operator changed in the file, and whether the journal does not have that yet.

        After a crash the file may be that of the last iteration or of the one that was under way,
        whose edits are in the journal.
        """
        before, self._taken = self._taken, NO_EDITS
        found = self._read(before)
        return found, found != before

    def _read(self, before: Edits) -> Edits:
        if self._file.untouched():
            return before
        source = "runtime_overrides.json"
        try:
            found = self._file.read()
            if found is None:
                raise SoakUsageError(source, "is gone")
            values = operator_edits(self._table, self._written, found, source)
            self._written = (dict(found),)
        except SoakUsageError as error:
            refused = f"edit refused, last good values kept: {error}"
            return Edits(values=before.values, refused=refused)
        return Edits(values=before.values | values, refused=before.refused)

    def put(self, overrides: Mapping[str, float], *, anew: bool) -> None:
        """Let the file say `overrides`; `anew` also where it should say so already."""
        if anew or self._written != (overrides,):
            self._file.write(overrides)
            self._written = (overrides,)
