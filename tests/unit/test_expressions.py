from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.gates.expressions import parse

numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(limit=numbers, value=numbers)
def test_an_expression_holds_as_its_operator_says(limit: float, value: float) -> None:
    assert parse(f">= {limit!r}").holds(value) == (value >= limit)
    assert parse(f"<{limit!r}").holds(value) == (value < limit)
    assert parse(f"!= {limit!r}").holds(value) == (value != limit)


@given(limit=numbers)
def test_nothing_holds_of_nan(limit: float) -> None:
    assert not any(parse(f"{op} {limit!r}").holds(math.nan) for op in ("<", ">", "<=", ">=", "!="))


@pytest.mark.parametrize(
    "text", ["", "2.0", ">=", ">= x", "=> 2", ">= nan", ">= inf", ">= 1 2", ">= --1"]
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="operator"):
        parse(text)
