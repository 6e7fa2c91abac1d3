"""Markdown of what the code says of itself."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

from benchmarks.described import attributes_of, fields_of
from benchmarks.lanes import table


def told(head: list[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table of texts, in which a bar ends no cell."""
    return table(head, [[str(cell).replace("|", "\\|") for cell in row] for row in rows])


def prose(kind: Any) -> str:
    """The docstring of a class or function, without its list of attributes."""
    text, _, _ = (inspect.getdoc(kind) or "").partition("\n\nAttributes:")
    return text


def record(kind: type) -> str:
    """A class as a section: what it is, and its fields with types and meanings."""
    meanings = attributes_of(kind)
    rows = [[f"`{name}`", f"`{_type(kind, name)}`", meanings[name]] for name in fields_of(kind)]
    return "\n\n".join([f"### {kind.__name__}", prose(kind), told(["field", "type", "what"], rows)])


def _type(kind: type, name: str) -> str:
    found = next(
        k.__annotations__[name] for k in kind.__mro__ if name in vars(k)["__annotations__"]
    )
    return re.sub(r"Annotated\[(.*?), Field\(.*?\)\]", r"\1", str(found))


def signature(function: Any) -> str:
    """A function as it is called, on one line."""
    given = inspect.signature(function)
    return f"{function.__name__}{re.sub(chr(39), '', str(given))}"
