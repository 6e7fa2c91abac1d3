"""What docstrings say of the fields of a class: for references that are made from them."""

from __future__ import annotations

import dataclasses
import inspect
import re

_HEAD = "Attributes:"
_FIELD = re.compile(r"    (\w+): (.*)")


def fields_of(kind: type) -> list[str]:
    """The public fields of a dataclass, a pydantic model or a named tuple, in their order."""
    names = getattr(kind, "model_fields", None) or getattr(kind, "_fields", None)
    if names is None and dataclasses.is_dataclass(kind):
        names = [field.name for field in dataclasses.fields(kind)]
    return [name for name in names or () if not name.startswith("_")]


def attributes_of(kind: type) -> dict[str, str]:
    """What the docstrings of a class and its bases say under `Attributes:`, by name."""
    found: dict[str, str] = {}
    for base in reversed([one for one in kind.__mro__ if one.__module__.startswith("pytest_soak")]):
        found |= _attributes(inspect.cleandoc(base.__dict__.get("__doc__") or ""))
    return found


def _attributes(text: str) -> dict[str, str]:
    _, _, section = text.partition(f"{_HEAD}\n")
    found: dict[str, str] = {}
    last = ""
    for line in section.split("\n\n")[0].splitlines():
        if match := _FIELD.fullmatch(line):
            last = match[1]
            found[last] = match[2]
        elif last:
            found[last] += f" {line.strip()}"
    return found
