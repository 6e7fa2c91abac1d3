from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.canonical import compact, dumps, state_hash

finite = st.floats(allow_nan=False, allow_infinity=False)
overrides = st.dictionaries(st.text(st.characters(codec="utf-8")), finite)
json_data = st.recursive(
    st.none() | st.booleans() | finite | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=8,
)


def test_the_hash_is_sha256_of_the_rfc_8785_form() -> None:
    form = b'{"a":1,"b":0.15,"c":1e-7,"d":60000}'
    values = {"d": 60000.0, "b": 0.15, "c": 1e-7, "a": 1.0}
    assert state_hash(values) == hashlib.sha256(form).hexdigest()


@given(overrides, st.randoms())
def test_the_hash_does_not_depend_on_order(values: dict[str, float], random: Any) -> None:
    items = list(values.items())
    random.shuffle(items)
    assert state_hash(dict(items)) == state_hash(values)


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_one_and_one_point_zero_hash_the_same(number: int) -> None:
    assert state_hash({"x": number}) == state_hash({"x": float(number)})


@given(overrides, finite)
def test_another_value_is_another_hash(values: dict[str, float], value: float) -> None:
    changed = values | {"x": value}
    assert (state_hash(changed) == state_hash(values)) == (values.get("x") == value)


@given(overrides)
def test_the_hash_survives_writing_and_reading(values: dict[str, float]) -> None:
    assert state_hash(json.loads(dumps(values))) == state_hash(values)


@given(json_data)
def test_json_is_sorted_ends_with_a_newline_and_reads_back(value: Any) -> None:
    text = dumps(value)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert json.loads(text) == value
    assert text == dumps(json.loads(text))
    line = compact(value)
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line) == value


def test_keys_are_sorted_at_every_depth() -> None:
    assert dumps({"b": {"d": 1, "c": 2}, "a": 3}) == dumps({"a": 3, "b": {"c": 2, "d": 1}})
    assert compact({"b": {"d": 1, "c": 2}, "a": 3}) == '{"a": 3, "b": {"c": 2, "d": 1}}'


@pytest.mark.parametrize("write", [dumps, compact])
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_json_has_no_number_for_is_never_written(write: Any, number: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        write({"x": [number]})


@pytest.mark.parametrize("value", [(math.nan,), [(1.0, (math.inf,))], {"a": ({"b": -math.inf},)}])
def test_no_number_that_json_lacks_is_written_wherever_it_stands(value: Any) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        dumps(value)


@pytest.mark.parametrize(("number", "bits"), [(2**64, 65), (-(2**63) - 1, 64), (10**400, 1329)])
def test_a_whole_number_that_not_every_reader_has_is_named(number: int, bits: int) -> None:
    with pytest.raises(ValueError, match=f"a whole number of {bits} bits, 64 at most"):
        dumps({"a": [number]})
    assert json.loads(dumps({"a": 2**64 - 1, "b": -(2**63)})) == {"a": 2**64 - 1, "b": -(2**63)}
