"""YAML and JSON files read strictly: safe types, no duplicate keys, errors with their line."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from pytest_soak.config.opposites import unless
from pytest_soak.errors import SoakUsageError, nearest
from pytest_soak.storage.archives import GZIP
from pytest_soak.storage.readers import read_bytes

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

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


# YAML 1.2's core schema: PyYAML's own is 1.1, where `010` is 8, `8:30` is 510 and `1e-3` is text.
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_INFINITE = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_MOST_DIGITS = 300  # of a whole number; a longer one is no more than infinite to a float
_FORBIDDEN = {
    yaml.AnchorToken: "anchors and aliases are not allowed; write the value out",
    yaml.AliasToken: "anchors and aliases are not allowed; write the value out",
    yaml.TagToken: "YAML tags are not allowed; use plain values",
}
_DEEPEST = 50
_DEPTH = {
    yaml.BlockSequenceStartToken: 1,
    yaml.BlockMappingStartToken: 1,
    yaml.BlockEndToken: -1,
    yaml.FlowSequenceStartToken: 1,
    yaml.FlowSequenceEndToken: -1,
    yaml.FlowMappingStartToken: 1,
    yaml.FlowMappingEndToken: -1,
}


def read_document(path: Path, source: str | None = None, *, finite: bool = True) -> Document:
    """Read a `.json` file as JSON, any other as YAML; a rotation may have compressed it.

    JSON may hold what is no number unless it must be `finite`; YAML always may.

    Raises SoakUsageError when the file is missing, unreadable or not what it claims to be.
    """
    source = source or str(path)
    text = read_text(path, source)
    is_json = path.name.removesuffix(GZIP).endswith(".json")
    return parse_json(text, source, finite=finite) if is_json else parse_yaml(text, source)


def shipped(package: str, name: str) -> Document:
    """A YAML file of the package."""
    return parse_yaml(files(package).joinpath(name).read_text(encoding="utf-8"), name)


def read_text(path: Path, source: str) -> str:
    """The text of a file; SoakUsageError when it is missing, unreadable or not UTF-8."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except OSError as error:
        raise SoakUsageError(source, f"cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise SoakUsageError(source, f"is not UTF-8 text (byte {error.start})") from None
    except ValueError as error:
        raise SoakUsageError(source, f"cannot be read: {error}") from None


def parse_json(text: str, source: str, *, finite: bool = True) -> Document:
    """Parse JSON; duplicate keys are errors and, where it must be `finite`, NaN and Infinity."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in items:
            if key in found:
                raise SoakUsageError(source, f"duplicate key {key!r}; keep one of them")
            found[key] = value
        return found

    def constant(word: str) -> float:
        if finite:
            raise SoakUsageError(source, f"{word} is not a number that JSON allows")
        return float(word)

    try:
        data = json.loads(
            text, object_pairs_hook=pairs, parse_constant=constant, parse_int=_whole_number
        )
    except json.JSONDecodeError as error:
        at = f"{source}:{error.lineno}" if "\n" in text.strip() else source
        raise SoakUsageError(at, f"is not valid JSON: {error.msg} (column {error.colno})") from None
    except RecursionError:
        raise SoakUsageError(source, "is nested too deeply") from None
    _check_characters(data, source)
    return Document(source, data)


def parse_yaml(text: str, source: str) -> Document:
    """Parse YAML as plain data; tags, anchors and duplicate keys are errors."""
    lines: dict[Path_, int] = {}
    try:
        _check_tokens(text, source)
        node = yaml.compose(text, Loader=yaml.BaseLoader)
        data = None if node is None else _plain(node, (), lines, source)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"{source}:{mark.line + 1}" if mark else source
        problem = str(error.problem or error.context)
        remedy = _remedy(text, mark.line, problem) if mark else ""
        problem = f"is not valid YAML: {problem}{remedy}"
        raise SoakUsageError(at, problem) from None
    except yaml.YAMLError as error:
        raise SoakUsageError(source, f"is not valid YAML: {error}") from None
    except (ValueError, OverflowError):  # PyYAML's own, for an escape or a version out of range
        raise SoakUsageError(source, "is not valid YAML: a number in it is out of range") from None
    _check_characters(data, source)
    return Document(source, data, lines)


_LIMIT = re.compile(r"""(?<!["'])>=?\s*[-+.0-9][^,}\s"']*""")
_MISPLACED = ("<block end>", "mapping values are not allowed here")


def _remedy(text: str, line: int, problem: str) -> str:
    """What to do about a line; for a limit without quotes, `>` alone begins a block in YAML."""
    if r"'\t'" in problem:
        return "; indent by spaces, not by tabs"
    found = _LIMIT.search("".join(text.split("\n")[line : line + 1]))
    if found:
        return f'; quote the limit: "{found[0]}"'
    if any(words in problem for words in _MISPLACED):
        return "; look at how far it is indented: keys and entries that belong together align"
    return ""


def _check_characters(data: Any, source: str) -> None:
    """Half a pair of surrogates, which an escape can make, is text that no file can hold."""
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise SoakUsageError(source, f"{half!a} is not a character; write it out") from None


def _check_tokens(text: str, source: str) -> None:
    depth = 0
    for token in yaml.scan(text, Loader=yaml.BaseLoader):
        depth += _DEPTH.get(type(token), 0)
        problem = "is nested too deeply" if depth > _DEEPEST else _FORBIDDEN.get(type(token))
        if problem:
            raise SoakUsageError(f"{source}:{token.start_mark.line + 1}", problem)


def _plain(node: yaml.Node, path: Path_, lines: dict[Path_, int], source: str) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(n, (*path, index), lines, source) for index, n in enumerate(node.value)]
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = _scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
        if not isinstance(key, str):
            raise SoakUsageError(f"{source}:{line}", "keys must be plain names; quote the key")
        if key in found:
            raise SoakUsageError(f"{source}:{line}", f"duplicate key {key!r}; keep one of them")
        lines[*path, key] = line
        found[key] = _plain(value_node, (*path, key), lines, source)
    return found


def _scalar(node: yaml.ScalarNode) -> Any:
    text = str(node.value)
    if node.style is not None:  # quoted, or a block
        return text
    if text in _WORDS:
        return _WORDS[text]
    if infinite := _INFINITE.fullmatch(text):
        return float(f"{infinite[1]}inf")
    if not _NUMBER.fullmatch(text):
        return text
    return _whole_number(text) if text.lstrip("+-").isdecimal() else float(text)


def _whole_number(text: str) -> float:
    return int(text) if len(text) <= _MOST_DIGITS else float(text)


def validate(model: type[Model], document: Document, at: Path_ = ()) -> Model:
    """Build `model` from what stands at `at`; the first thing wrong is a one-line usage error."""
    data = document.data
    for part in at:
        data = data[part]
    if not isinstance(data, dict):
        wanted = f"expected keys ({', '.join(_names(model))}), got {kind_of(data)}"
        document.fail(at, f"{_dotted(at)}: {wanted}" if at else wanted)
    try:
        return model.model_validate(data, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        document.fail((*at, *first["loc"]), _problem(model, at, first))


def _problem(model: type[BaseModel], at: Path_, error: ErrorDetails) -> str:
    where, kind, value = error["loc"], error["type"], error["input"]
    dotted = _dotted((*at, *where))
    if kind == "extra_forbidden":
        names = _names(model, where[:-1])
        remedy = unless(str(where[-1]), value, names) or nearest(str(where[-1]), names)
        return f"unknown key {dotted!r}; {remedy}"
    if kind == "missing":
        return f"missing key {dotted!r}"
    if kind == "model_type":
        wanted = f"keys ({', '.join(_names(model, where))})"
    elif kind in ("too_short", "too_long"):
        least, most = error["ctx"].get("min_length"), error["ctx"].get("max_length")
        wanted = f"{least} or more entries" if kind == "too_short" else f"at most {most} entries"
    else:
        wanted = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    got = "" if isinstance(value, dict) else f", got {show(value)}"
    return f"{dotted}: expected {wanted}{got}" if dotted else f"expected {wanted}{got}"


def _dotted(where: Path_) -> str:
    return ".".join(str(part) for part in where)


def _names(model: Any, where: Path_ = ()) -> list[str]:
    """The keys of `model`, or of the model that it has at `where`."""
    for part in where:
        fields = getattr(model, "model_fields", None)
        model = fields[part].annotation if fields else get_args(model)[-1]
        if type(None) in get_args(model):  # an optional model
            model = get_args(model)[0]
    return [field.alias or name for name, field in model.model_fields.items()]


def kind_of(value: object) -> str:
    """What `value` is, in words that a YAML or JSON author knows."""
    if value is None:
        return "nothing"
    words = {dict: "a mapping", list: "a list", str: "text", bool: "a truth value"}
    return words.get(type(value), f"the number {show(value)}")


def show(value: object) -> str:
    """`value` for an error message: one line, shortened."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    try:
        text = repr(value)
    except Exception:  # whatever a user's __repr__ raises, the message must come out
        text = f"a {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}..."
