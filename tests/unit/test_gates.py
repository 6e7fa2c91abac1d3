from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from builders import gate, nets, sample, usage_error
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pytest_soak.config.documents import parse_yaml, validate
from pytest_soak.gates.engine import (
    Sample,
    Verdict,
    history_needed,
    judge,
    metrics_of,
    worst,
)
from pytest_soak.gates.evidence import Evidence, judge_final
from pytest_soak.gates.expressions import parse
from pytest_soak.gates.model import (
    Failed,
    Gate,
    OnMarket,
    Threshold,
    gate_shelf,
    load_gate,
    load_gates,
)
from pytest_soak.kpi.definitions import KNOWN, KPIS
from pytest_soak.kpi.spans import SPAN_KPIS

NOWHERE = Path("/nowhere")
PASS, WARN, FAIL = Verdict.PASS, Verdict.WARN, Verdict.FAIL

# When a gate *fails / warns*.
TABLE: dict[str, dict[str, tuple[str | None, str | None]]] = {
    "soak": {
        "risk_ratio": ("> 0.50", "> 0.40"),
        "maker_taker_ratio": ("< 0.85", "< 0.90"),
        "net_bps": ("< 2.0", "< 2.7"),
        "p95_latency_ms": ("> 400", "> 350"),
        "adverse_bps_p95": (None, "> 8.0"),
        "net_quote": (None, "<= 0"),
        "num_fills": (None, "< 50"),
    },
    "smoke": {
        "risk_ratio": ("> 0.8", None),
        "maker_taker_ratio": ("< 0.5", None),
        "net_bps": ("<= -10", None),
    },
    "release": {
        "risk_ratio": ("> 0.42", None),
        "maker_taker_ratio": ("< 0.85", None),
        "net_bps": ("< 2.7", None),
        "p95_latency_ms": ("> 350", None),
    },
    "last8": {
        "risk_ratio": ("> 0.40", None),
        "maker_taker_ratio": ("< 0.83", None),
        "net_bps": ("< 2.8", None),
        "p95_latency_ms": ("> 340", None),
        "net_quote": ("<= 0", None),
        "num_fills": ("< 50", None),
        "drawdown_ratio": ("> 0.25", None),
    },
    "shadow": {
        "md_cache_hit_ratio": ("< 0.7", None),
        "fetch_md_p95_ms": ("> 35", None),
        "tick_total_p95_ms": ("> 150", None),
        "deadline_miss_ratio": (">= 0.02", None),
    },
    "ci_baseline": {
        "md_cache_hit_ratio": ("< 0.6", None),
        "deadline_miss_ratio": ("> 0.02", None),
    },
    "leak": {
        "rss_growth_mb_per_h": ("> 100", None),
        "fds_growth_per_h": ("> 10", None),
    },
    "exchange": {
        "isolation": ("< 1", None),
        "signed_requests": ("< 1", None),
        "position_gap_base": ("> 0", None),
        "unknown_open_orders": ("> 0", None),
        "believed_open_closed": ("> 0", None),
        "repeated_intents": ("> 0", None),
        "requests_over_limit": ("> 10", "> 0"),
        "quotes_again_s": ("> 60", "> 30"),
        "book_age_p95_ms": ("> 5000", "> 1000"),
        "book_age_max_ms": ("> 10000", None),
        "book_wrong_u": ("> 0", None),
        "crossed_book_s": ("> 5", "> 0"),
        "unknown_endpoints": (None, "> 0"),
    },
}
GRACE = {"soak": 4, **dict.fromkeys(set(TABLE) - {"soak"}, 0)}
NO_DATA = {
    **dict.fromkeys((("leak", metric) for metric in TABLE["leak"]), "warn"),
    ("exchange", "quotes_again_s"): "warn",
}
LEAST = {"shadow": 1000, "ci_baseline": 1000}
"""How many ticks a threshold's value is of at least, where it asks for any."""
IN_A_ROW = {("soak", "net_bps"): (3, ">= -3")}
"""How many iterations a threshold must be missed for, and what fails at once, where it says so."""
OVER = {("last8", "drawdown_ratio"): 8}
"""How many iterations a value is of, where it is not one."""


