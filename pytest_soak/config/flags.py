"""Feature flags: what of a bot can be switched or set beside its parameters, as a table."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal, NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator, model_validator

from pytest_soak.config.documents import (
    Document,
    kind_of,
    shipped,
    show,
    validate,
)
from pytest_soak.config.parameters import Range, span
from pytest_soak.config.tables import Table
from pytest_soak.errors import SoakUsageError, unknown
from pytest_soak.number import number

Value: TypeAlias = bool | float
"""What a flag is set to: a switch is a bool and nothing else, a number never one."""

_NAME = re.compile(r"[A-Za-z_]\w{0,63}(\.[A-Za-z_]\w{0,63}){1,4}", re.ASCII)


class Flag(BaseModel):
    """One row of a flag table.

    `bounds` are inclusive, `null` is open; a switch has none. `owner` answers for it; `effect` says
    in words what it causes; `moves` names the KPIs that switching it on, or a higher value, moves,
    and the way. `rollback` is the safe value, `default` by itself. A `hot` flag may change between
    two windows; any other only when the bot starts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    type: Literal["bool", "number"]
    default: bool | float
    bounds: Range = [None, None]
    unit: str = ""
    owner: str = ""
    effect: str = ""
    moves: dict[str, Literal["up", "down"]] = {}
    rollback: bool | float | None = None
    hot: bool = False

    @field_validator("default", "rollback", mode="before")
    @classmethod
    def _can_be_set(cls, given: object, field: ValidationInfo) -> object:
        absent = given is None and field.field_name == "rollback"
        if not absent and not isinstance(given, bool) and number(given) is None:
            raise ValueError("true, false or a number")
        return given

    @field_validator("bounds", mode="before")
    @classmethod
    def _tuples_too(cls, given: object) -> object:
        return list(given) if isinstance(given, tuple) else given

    @model_validator(mode="after")
    def _consistent(self) -> Flag:
        if self.type == "bool" and self.bounds != [None, None]:
            raise ValueError(f"a switch without bounds, got {self.bounds}")
        low, high = self.bounds
        if low is not None and high is not None and not low <= high:
            raise ValueError(f"bounds in rising order, got {self.bounds}")
        for name, value in (("default", self.default), ("rollback", self.safe)):
            if (problem := self.complaint(value)) is not None:
                raise ValueError(f"a {name} of its type and within its bounds: {problem}")
        return self

    @property
    def safe(self) -> Value:
        """The value to which it is rolled back."""
        return self.default if self.rollback is None else self.rollback

    def complaint(self, value: object) -> str | None:
        """What is wrong with `value` as this flag's value; None when nothing is."""
        if self.type == "bool":
            wanted, right = "true or false", isinstance(value, bool)
        else:
            wanted, right = f"a number{span(self.bounds)}", self._is_inside(value)
        return None if right else f"expected {wanted}, got {_shown(value)}"

    def _is_inside(self, value: object) -> bool:
        given = number(value) if isinstance(value, int | float) else None
        if given is None or not math.isfinite(given):
            return False
        low, high = self.bounds
        return (low is None or low <= given) and (high is None or given <= high)


class Read(NamedTuple):
    """What a bot's configuration says: the values of its flags, and the keys that are none."""

    values: dict[str, Value]
    others: tuple[str, ...]


