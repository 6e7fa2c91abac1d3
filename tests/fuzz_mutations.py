"""Documents made wrong in the ways that files go wrong, and in the ways that attackers think of."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

Mutation = Callable[[random.Random, bytes], bytes]

FRAGMENTS = [
    *(b'"\\U00110000"', b'"\\Udeadbeef"', b"%YAML 1." + b"9" * 5000 + b"\n--- "),
    *(b"NaN", b"Infinity", b"-Infinity", b".nan", b"-.inf", b"1e999", b"-0", b"1e-400", b"0x1F"),
    *(b"9" * 400, b"9" * 5000, b"1." + b"0" * 400, b"1_000", b"010", b"8:30", b"1:" * 3000),
    *(b"null", b"~", b"true", b"yes", b"[]", b"{}", b'""', b"''", b"\\", b'"', b"'", b"#"),
    *(b"\x00", b"\x7f", b"\x1b[31m", b"\r", b"\r\n", b"\t", b"\xc2\x85", b"\xe2\x80\xa8"),
    *(
        b'"\\ud800"',
        b'"\\u0000"',
        b"\xed\xa0\x80",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xf0\x9f\x92\xa9",
    ),
    *(b"!!python/object/apply:os.system ['true']", b"!!binary aGk=", b"!<x>", b"!!int ", b"%YAML"),
    *(b"&a ", b"*a", b"<<: ", b"&a [*a]", b"? ", b"- ", b": ", b"|\n", b">-\n", b"---\n", b"...\n"),
    *(b"[" * 60, b"{" * 60, b"[" * 30_000, b'{"a":' * 30_000, b"- " * 200, b"a: " * 50),
    *(b"x" * 100_000, b"a: &a [x,x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n", b"../../etc/passwd", b"@"),
]

VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1, 1.5, -0.0, 1e308, -1e308, 5e-324, 10**19, 10**400),
    *(float("nan"), float("inf"), float("-inf"), "", "NaN", "1", ">= 2", "< nan", ">= 1e999"),
    *("\ud800", "\x00", "\x1b[2J", "two\nlines", "\u2028", "\u202e", "x" * 10_000, "..", "a/b"),
    *([], {}, [[]], [None], {"": 0}, {"a": {"a": {"a": {}}}}, {"\ud800": 1}, {"k" * 5000: 1}),
    *("pytest-soak/iter-summary/1", "pytest-soak/final-summary/2", "soak", "calm", 2**63, -(2**63)),
]


def mutate(rng: random.Random, document: bytes) -> bytes:
    """`document` after one to four mutations; now and then something else altogether."""
    if rng.random() < 0.02:
        return rng.choice(FRAGMENTS) * rng.choice([1, 1, 3, 200])
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 4])):
        document = rng.choice(MUTATIONS)(rng, document)
    return document[:2_000_000]


def _flip(rng: random.Random, document: bytes) -> bytes:
    changed = bytearray(document or b"x")
    for _ in range(rng.choice([1, 1, 2, 8])):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _truncate(rng: random.Random, document: bytes) -> bytes:
    return document[: rng.randrange(len(document) + 1)]


def _cut(rng: random.Random, document: bytes) -> bytes:
    first, last = _span(rng, document)
    return document[:first] + document[last:]


def _repeat(rng: random.Random, document: bytes) -> bytes:
    first, last = _span(rng, document)
    return document[:first] + document[first:last] * rng.choice([2, 2, 3, 50]) + document[last:]


def _insert(rng: random.Random, document: bytes) -> bytes:
    at = rng.randrange(len(document) + 1)
    return document[:at] + rng.choice(FRAGMENTS) + document[at:]


def _replace_word(rng: random.Random, document: bytes) -> bytes:
    words = document.split(b" ")
    words[rng.randrange(len(words))] = rng.choice(FRAGMENTS)
    return b" ".join(words)


def _lines(rng: random.Random, document: bytes) -> bytes:
    lines = document.splitlines(keepends=True) or [b""]
    one, two = rng.randrange(len(lines)), rng.randrange(len(lines))
    kind = rng.randrange(4)
    if kind == 0:
        lines.insert(two, lines[one])
    elif kind == 1:
        lines[one], lines[two] = lines[two], lines[one]
    elif kind == 2:
        lines[one] = rng.choice([b" ", b"\t", b"   "]) + lines[one]
    else:
        del lines[one]
    return b"".join(lines)


def _encode(rng: random.Random, document: bytes) -> bytes:
    text = document.decode("utf-8", "replace")
    encoding = rng.choice(["utf-16", "utf-16-le", "utf-32", "latin-1", "utf-7", "utf-8-sig"])
    return text.encode(encoding, "replace")


def _newlines(rng: random.Random, document: bytes) -> bytes:
    return document.replace(b"\n", rng.choice([b"\r\n", b"\r", b"", b"\n\n", b"\x0b", b"\x00"]))


def _restructure(rng: random.Random, document: bytes) -> bytes:
    """Change the data, then write it out as JSON, which is YAML too."""
    data = _data(document)
    if data is None:
        return _insert(rng, document)
    try:
        for _ in range(rng.choice([1, 1, 2, 5])):
            data = _changed(rng, data)
        text = json.dumps(data, ensure_ascii=rng.random() < 0.9, skipkeys=True, default=str)
    except (ValueError, RecursionError):  # YAML can hold itself, and too long a number
        return _insert(rng, document)
    return text.encode("utf-8", "surrogatepass")


def _duplicate_key(rng: random.Random, document: bytes) -> bytes:
    """A key that stands there twice, which no data structure can hold."""
    text = document.decode("utf-8", "replace")
    keys = [index for index, char in enumerate(text) if char == ":"]
    if not keys:
        return document
    end = rng.choice(keys)
    start = max(text.rfind(char, 0, end) for char in "{,\n") + 1
    member = f"{text[start:end]}: {rng.choice(['1', 'null', '[]'])}, "
    return (text[:start] + member + text[start:]).encode()


def _data(document: bytes) -> Any:
    import yaml

    try:
        return json.loads(document)
    except (ValueError, RecursionError):
        pass
    try:
        return yaml.safe_load(document)
    except Exception:  # the document may already be mutated
        return None


def _changed(rng: random.Random, data: Any) -> Any:
    """`data` with one node below it replaced, removed, renamed or wrapped."""
    if not isinstance(data, dict | list) or not data or rng.random() < 0.08:
        return rng.choice([*VALUES, [data], {"overrides": data}, str(data)])
    if isinstance(data, list):
        index = rng.randrange(len(data))
        return [*data[:index], _changed(rng, data[index]), *data[index + 1 :]]
    key = rng.choice(list(data))
    kind = rng.random()
    if kind < 0.1:
        return {name: value for name, value in data.items() if name != key}
    if kind < 0.2:
        renamed = rng.choice([f"{key}x", "", "..", "\ud800", "schema", "k" * 3000, "a b", "\n"])
        return {renamed if name == key else name: value for name, value in data.items()}
    if kind < 0.25:
        return {**data, rng.choice(["extra", "schema", "overrides", ""]): rng.choice(VALUES)}
    return {**data, key: _changed(rng, data[key])}


def _span(rng: random.Random, document: bytes) -> tuple[int, int]:
    first = rng.randrange(len(document) + 1)
    return first, min(len(document), first + rng.choice([1, 2, 8, 40, 400]))


MUTATIONS: list[Mutation] = [
    *(_flip, _truncate, _cut, _repeat, _insert, _insert, _replace_word, _replace_word),
    *(_lines, _encode, _newlines, _duplicate_key),
    *[_restructure] * 8,
]
