from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from pytest_soak.kpi.summary import Summary, checked, summary_of
from pytest_soak.number import number, whole


class Moody:
    """Becomes another number each time it is asked."""

    asked = 0

    def __float__(self) -> float:
        self.asked += 1
        return 3.0 if self.asked == 1 else math.nan


class Odd(float):
    """A float that says it is another."""

    asked = 0

    def __float__(self) -> float:
        self.asked += 1
        return 2.0 if self.asked == 1 else math.nan


NUMBERS: list[tuple[Any, float]] = [
    (3, 3.0),
    (2.5, 2.5),
    (Decimal("2.5"), 2.5),
    (Fraction(5, 2), 2.5),
    (np.int8(3), 3.0),
    (np.uint64(3), 3.0),
    (np.float16(2.5), 2.5),
    (np.float32(2.5), 2.5),
    (np.longdouble(2.5), 2.5),
    (10**400, math.inf),
    (-(10**400), -math.inf),
    (Decimal("-1e999"), -math.inf),
]
OTHERS: list[tuple[Any, str]] = [
    (True, "bool True"),
    (np.bool_(False), "bool"),
    (b"3", "bytes b'3'"),
    (bytearray(b"3"), "bytearray"),
    ("3", "str '3'"),
    (3 + 0j, "complex (3+0j)"),
    (np.complex128(3), "complex128"),
    (np.array(3.0), "ndarray array(3.)"),
    (np.array([3.0]), "ndarray array([3.])"),
    (np.timedelta64(3, "s"), "timedelta64"),
    ([3.0], "list [3.0]"),
    (Moody(), "Moody"),
]


@pytest.mark.parametrize(("value", "as_float"), NUMBERS)
def test_a_number_is_taken_whatever_its_type(value: Any, as_float: float) -> None:
    found = number(value)
    assert type(found) is float
    assert found == as_float


@pytest.mark.parametrize(("value", "told"), OTHERS)
def test_what_is_no_number_is_a_fault_that_names_its_type(value: Any, told: str) -> None:
    assert number(value) is None
    assert whole(value) is None
    for found in (
        summary_of({"net_bps": value}, ("net_bps",)),
        checked(Summary.model_construct(kpis={"net_bps": value})),
    ):
        assert found.kpis["net_bps"] is None
        assert found.faults[0].startswith(f"net_bps: expected a number, got {told}")
    with pytest.raises(ValidationError, match="net_bps: expected a number, got"):
        Summary(kpis={"net_bps": value})


def test_a_summary_holds_floats_alone() -> None:
    found = Summary(kpis={"a": 3, "b": Decimal("2.5"), "c": np.float32(2.5), "d": None})
    assert [type(value) for value in found.kpis.values()] == [float, float, float, type(None)]


def test_a_value_is_converted_once() -> None:
    value = Odd(9.0)
    assert summary_of({"net_bps": value}, ("net_bps",)).kpis == {"net_bps": 2.0}
    assert value.asked == 1


@pytest.mark.parametrize("value", [Decimal("sNaN"), Decimal("NaN"), np.float64("nan")])
def test_what_is_not_a_number_by_its_value_is_nan(value: Any) -> None:
    assert math.isnan(number(value) or 0.0)
    assert whole(value) is None


@example(Fraction(2**53 + 1, 2))
@given(st.one_of(st.integers(-(2**62), 2**62), st.floats(-1e15, 1e15), st.fractions()))
def test_a_whole_number_has_no_fraction(value: Any) -> None:
    assert whole(value) == (int(value) if value == int(value) else None)
