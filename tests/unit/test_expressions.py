from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.gates.expressions import Expression, check_reach, parse, parse_share

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


@pytest.mark.parametrize(
    ("fails", "warns", "low", "high", "problem"),
    [
        ("<= 40", None, 0, 1, "can miss, not '<= 40'; did you mean '<= 0.4'?"),
        (">= 0", None, 0, math.inf, "a limit that some value of 0 or more can miss, not '>= 0'"),
        ("< 0", None, 0, math.inf, "can meet, not '< 0'"),
        ("== 2", None, 0, 1, "from 0 to 1 can meet, not '== 2'"),
        ("!= 2", None, 0, 1, "from 0 to 1 can miss, not '!= 2'"),
        (None, "<= 1", 0, 1, "can miss, not '<= 1'"),
        (">= 2.0", ">= 1.5", -math.inf, math.inf, "'>= 2.0' meets '>= 1.5' too, so it can never"),
        ("<= 0.5", "<= 0.5", 0, 1, "so it can never warn"),
        ("<= 0.5", "> 0.6", 0, 1, "'> 0.6' shuts out the rest"),
    ],
)
def test_limits_that_cannot_decide_are_refused(
    fails: str | None, warns: str | None, low: float, high: float, problem: str
) -> None:
    fail_unless, warn_unless = (None if text is None else parse(text) for text in (fails, warns))
    with pytest.raises(ValueError, match=re.escape(problem)):
        check_reach(fail_unless, warn_unless, low, high)


limits = st.floats(-2, 3).map(lambda x: round(x, 1))
symbols = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
expressions = st.builds(lambda s, x: parse(f"{s} {x}"), symbols, limits)


@given(st.none() | expressions, st.none() | expressions)
def test_limits_pass_exactly_when_every_verdict_can_be_given(
    fails: Expression | None, warns: Expression | None
) -> None:
    values = [x / 1000 for x in range(1001)]
    wanted = {"PASS"} | ({"FAIL"} if fails else set()) | ({"WARN"} if warns else set())
    seen = {
        "FAIL"
        if fails and not fails.holds(v)
        else "WARN"
        if warns and not warns.holds(v)
        else "PASS"
        for v in values
    }
    alone = [e for e in (fails, warns) if e and len({e.holds(v) for v in values}) == 1]
    try:
        check_reach(fails, warns, 0.0, 1.0)
    except ValueError:
        assert seen != wanted or alone
    else:
        assert seen == wanted


@pytest.mark.parametrize("text", ["<= 10 %", "<= 10%", "== 0"])
def test_a_share_may_be_a_percentage(text: str) -> None:
    assert parse_share(text).percent == ("%" in text)
    if "%" in text:
        with pytest.raises(ValueError, match="a number without %"):
            parse(text)
