from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from builders import attempt, usage_error
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from pytest_soak.config.documents import (
    Document,
    kind_of,
    parse_json,
    parse_yaml,
    read_document,
    show,
    validate,
)
from pytest_soak.config.parameters import Parameter, ParameterTable
from pytest_soak.gates.model import Gate

plain = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
short = st.text(max_size=10)  # escaped, a longer key passes the 128 characters that YAML allows
json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(short, inner, max_size=3),
    max_leaves=8,
)
words = ["a: ", "- ", "? ", "1e-3", ".nan", "&x ", "*x", "!!int ", "<<", "--- ", "  "]
yaml_like = st.lists(st.sampled_from([*words, *":[]{},|>#!%~'\"\n\t"]), max_size=14).map("".join)


def is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_plain(v) for key, v in value.items())
    if isinstance(value, list):
        return all(is_plain(item) for item in value)
    return value is None or type(value) in (str, bool, int, float)


@settings(max_examples=100)
@given(st.text() | yaml_like)
@example("!!bool maybe")
@example('!!int ""')
@example("!!timestamp never")
@example("a: 2001-99-99")
@example("1:1:" + "1:" * 5000 + "1")
@example("0x" + "f" * 6000)
@example("[" * 4000)
@example("- " * 4000)
@example("\ud800")
@example("a: \x00")
def test_any_text_as_yaml_is_plain_data_or_one_line_of_usage_error(text: str) -> None:
    document, message = attempt(lambda: parse_yaml(text, "x.yaml"))
    assert is_plain(document.data) if document else message.startswith("x.yaml")


@settings(max_examples=100)
@given(st.text() | json_values.map(json.dumps) | st.text(alphabet='{}[]",:0123456789.eE+-'))
@example("[" * 200_000)
@example("9" * 5000)
@example('{"a": NaN}')
def test_any_text_as_json_is_plain_data_or_one_line_of_usage_error(text: str) -> None:
    document, message = attempt(lambda: parse_json(text, "x.json"))
    assert is_plain(document.data) if document else message.startswith("x.json")


@settings(max_examples=60)
@given(content=st.binary(), suffix=st.sampled_from([".json", ".yaml"]))
def test_any_bytes_as_a_file_are_plain_data_or_one_line_of_usage_error(
    content: bytes, suffix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(content)
    document, message = attempt(lambda: read_document(path, "file"))
    assert is_plain(document.data) if document else message.startswith("file")


@given(json_values)
def test_json_reads_back_what_was_written(value: Any) -> None:
    assert parse_json(json.dumps(value), "x").data == value


@given(value=json_values.filter(lambda v: isinstance(v, dict | list)))
def test_json_is_yaml_with_the_same_meaning(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=True).replace("\\ud", "\\ue")
    assert parse_yaml(text, "x").data == json.loads(text)


@settings(max_examples=100)
@given(plain)
def test_any_data_validates_or_is_one_line_of_usage_error(data: Any) -> None:
    document = Document("x", data)
    for read in (Gate, Parameter):
        made, message = attempt(partial(validate, read, document))
        assert isinstance(made, read) or message.startswith("x: ")
    table, message = attempt(lambda: ParameterTable.from_document(document))
    assert table or message.startswith("x: ")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("-1.5E+2", -150.0),
        (".5", 0.5),
        ("7", 7),
        ("-0", 0),
        ("010", 10),
        ("8:30", "8:30"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("2001-01-01", "2001-01-01"),
        ("0x1F", "0x1F"),
        ('"1"', "1"),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        ("9" * 400, math.inf),
    ],
)
def test_a_yaml_scalar_is_what_the_core_schema_says(text: str, value: object) -> None:
    found = parse_yaml(f"a: {text}", "x").data["a"]
    assert found == value
    assert type(found) is type(value)


def test_nan_in_yaml_is_read_so_that_its_key_can_be_named() -> None:
    assert math.isnan(parse_yaml("a: .nan", "x").data["a"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "x:3: duplicate key 'a'; keep one of them"),
        ("a:\n  b: 1\n  b: 1", "x:3: duplicate key 'b'; keep one of them"),
        ("a: 1\nb: !!str 2", "x:2: YAML tags are not allowed; use plain values"),
        ("a: 1\nb: !mine {c: 1}", "x:2: YAML tags are not allowed; use plain values"),
        ("a: &x 1", "x:1: anchors and aliases are not allowed; write the value out"),
        ("b: 1\na: *x", "x:2: anchors and aliases are not allowed; write the value out"),
        ("a: 1\n2: b", "x:2: keys must be plain names; quote the key"),
        ("[1]: b", "x:1: keys must be plain names; quote the key"),
        ("true: b", "x:1: keys must be plain names; quote the key"),
        ("[" * 4000, "x:1: is nested too deeply"),
        ("a:\n  " + "- " * 4000, "x:2: is nested too deeply"),
    ],
)
def test_what_yaml_allows_but_we_do_not_is_named_with_its_line(text: str, message: str) -> None:
    assert usage_error(lambda: parse_yaml(text, "x")) == message