def builtin(name: str) -> Gate:
    return load_gate(name, gate_shelf(NOWHERE), NOWHERE, "test", known={*KNOWN, *SPAN_KPIS})


def threshold(**given: Any) -> Threshold:
    return Threshold(**({"metric": "net_bps", "fail_unless": ">= 2"} | given))


@pytest.mark.parametrize("name", TABLE)
def test_a_builtin_gate_is_that_of_the_specification(name: str) -> None:
    found = builtin(name)
    assert found.grace == GRACE[name]
    assert [t.metric for t in found.thresholds] == list(TABLE[name])
    for t in found.thresholds:
        fails, warns = TABLE[name][t.metric]
        for unless, when in ((t.fail_unless, fails), (t.warn_unless, warns)):
            assert (unless is None) == (when is None)
            if unless is not None and when is not None:
                limit = parse(when).limit
                for value in (limit, math.nextafter(limit, -99), math.nextafter(limit, 999)):
                    assert parse(unless).holds(value) != parse(when).holds(value)
        assert (t.min_samples, t.no_data) == (
            LEAST.get(name),
            NO_DATA.get((name, t.metric), "fail"),
        )
        assert t.window == OVER.get((name, t.metric), 1)
        assert (t.for_, t.fail_at_once) == IN_A_ROW.get((name, t.metric), (1, None))


def test_the_shelf_has_the_gates_of_the_specification_and_no_other() -> None:
    assert gate_shelf(NOWHERE).names() == sorted([*TABLE, "no_worse"])


def test_no_worse_is_that_of_the_specification() -> None:
    found = builtin("no_worse")
    assert [(t.metric, t.baseline, t.fail_unless) for t in found.on_baseline("calm")] == [
        ("risk_ratio", "relative", "<= +10 %"),
        ("maker_taker_ratio", "difference", ">= -0.02"),
        ("net_bps", "difference", ">= -0.2"),
        ("p95_latency_ms", "relative", "<= +10 %"),
        ("net_quote", "relative", ">= -10 %"),
    ]
    assert found.on("calm") == []


def test_a_limit_of_a_change_judges_no_lane_and_replaces_none_of_a_value() -> None:
    value = threshold(warn_unless=">= 2.7")
    change = threshold(baseline="difference", fail_unless=">= -0.2")
    other = threshold(baseline="relative", fail_unless=">= -10 %")
    asked = gate(value, change, markets={"spike": OnMarket(thresholds=[other])})
    assert asked.needs_baseline
    assert (asked.on("calm"), asked.on_baseline("calm")) == ([value], [change])
    assert (asked.on("spike"), asked.on_baseline("spike")) == ([value], [other])
    assert not gate(value).needs_baseline
    losing = judge(asked, "calm", [sample(net_bps=-5.0)])
    assert len(losing.checks) == 1


def test_the_end_of_a_soak_is_judged_by_its_gate_and_by_last8_other_gates_alone() -> None:
    finals = {
        name: [g.name for g in load_gates(name, gate_shelf(NOWHERE), NOWHERE, "test")]
        for name in TABLE
    }
    assert finals == {
        "soak": ["soak", "last8"],
        "smoke": ["smoke"],
        "release": ["release"],
        "last8": ["last8"],
        "leak": ["leak"],
        "shadow": ["shadow"],
        "ci_baseline": ["ci_baseline"],
        "exchange": ["exchange"],
    }


@pytest.mark.parametrize(
    ("value", "verdict"), [(3.0, PASS), (2.999, WARN), (2.0, WARN), (1.999, FAIL), (-5.0, FAIL)]
)
def test_a_value_fails_warns_or_passes(value: float, verdict: Verdict) -> None:
    found = judge(gate(threshold(warn_unless=">= 3")), "calm", nets(value))
    assert found.verdict is verdict
    assert found.checks[0].value == value


def test_a_reason_names_metric_value_and_threshold() -> None:
    found = judge(gate(threshold(warn_unless=">= 3")), "calm", nets(1.5))
    assert found.reasons() == ["net_bps = 1.5, fail unless >= 2 (test)"]
    assert judge(gate(threshold()), "calm", nets(2.5)).reasons() == []


