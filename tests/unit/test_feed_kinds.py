"""What a value of a feed's field may be."""

from __future__ import annotations

import json
import math
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.observation import feed_kinds
from pytest_soak.observation.feed_kinds import Kind

KINDS = {name: kind for name, kind in vars(feed_kinds).items() if isinstance(kind, Kind)}
_VALUES = st.one_of(
    st.integers(-3, 130),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.text(max_size=3),
    st.lists(st.text(max_size=2), max_size=2),
    st.dictionaries(st.text(max_size=2), st.one_of(st.none(), st.floats(), st.booleans())),
)


def read(value: Any) -> Any:
    """A value as a line of JSON gives it, None where no line can."""
    try:
        return orjson.loads(json.dumps(value, allow_nan=False))
    except ValueError:
        return None


@given(st.sampled_from(sorted(KINDS)), st.lists(_VALUES.map(read), max_size=4))
def test_a_column_is_of_a_kind_where_each_of_its_values_is(name: str, values: list[Any]) -> None:
    kind = KINDS[name]
    column = kind.checked(values)
    assert (column is not None) == all(kind.holds(value) for value in values)
    assert column is None or column.tolist() == values


@given(st.sampled_from(sorted(KINDS)), _VALUES.map(read))
def test_a_value_is_of_a_kind_where_its_schema_takes_it(name: str, value: Any) -> None:
    kind = KINDS[name]
    valid = jsonschema.Draft202012Validator(kind.schema()).is_valid(value)
    whole = isinstance(value, float) and value == int(value) if valid else False
    if not (whole and float not in kind.types):  # to JSON Schema 1.0 is a whole number
        assert kind.holds(value) == valid


@pytest.mark.parametrize("value", [2**63, 10**400, -(10**400), 1e308 * 10, math.nan])
def test_what_no_column_can_hold_is_of_no_kind(value: Any) -> None:
    assert not feed_kinds.COUNT.holds(value)
    assert isinstance(value, int) or not feed_kinds.NUMBER.holds(value)
