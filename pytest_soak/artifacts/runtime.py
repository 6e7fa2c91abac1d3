"""`runtime_overrides.json`: the overrides in force, which an operator may edit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_soak.canonical import dumps
from pytest_soak.config.documents import kind_of, read_document
from pytest_soak.errors import SoakUsageError
from pytest_soak.storage.files import write_bytes


class RuntimeOverridesFile:
    """The runtime file of one lane."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written: bytes | None = None

    def untouched(self) -> bool:
        """Whether it holds, byte for byte, what was written last and not read since."""
        try:
            return self._written is not None and self.path.read_bytes() == self._written
        except OSError:
            return False

    def read(self) -> Mapping[str, Any] | None:
        """The overrides it holds; None when it is gone, SoakUsageError when it is broken."""
        self._written = None
        if not self.path.exists():
            return None
        data = read_document(self.path, self.path.name).data
        if not isinstance(data, dict):
            raise SoakUsageError(self.path.name, f"expected one object, got {kind_of(data)}")
        return data

    def write(self, overrides: Mapping[str, float]) -> None:
        """Replace it, durably."""
        data = dumps(dict(overrides)).encode()
        write_bytes(self.path, data, durable=True)
        self._written = data