def test_failing_reasons_come_first() -> None:
    found = judge(
        gate(threshold(metric="a", fail_unless=None, warn_unless="> 1"), threshold(metric="b")),
        "calm",
        [sample(a=0.0, b=0.0)],
    )
    assert [reason[0] for reason in found.reasons()] == ["b", "a"]


missing = st.sampled_from([None, math.nan, math.inf, -math.inf])


@given(value=missing, fails=st.sampled_from([None, "> -1e300", "< 1e300"]))
def test_what_is_no_number_fails_whatever_the_expressions(
    value: float | None, fails: str | None
) -> None:
    asked = threshold(fail_unless=fails, warn_unless="!= 7")
    found = judge(gate(asked), "calm", nets(value))
    assert found.verdict is FAIL
    assert found.no_data_failed
    assert found.checks[0].value is None
    assert found.reasons()[0].startswith("net_bps: no data (")


def test_a_metric_nobody_gave_fails_and_its_reason_is_told() -> None:
    assert judge(gate(), "calm", [Sample(values={})]).verdict is FAIL
    why = Sample(values={"net_bps": None}, reasons={"net_bps": "no fills"})
    assert judge(gate(), "calm", [why]).reasons() == ["net_bps: no data (no fills) (test)"]


def test_no_data_warns_where_the_gate_says_so() -> None:
    found = judge(gate(threshold(no_data="warn")), "calm", nets(None))
    assert found.verdict is WARN
    assert not found.no_data_failed


@pytest.mark.parametrize(("samples", "verdict"), [({"net_bps": 30}, PASS), ({"net_bps": 29}, FAIL)])
def test_too_few_samples_are_no_data(samples: dict[str, int], verdict: Verdict) -> None:
    asked = gate(threshold(min_samples=30))
    found = judge(asked, "calm", [Sample(values={"net_bps": 5.0}, samples=samples)])
    assert found.verdict is verdict
    assert found.no_data_failed == (verdict is FAIL)


def test_an_unknown_count_of_samples_is_too_few() -> None:
    found = judge(gate(threshold(min_samples=1)), "calm", nets(5.0))
    assert found.reasons() == ["net_bps: no data (sample count unknown, 1 needed) (test)"]


def test_a_window_judges_the_median_of_its_iterations() -> None:
    asked = gate(threshold(window=3))
    assert judge(asked, "calm", nets(9, 9, 0, 3, 1)).checks[0].value == 1
    assert judge(asked, "calm", nets(0, 0, 1, 9, 3)).verdict is PASS
    assert judge(asked, "calm", nets(1)).verdict is FAIL
    assert judge(asked, "calm", nets(9, None, 9, 9)).no_data_failed
    assert not judge(asked, "calm", nets(None, 9, 9, 9)).no_data_failed


def test_for_fails_only_what_lasted() -> None:
    asked = gate(threshold(warn_unless=">= 3", **{"for": 3}))
    verdicts = {
        (1, 1, 1): FAIL,
        (1, 1): PASS,
        (9, 1, 1): PASS,
        (2.5, 1, 1): WARN,
        (1, 1, 2.5): WARN,
        (9, 9, 1, 1, 1): FAIL,
        (1, 1, 1, 9): PASS,
        (None, 1, 1): FAIL,
    }
    assert {values: judge(asked, "calm", nets(*values)).verdict for values in verdicts} == verdicts