@pytest.mark.parametrize("text", ["a: [1", "a: 'b", "a: b: c", "\ta: 1", "--- a\n--- b"])
def test_broken_yaml_says_so(text: str) -> None:
    assert "is not valid YAML" in usage_error(lambda: parse_yaml(text, "x"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "a": 2}', "x: duplicate key 'a'; keep one of them"),
        ("NaN", "x: NaN is not a number that JSON allows"),
        ('{"a": -Infinity}', "x: -Infinity is not a number that JSON allows"),
        ('{"a": 1,}', " (column "),
        ('{"a":\n1,,}', "x:2: is not valid JSON"),
        ("", "x: is not valid JSON"),
        ("[" * 200_000, "x: is nested too deeply"),
    ],
)
def test_bad_json_says_what_is_wrong_and_where(text: str, message: str) -> None:
    assert message in usage_error(lambda: parse_json(text, "x"))


def test_a_missing_file_a_folder_and_no_utf8_are_usage_errors(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9")
    gone = usage_error(lambda: read_document(tmp_path / "gone.yaml", "gone"))
    folder = usage_error(lambda: read_document(tmp_path, "folder"))
    latin = usage_error(lambda: read_document(tmp_path / "latin.yaml", "latin"))
    assert gone == "gone: cannot be read: No such file or directory"
    assert folder == "folder: cannot be read: Is a directory"
    assert latin == "latin: is not UTF-8 text (byte 3)"
    assert "null" in usage_error(lambda: read_document(Path("a\0b"), "nul"))


def test_a_byte_order_mark_is_no_part_of_the_data(tmp_path: Path) -> None:
    (tmp_path / "bom.yaml").write_bytes(b"\xef\xbb\xbfa: 1")
    (tmp_path / "bom.json").write_bytes(b'\xef\xbb\xbf{"a": 1}')
    for name in ("bom.yaml", "bom.json"):
        assert read_document(tmp_path / name).data == {"a": 1}


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    colour: str
    size: list[int] = []


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    count: int = 0
    items: list[Inner] = []
    named: dict[str, list[Inner]] = {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "x: expected keys (name, count, items, named), got nothing"),
        ("[1]", "x:1: expected keys (name, count, items, named), got a list"),
        ("word", "x:1: expected keys (name, count, items, named), got text"),
        ("3", "x:1: expected keys (name, count, items, named), got the number 3"),
        ("nam: a", "x:1: missing key 'name'"),
        ("name: a\ncuont: 1", "x:2: unknown key 'cuont'; did you mean 'count'?"),
        ("name: a\nzzz: 1", "x:2: unknown key 'zzz'; known: count, items, name, named"),
        ("name: a\ncount: '1'", "x:2: count: expected a valid integer, got '1'"),
        ("name: a\ncount: true", "x:2: count: expected a valid integer, got True"),
        (
            "name: a\nitems:\n  - colour: red\n  - color: red\n    colour: b",
            "x:4: unknown key 'items.1.color'; did you mean 'colour'?",
        ),
        (
            "name: a\nnamed:\n  b:\n    - colour: red\n      sise: []",
            "x:5: unknown key 'named.b.0.sise'; did you mean 'size'?",
        ),
        ("name: a\nitems: [{}]", "x:2: missing key 'items.0.colour'"),
    ],
)
def test_the_first_thing_wrong_is_named_with_line_key_value_and_what_was_expected(
    text: str, message: str
) -> None:
    assert usage_error(lambda: validate(Outer, parse_yaml(text, "x"))) == message


def test_control_characters_in_a_key_do_not_reach_the_terminal() -> None:
    message = usage_error(lambda: validate(Outer, Document("a\nb", {"name": "", "\x1b[2J": 1})))
    assert message.startswith("a b: unknown key")
    assert "\x1b" not in message


def test_a_value_is_shown_short_whatever_it_is() -> None:
    class Rude:
        def __repr__(self) -> str:
            raise RuntimeError

    assert show("x" * 1000) == "'" + "x" * 56 + "..."
    assert show(Rude()) == "a Rude"
    assert show(int("f" * 6000, 16)) == "a int"
    assert show(math.nan) == "nan"
    assert kind_of(True) == "a truth value"


@pytest.mark.parametrize("parse", [parse_json, parse_yaml])
@pytest.mark.parametrize("text", ['{"a": "\\ud800"}', '{"\\udfff": 1}', '["\\ud800x"]'])
def test_half_a_pair_of_surrogates_is_no_text(
    parse: Callable[[str, str], Document], text: str
) -> None:
    assert "is not a character; write it out" in usage_error(lambda: parse(text, "x"))


def test_a_whole_pair_of_surrogates_is_a_character() -> None:
    assert parse_json('["\\ud83d\\ude00"]', "x").data == ["\U0001f600"]


@pytest.mark.parametrize(
    "text", ['"\\U00110000"', '"\\Udeadbeef"', "%YAML 1." + "9" * 5000 + "\n--- a"]
)
def test_a_number_that_yaml_cannot_hold_is_a_usage_error(text: str) -> None:
    message = usage_error(lambda: parse_yaml(text, "x.yaml"))
    assert message.startswith("x.yaml: is not valid YAML")


def test_a_very_long_name_leaves_a_message_that_can_be_read() -> None:
    text = json.dumps(
        {"name": "x", "thresholds": [{"metric": "m", "warn_unless": ">1"}], "k" * 5000: 1}
    )
    message = usage_error(lambda: validate(Gate, parse_json(text, "x")))
    assert len(message) < 400
    assert message.endswith(
        "known: description, drift, failed, final, grace, markets, min_final, name, thresholds"
    )
