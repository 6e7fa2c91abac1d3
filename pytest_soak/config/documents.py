"""YAML and JSON files read strictly: safe types, no duplicate keys, errors with their line."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from pytest_soak.errors import SoakUsageError, nearest

Path_ = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Document:
    """Plain data and where each key of it stands."""

    source: str
    data: Any
    lines: Mapping[Path_, int] = field(default_factory=dict)

    def fail(self, where: Path_, problem: str) -> NoReturn:
        """Raise a usage error that points at `where`."""
        raise SoakUsageError(self.at(where), problem)

    def at(self, where: Path_) -> str:
        """The source, with the line of `where` if it is known."""
        line = next(
            (self.lines[where[:n]] for n in range(len(where), -1, -1) if where[:n] in self.lines),
            None,
        )
        return self.source if line is None else f"{self.source}:{line}"


class _Loader(yaml.SafeLoader):
    """The safe loader, with YAML 1.2's floats (PyYAML reads `1e-3` as text)."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
    list("-+0123456789."),
)


def read_document(path: Path, source: str | None = None) -> Document:
    """Read a `.json` file as JSON, any other as YAML.

    Raises SoakUsageError when the file is missing, unreadable or not what it claims to be.
    """
    source = source or str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SoakUsageError(source, f"cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise SoakUsageError(source, f"is not UTF-8 text (byte {error.start})") from None
    return parse_json(text, source) if path.suffix == ".json" else parse_yaml(text, source)


def parse_json(text: str, source: str) -> Document:
    """Parse JSON; NaN, Infinity and duplicate keys are errors."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in items:
            if key in found:
                raise SoakUsageError(source, f"duplicate key {key!r}; keep one of them")
            found[key] = value
        return found

    def constant(word: str) -> NoReturn:
        raise SoakUsageError(source, f"{word} is not a number that JSON allows")

    try:
        return Document(source, json.loads(text, object_pairs_hook=pairs, parse_constant=constant))
    except json.JSONDecodeError as error:
        at = f"{source}:{error.lineno}" if "\n" in text.strip() else source
        raise SoakUsageError(at, f"is not valid JSON: {error.msg} (column {error.colno})") from None
    except (RecursionError, ValueError) as error:
        raise SoakUsageError(source, f"is not valid JSON: {error}") from None


def parse_yaml(text: str, source: str) -> Document:
    """Parse YAML with the safe loader; tags, anchors and duplicate keys are errors."""
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            lines: dict[Path_, int] = {}
            data = None if node is None else _plain(loader, node, (), lines, source, set())
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"{source}:{mark.line + 1}" if mark else source
        raise SoakUsageError(at, f"is not valid YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise SoakUsageError(source, f"is not valid YAML: {error}") from None
    return Document(source, data, lines)


def _plain(
    loader: yaml.SafeLoader,
    node: yaml.Node,
    path: Path_,
    lines: dict[Path_, int],
    source: str,
    seen: set[int],
) -> Any:
    at = f"{source}:{node.start_mark.line + 1}"
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_object(node)
    if id(node) in seen:
        raise SoakUsageError(at, "anchors and aliases are not allowed; write the value out")
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
        return [
            _plain(loader, item, (*path, index), lines, source, seen)
            for index, item in enumerate(node.value)
        ]
    if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = _key(key_node, source)
            key_at = key_node.start_mark.line + 1
            if key in found:
                raise SoakUsageError(
                    f"{source}:{key_at}", f"duplicate key {key!r}; keep one of them"
                )
            lines[(*path, key)] = key_at
            found[key] = _plain(loader, value_node, (*path, key), lines, source, seen)
        return found
    raise SoakUsageError(at, f"YAML tag {node.tag!r} is not allowed; use plain values")


def _key(node: yaml.Node, source: str) -> str:
    if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:str":
        return str(node.value)
    raise SoakUsageError(
        f"{source}:{node.start_mark.line + 1}", "keys must be plain names; quote the key"
    )


def validate(model: type[Model], document: Document) -> Model:
    """Build `model` from the document; the first thing wrong becomes a one-line usage error."""
    if not isinstance(document.data, dict):
        document.fail(
            (), f"expected keys ({', '.join(_names(model))}), got {kind_of(document.data)}"
        )
    try:
        return model.model_validate(document.data, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = tuple(part for part in first["loc"])
        document.fail(where, _problem(model, where, first["type"], first["msg"], first["input"]))


def _problem(model: type[BaseModel], where: Path_, kind: str, message: str, value: Any) -> str:
    dotted = ".".join(str(part) for part in where)
    if kind == "extra_forbidden":
        return f"unknown key {dotted!r}; {nearest(str(where[-1]), _names(model))}"
    if kind == "missing":
        return f"missing key {dotted!r}"
    message = message.removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{dotted}: expected {message}, got {show(value)}"


def _names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def kind_of(value: object) -> str:
    """What `value` is, in words that a YAML or JSON author knows."""
    if value is None:
        return "nothing"
    words = {dict: "a mapping", list: "a list", str: "text", bool: "a truth value"}
    return words.get(type(value), f"the number {value}")


def show(value: object) -> str:
    """`value` for an error message: one line, shortened."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