def test_one_value_beyond_what_fails_at_once_does_not_wait() -> None:
    asked = gate(threshold(fail_at_once=">= -1", **{"for": 3}))
    found = judge(asked, "calm", nets(9, 9, -1.5))
    assert found.verdict is FAIL
    assert found.reasons() == ["net_bps = -1.5, fail at once unless >= -1 (test)"]
    assert judge(asked, "calm", nets(9, 9, -1)).verdict is PASS
    assert judge(asked, "calm", nets(-9, 9, 9)).verdict is PASS


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"fail_at_once": ">= -1"}, "`for` of 2 or more and fail_unless beside fail_at_once"),
        (
            {"fail_at_once": ">= -1", "for": 2, "fail_unless": None, "warn_unless": ">= 3"},
            "`for` of 2 or more and fail_unless beside fail_at_once",
        ),
        ({"fail_at_once": ">= 3", "for": 2}, "fail_at_once to ask for less than fail_unless"),
        ({"fail_at_once": "below 3", "for": 2}, "an operator"),
        (
            {
                "metric": "risk_ratio",
                "fail_unless": "<= 0.5",
                "fail_at_once": "<= 1.5",
                "for": 2,
            },
            "a limit that some value from 0 to 1 can miss",
        ),
    ],
)
def test_what_fails_at_once_must_be_able_to(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(problem)):
        threshold(**fields)


def test_for_does_not_wait_for_data_that_is_missing() -> None:
    asked = gate(threshold(**{"for": 3}))
    assert judge(asked, "calm", nets(9, 9, None)).no_data_failed


def test_for_and_window_look_at_as_much_history_as_is_kept() -> None:
    asked = gate(threshold(window=7, **{"for": 5}))
    assert history_needed(asked) == 11
    assert history_needed(gate()) == 8
    in_block = gate(markets={"calm": OnMarket(thresholds=[threshold(window=20)])})
    assert history_needed(in_block) == 20


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=20), st.integers(1, 4), st.integers(1, 4))
def test_older_history_than_needed_never_changes_a_verdict(
    values: list[float], window: int, lasting: int
) -> None:
    asked = gate(threshold(window=window, warn_unless=">= 3", **{"for": lasting}))
    kept = values[-history_needed(asked) :]
    assert judge(asked, "calm", nets(*values)) == judge(asked, "calm", nets(*kept))


def test_a_market_block_replaces_the_thresholds_of_its_metrics_there_only() -> None:
    asked = gate(
        threshold(),
        threshold(metric="risk_ratio", fail_unless="<= 0.5"),
        markets={"spike": OnMarket(thresholds=[threshold(fail_unless=">= -1")])},
    )
    history = [sample(net_bps=0.0, risk_ratio=0.1)]
    assert judge(asked, "calm", history).verdict is FAIL
    assert judge(asked, "spike", history).verdict is PASS
    assert judge(asked, "spike", [sample(net_bps=0.0, risk_ratio=0.6)]).verdict is FAIL


verdicts = st.lists(st.sampled_from(list(Verdict)))


@given(verdicts, verdicts)
def test_the_worst_verdict_does_not_depend_on_order_or_grouping(
    a: list[Verdict], b: list[Verdict]
) -> None:
    assert worst([*a, *b]) == worst([*b, *a]) == worst([worst(a), worst(b)])
    assert worst([PASS, WARN]) is WARN
    assert worst([FAIL, WARN]) is FAIL
    assert worst([]) is PASS


def graded_nets(*values: float | None) -> Evidence:
    """Graded iterations of `net_bps`, of which none failed."""
    evidence = Evidence()
    for one in nets(*values):
        evidence = evidence.with_graded(one, None)
    return evidence


def test_the_end_is_judged_on_the_medians_of_the_last_eight() -> None:
    graded = graded_nets(0, 0, 0, 0, 9, 9, 9, 9, 9, 0, 0, 0)
    found = judge_final([gate()], "calm", graded)
    assert found.checks[0].value == 9
    assert found.note == "medians of its last 8 graded"
    three = judge_final([gate()], "calm", graded_nets(1, 2, 9))
    assert (three.checks[0].value, three.verdict) == (2, WARN)


def test_the_end_is_the_worst_of_all_its_gates_each_named() -> None:
    strict = Gate(name="strict", thresholds=[threshold(fail_unless=">= 4")])
    found = judge_final([gate(), strict], "calm", graded_nets(3.5))
    assert found.verdict is FAIL
    assert found.reasons() == ["net_bps = 3.5, fail unless >= 4 (strict)"]
    assert metrics_of(found.checks)["net_bps"].gate == "strict"
    assert metrics_of(found.checks[::-1])["net_bps"].gate == "strict"


