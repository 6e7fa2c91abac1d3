"""What tables of parameters and of flags have in common: rows by name, in whatever form given."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self, TypeVar

from pydantic import BaseModel

from pytest_soak.config.documents import Document, read_document, show
from pytest_soak.errors import SoakUsageError, unknown


class Row(Protocol):
    """A row says what is wrong with a value of it."""

    def complaint(self, value: object) -> str | None:
        """What is wrong with `value`; None when nothing is."""


R = TypeVar("R", bound=Row)


class Table(Mapping[str, R]):
    """Rows by name, in the order of their definition; `kind` is the word for one of them."""

    kind: ClassVar[str]

    def __init__(self, rows: Mapping[str, R], source: str) -> None:
        self._rows = dict(rows)
        self.source = source

    def __getitem__(self, name: str) -> R:
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, name: str, value: object, source: str) -> R:
        """The row of `name`; SoakUsageError where there is none, or `value` is none of it."""
        if name not in self:
            raise SoakUsageError(source, unknown(self.kind, name, self))
        complaint = self[name].complaint(value)
        if complaint is not None:
            raise SoakUsageError(source, f"{name}: {complaint}")
        return self[name]

    @classmethod
    @abstractmethod
    def from_document(cls, document: Document) -> Self:
        """A table from YAML or JSON data: a mapping from name to row."""

    @classmethod
    def of(cls, given: Any, source: str, folder: Path = Path()) -> Self:
        """A table from what a target has: `parameters` or `flags`.

        Takes a table, a path to a YAML file (relative to `folder`), or a mapping from name to
        row, to a dict with the same columns, or to the bare default.
        """
        if isinstance(given, cls):
            return given
        if isinstance(given, str | Path):
            return cls.from_document(read_document(folder / given))
        if not isinstance(given, Mapping):
            problem = f"expected a mapping or the path of a YAML file, got {show(given)}"
            raise SoakUsageError(source, f"{cls.kind}s: {problem}")
        rows = {str(name): cls._columns(value) for name, value in given.items()}
        return cls.from_document(Document(f"{source} {cls.kind}s", rows))

    @classmethod
    def _columns(cls, value: Any) -> dict[str, Any]:
        if isinstance(value, BaseModel):
            return value.model_dump()
        return dict(value) if isinstance(value, Mapping) else cls._of_default(value)

    @staticmethod
    def _of_default(value: object) -> dict[str, object]:
        """The columns of a row of which nothing but the default is given."""
        return {"default": value}