class FlagTable(Table[Flag]):
    """The feature flags of a target, by dotted name.

    A name's section is what stands before its last dot.
    """

    kind = "flag"

    def defaults(self) -> dict[str, Value]:
        """The default of each flag."""
        return {name: row.default for name, row in self.items()}

    def rollbacks(self) -> dict[str, Value]:
        """The safe value of each flag."""
        return {name: row.safe for name, row in self.items()}

    def check(self, name: str, value: object, source: str) -> Value:
        """`value`, a number as a float; SoakUsageError for an unknown flag or a wrong value."""
        row = self.row(name, value, source)
        assert isinstance(value, int | float)
        return value if row.type == "bool" else float(value)

    def complete(self, given: Mapping[str, object], source: str) -> dict[str, Value]:
        """Every flag: as `given` by dotted name, else its default; SoakUsageError as `check`."""
        values = {name: self.check(name, value, source) for name, value in given.items()}
        return {**self.defaults(), **values}

    def read(self, document: Document) -> Read:
        """The flags that a bot's configuration sets, as nested sections or by dotted names.

        Raises SoakUsageError for a wrong value, a flag that is set twice, and a key inside a
        section of this table that is no flag of it. Other keys are not ours, and only named.
        """
        if document.data is None:
            return Read({}, ())
        if not isinstance(document.data, dict):
            document.fail((), f"expected keys ({self._keys('')}), got {kind_of(document.data)}")
        values: dict[str, Value] = {}
        others: list[str] = []
        self._walk(document, document.data, (), values, others)
        return Read(values, tuple(others))

    def _walk(
        self,
        document: Document,
        data: Mapping[str, object],
        place: tuple[str, ...],
        values: dict[str, Value],
        others: list[str],
    ) -> None:
        for key, value in data.items():
            here = (*place, key)
            name = ".".join(here)
            if name in self:
                if name in values:
                    document.fail(here, f"{name} is set twice; keep one of them")
                values[name] = self.check(name, value, document.at(here))
            elif name.rpartition(".")[0] in self._sections():
                document.fail(here, unknown("flag", name, self))
            elif not any(flag.startswith(f"{name}.") for flag in self):
                others.append(name)
            elif isinstance(value, dict):
                self._walk(document, value, here, values, others)
            else:
                wanted = f"expected keys ({self._keys(f'{name}.')})"
                document.fail(here, f"{name}: {wanted}, got {kind_of(value)}")

    def _sections(self) -> set[str]:
        return {name.rpartition(".")[0] for name in self}

    def _keys(self, below: str) -> str:
        """The next parts of the names that begin with `below`."""
        found = (name.removeprefix(below) for name in self if name.startswith(below))
        return ", ".join(dict.fromkeys(name.partition(".")[0] for name in found))

    @classmethod
    def from_document(cls, document: Document) -> FlagTable:
        """A table from YAML or JSON data: a mapping from dotted name to row."""
        if not isinstance(document.data, dict):
            document.fail((), "expected a flag table: dotted names, each with type and default")
        _check_names(document.data, document.source)
        rows = {name: validate(Flag, document, (name,)) for name in document.data}
        return cls(rows, document.source)

    @staticmethod
    def _of_default(value: object) -> dict[str, object]:
        return {"type": "bool" if isinstance(value, bool) else "number", "default": value}


def put_flags(data: Mapping[str, Any], values: Mapping[str, Value]) -> dict[str, Any]:
    """A configuration in which flags have these values, as nested sections; all else stays."""
    found = _without(data, values, ())
    for name, value in values.items():
        *sections, key = name.split(".")
        place = found
        for section in sections:
            place = place.setdefault(section, {})
        place[key] = value
    return found


def _without(
    data: Mapping[str, Any], names: Mapping[str, Value], place: tuple[str, ...]
) -> dict[str, Any]:
    """Data without the keys that make one of the names, however they are nested."""
    return {
        key: _without(value, names, (*place, key)) if isinstance(value, dict) else value
        for key, value in data.items()
        if ".".join((*place, key)) not in names
    }


def _shown(value: object) -> str:
    return f"the text {show(value)}" if isinstance(value, str) else show(value)


def _check_names(names: Iterable[str], source: str) -> None:
    for name in names:
        if not _NAME.fullmatch(name):
            problem = "expected a section and a key parted by a dot, e.g. md_cache.enabled"
            raise SoakUsageError(source, f"{name!r} is not a flag name: {problem}")
        if inside := [other for other in names if other.startswith(f"{name}.")]:
            raise SoakUsageError(source, f"{name!r} is a flag and the section of {inside[0]!r}")


@cache
def reference_flags() -> FlagTable:
    """The table of the reference maker, `flags.yaml`."""
    return FlagTable.from_document(shipped("pytest_soak.config", "flags.yaml"))