def test_nothing_graded_is_a_warning_that_says_so() -> None:
    found = judge_final([gate()], "calm", Evidence())
    assert (found.verdict, found.note) == (WARN, "nothing graded yet")


def test_a_missing_value_among_the_graded_fails_the_end() -> None:
    assert judge_final([gate()], "calm", graded_nets(9, None, 9)).verdict is FAIL
    assert judge_final([gate()], "calm", graded_nets(*[None, *[9] * 8])).verdict is PASS


HEAD = "name: g\nthresholds:\n  - {metric: net_bps, fail_unless: '> 1'}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: g", "g.yaml:1: missing key 'thresholds'"),
        ("name: g\nthresholds: []", "g.yaml:2: thresholds: expected 1 or more entries, got []"),
        ("name: g\nthresholds: [{metric: a}]", "thresholds.0: expected fail_unless or warn_unless"),
        (HEAD + "  - {metric: a, fail_unles: '> 1'}", "g.yaml:4: unknown key 'thresholds.1.fail_"),
        (HEAD + "  - {metric: a, fail_unless: '1'}", "g.yaml:4: thresholds.1.fail_unless: expect"),
        (HEAD + "  - {metric: a, fail_unless: 1}", "g.yaml:4: thresholds.1.fail_unless: expected"),
        (HEAD + "  - {metric: a, warn_unless: '> 1', for: 0}", "thresholds.1.for: expected"),
        (HEAD + "  - {metric: a, warn_unless: '> 1', window: x}", "thresholds.1.window: expected"),
        (HEAD + "  - {metric: a, warn_unless: '> 1', min_samples: 0}", "min_samples: expected"),
        (HEAD + "  - {metric: a, warn_unless: '> 1', no_data: pass}", "expected 'fail' or 'warn'"),
        (HEAD + "grace: -1", "g.yaml:4: grace: expected greater than or equal to 0, got -1"),
        (HEAD + "grace: 1.5", "g.yaml:4: grace: expected"),
        (HEAD + "graze: 1", "g.yaml:4: unknown key 'graze'; did you mean 'grace'?"),
        (
            HEAD + "markets: {calm: []}",
            "g.yaml:4: markets.calm: expected keys (thresholds, failed)",
        ),
        (HEAD + "markets: {'a b': {}}", "g.yaml:4: markets: expected names of markets, got 'a b'"),
        (HEAD + "  - {metric: net_pbs, warn_unless: '> 1'}", "g.yaml:4: unknown metric 'net_pbs'"),
        (
            HEAD + "markets:\n  calm:\n    thresholds: [{metric: net_pbs, warn_unless: '> 1'}]",
            "g.yaml:6: unknown metric 'net_pbs'; did you mean 'net_bps'?",
        ),
    ],
)
def test_a_bad_gate_file_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text(text)
    shelf = gate_shelf(tmp_path)
    found = usage_error(lambda: load_gate("g.yaml", shelf, tmp_path, "--soak-gate", KPIS))
    assert message in found


def test_a_final_gate_that_is_none_is_named_with_who_asked_for_it(tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text(HEAD + "final: [last9]")
    shelf = gate_shelf(tmp_path)
    message = usage_error(lambda: load_gates("g.yaml", shelf, tmp_path, "cli"))
    looked = f"(yours are looked for in {tmp_path / 'gates'})"
    problem = f"cli: unknown gate 'last9'; did you mean 'last8'? {looked}"
    assert message == f"{problem} (named as final by g)"


def test_the_users_own_gate_is_found_before_the_packages(tmp_path: Path) -> None:
    (tmp_path / "gates").mkdir()
    (tmp_path / "gates" / "soak.yaml").write_text(HEAD)
    assert load_gate("soak", gate_shelf(tmp_path), tmp_path, "cli").name == "g"


def test_a_restricted_gate_can_be_pasted_into_a_file() -> None:
    risk = threshold(metric="risk_ratio", fail_unless="<= 0.5")
    stricter = threshold(metric="risk_ratio", fail_unless="<= 0.4")
    asked = gate(
        threshold(**{"for": 2}),
        risk,
        grace=3,
        failed=Failed(fail_unless="<= 10 %"),
        markets={
            "calm": OnMarket(thresholds=[threshold(window=2)]),
            "spike": OnMarket(thresholds=[stricter], failed=Failed(fail_unless="<= 20 %")),
        },
    )
    text = json.dumps(asked.restricted(["net_bps"], "volatile"))
    again = validate(Gate, parse_yaml(text, "pasted"))
    assert again.metrics() == ["net_bps"]
    assert again.grace == 3
    assert again.thresholds == asked.thresholds[:1]
    assert again.failed == asked.failed
    on_spike = asked.restricted(["risk_ratio"], "spike")
    found = validate(Gate, parse_yaml(json.dumps(on_spike), "pasted"))
    assert (found.thresholds, found.failed) == ([stricter], Failed(fail_unless="<= 20 %"))


CHANGE = "  - {metric: net_bps, baseline: "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("failed: {fail_unless: '<= 100 %'}", "g.yaml:4: failed: expected a limit that some value"),
        ("failed: {fail_unless: '>= 10 %'}", 'a limit that holds of none, e.g. "<= 10 %", not'),
        ("failed: {at_least: 2}", "failed: expected fail_unless or warn_unless"),
        ("failed: {fail_unless: '<= 10 percent'}", "failed.fail_unless: expected an operator"),
        ("min_final: 0", "min_final: expected greater than or equal to 1"),
        (
            "  - {metric: risk_ratio, fail_unless: '<= 40'}",
            "g.yaml:4: thresholds.1: expected a limit that some value from 0 to 1 can miss, not "
            "'<= 40'; did you mean '<= 0.4'?",
        ),
        (
            "markets: {spike: {thresholds: [{metric: drawdown_ratio, fail_unless: '>= 0'}]}}",
            "markets.spike.thresholds.0: expected a limit that some value of 0 or more can miss",
        ),
        ("  - {metric: net_bps, fail_unless: '5 %'}", "thresholds.1.fail_unless: expected"),
        ("  - {metric: net_bps, fail_unless: >= 0.4}", "g.yaml:4: is not valid YAML"),
        (
            "  - {metric: net_bps, fail_unless: '>= 5 %'}",
            "thresholds.1.fail_unless: expected a num",
        ),
        (
            CHANGE + "relative, fail_unless: '>= -10'}",
            "expected a percentage of the baseline, e.g.",
        ),
        (
            CHANGE + "difference, fail_unless: '>= -1 %'}",
            "fail_unless: expected a number without %",
        ),
        (CHANGE + "relative, fail_unless: '>= 5 %'}", "expected a limit on one side that holds of"),
        (CHANGE + "difference, fail_unless: '== 0'}", "expected a limit on one side that holds of"),
        (
            CHANGE + "shares, fail_unless: '>= -1 %'}",
            "baseline: expected 'absolute', 'relative' or",
        ),
        (
            CHANGE + "relative, for: 2, fail_unless: '>= -1 %'}",
            "expected no for: a baseline is com",
        ),
        (
            "  - {metric: drawdown_ratio, baseline: relative, fail_unless: '<= 5 %'}",
            "expected no baseline: drawdown_ratio is of a span, not of each iteration",
        ),
        (
            "  - {metric: num_fills, baseline: relative, fail_unless: '>= -100 %'}",
            "expected a limit that some value of -100 or more can miss, not '>= -100 %'",
        ),
        (
            "  - {metric: risk_ratio, baseline: difference, fail_unless: '<= 1.5'}",
            "expected a limit that some value from -1 to 1 can miss, not '<= 1.5'",
        ),
        ("  - metric: net_bps\n    fail_unless: >= 0.4", 'quote the limit: ">= 0.4"'),
    ],
)
def test_a_gate_that_cannot_decide_is_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text(HEAD + text)
    shelf = gate_shelf(tmp_path)
    known = {*KPIS, *SPAN_KPIS}
    found = usage_error(lambda: load_gate("g.yaml", shelf, tmp_path, "--soak-gate", known))
    assert message in found
