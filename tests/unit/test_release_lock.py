"""The lock of a release: what makes one, and what a build is held to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from budgets import P95, SAME, lock, run

from pytest_soak.artifacts.budget_models import StageBudgets
from pytest_soak.artifacts.lock_models import LockCheck, LockedBudgets
from pytest_soak.gates.engine import Verdict, worst
from pytest_soak.release.budgets import STAGES
from pytest_soak.release.lock import (
    budgets_digest,
    refusals,
    seeds_of,
)
from pytest_soak.release.lock_check import check, others, same
from pytest_soak.release.rules import lock_gates


def runs(count: int, sd: float, scale: float = 1.0, seed: int = 1) -> list[StageBudgets]:
    draws = np.random.default_rng(seed).normal(0.0, sd, count)
    return [run(scale * float(np.exp(draw))) for draw in draws]


def verdict(checks: Sequence[LockCheck]) -> Verdict:
    return worst([one.verdict for one in checks])


def of(checks: Sequence[LockCheck], name: str) -> LockCheck:
    (found,) = (one for one in checks if one.name == name)
    return found


OTHER = [run(0.98), run(1.0 / 0.98), *SAME[:3]]
"""Other runs, which are the same on the whole."""


def test_the_same_again_passes_with_nothing_to_say() -> None:
    checks = check(lock(SAME), SAME, exact=True)
    assert [one.name for one in checks] == [
        *(f"{stage}_p95_ms" for stage in STAGES),
        "tick_total_p95_ms",
        "md_cache_hit_ratio",
        "deadline_miss_ratio",
    ]
    assert {(one.verdict, one.reason) for one in checks} == {(Verdict.PASS, "")}


@pytest.mark.parametrize(
    ("scale", "failed"),
    [
        (1.0299, set()),
        (1.0301, set(STAGES)),
        (1.0999, set(STAGES)),
        (1.1001, {*STAGES, "tick_total"}),
        (0.5, set()),
    ],
)
def test_what_is_exact_fails_by_its_size_alone(scale: float, failed: set[str]) -> None:
    checks = check(lock(SAME), [run(scale)], exact=True)
    stages = {one.name.removesuffix("_p95_ms") for one in checks if one.verdict is Verdict.FAIL}
    assert stages == failed
    changed = of(checks, "wait_p95_ms")
    assert changed.change_pct == pytest.approx(100.0 * (scale - 1.0))
    assert changed.reason.startswith(("changed by", f"{changed.change_pct:+.2f} %, exactly"))


def test_what_is_exact_tells_of_runs_that_differ_also_where_the_whole_does_not() -> None:
    said = of(check(lock(SAME), OTHER, exact=True), "wait_p95_ms")
    assert (said.verdict, said.reason.split("%")[1]) == (Verdict.PASS, " (2 of 5 runs)")
    assert of(check(lock(SAME), SAME, exact=True), "wait_p95_ms").reason == ""


def test_runs_are_told_from_those_of_the_lock_by_all_but_the_machine() -> None:
    locked = lock(SAME).model_copy(update={"sources": {"a": budgets_digest(run())}})
    elsewhere = run().model_copy(update={"meta": {"host": "another"}})
    assert same(locked, [run(), elsewhere, run(hits=0.76)]) == 2


def test_another_version_is_told() -> None:
    locked = lock(SAME).model_copy(update={"versions": {"target": "1", "kernel": "a"}})
    assert list(others(locked, {"target": "1", "kernel": "a"})) == []
    assert list(others(locked, {"target": "2", "python": "3.11"})) == [
        "target was 1, is 2",
        "kernel was a, is none",
        "python was none, is 3.11",
    ]


def test_seeds_are_those_that_are_planned_and_then_others() -> None:
    assert seeds_of((7, 2), 5) == (7, 2, 1, 3, 4)
    assert seeds_of((7, 2, 9), 2) == (7, 2)
    assert len(set(seeds_of(range(1, 9), 40))) == 40


def test_a_stage_that_only_one_of_them_has_fails() -> None:
    fewer = {name: value for name, value in P95.items() if name != "wait"}
    gone = check(lock(SAME), [run(), run(stages=fewer)], exact=True)
    assert of(gone, "wait_p95_ms").reason == "stage wait: not in current"
    new = check(lock([run(stages=fewer)] * 5), SAME, exact=True)
    assert of(new, "wait_p95_ms").reason == "stage wait: not in the lock"
    assert verdict(gone) is verdict(new) is Verdict.FAIL


def test_no_runs_are_no_pass() -> None:
    checks = check(lock(SAME), [], exact=True)
    assert {one.verdict for one in checks} == {Verdict.FAIL}
    assert of(checks, "md_cache_hit_ratio").reason == "no data"


def test_a_stage_without_any_time_is_equal_to_another_such_alone() -> None:
    still = {**P95, "wait": 0.0}
    locked = LockedBudgets.model_validate(
        lock(SAME).model_dump(by_alias=True)
        | {"baseline": {"wait": {"p95_ms": 0.0, "runs": [0.0] * 5, "rel_sd": 0.0}}}
    )
    assert of(check(locked, [run(stages=still)], exact=True), "wait_p95_ms").verdict == "PASS"
    for checks, reason in (
        (check(locked, SAME, exact=True), "took no time when it was locked"),
        (check(lock(SAME), [run(stages=still)], exact=True), "takes no time any more"),
        (check(locked, [run(stages=still), run()], exact=True), "takes no time in some runs"),
        (check(lock(SAME), [run(stages=still), run()], exact=True), "takes no time in some runs"),
    ):
        assert of(checks, "wait_p95_ms").reason.startswith(reason)
        assert of(checks, "wait_p95_ms").verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("more", "name"),
    [({"hits": 0.599}, "md_cache_hit_ratio"), ({"misses": 0.0201}, "deadline_miss_ratio")],
)
def test_the_worst_run_is_held_to_what_no_build_may_be(more: dict[str, float], name: str) -> None:
    assert of(check(lock(SAME), [run(), run(**more)], exact=True), name).verdict is Verdict.FAIL
    at_limit = {"hits": 0.6, "misses": 0.02}
    assert verdict(check(lock(SAME), [run(**at_limit)], exact=True)) is Verdict.PASS


def test_runs_that_vary_fail_seldom_where_nothing_changed_and_often_where_it_did() -> None:
    def share(scale: float, sd: float, count: int) -> dict[Verdict, float]:
        found = [
            of(
                check(
                    lock(runs(count, sd, seed=n)), runs(count, sd, scale, 10_000 + n), exact=False
                ),
                "wait_p95_ms",
            ).verdict
            for n in range(100)
        ]
        return {one: found.count(one) / len(found) for one in Verdict}

    for sd in (0.004, 0.02, 0.07):
        assert share(1.0, sd, 5)[Verdict.FAIL] <= 0.03
    assert share(1.05, 0.01, 5)[Verdict.FAIL] >= 0.95
    assert share(1.05, 0.02, 10)[Verdict.FAIL] >= 0.90
    noisy = share(1.0, 0.07, 5)
    assert noisy[Verdict.PASS] < 0.3 < noisy[Verdict.HOLD]


def test_one_run_beside_those_of_a_lock_decides_nothing() -> None:
    checks = check(lock(runs(5, 0.01)), [run(1.5)], exact=False)
    assert of(checks, "wait_p95_ms").verdict is Verdict.HOLD
    assert of(checks, "wait_p95_ms").reason == "not known (one run, 2 at least)"


def test_what_makes_no_lock_is_said() -> None:
    def why(given: Sequence[StageBudgets], *, exact: bool = False) -> list[str]:
        return list(refusals(given, lock_gates(), exact=exact))

    ten = [*SAME, *SAME]
    assert why(ten) == why(SAME, exact=True) == []
    assert why(SAME[:4], exact=True) == ["4 runs, 5 at least"]
    assert why(ten[:9]) == ["9 runs, 10 at least"]
    assert why([run(ticks=999)] * 10) == ["9990 ticks in all, 10,000 at least"]
    assert why([run(ticks=1_000)] * 10) == []
    still = {**P95, "wait": 0.0}
    assert why([run(stages=still)] * 10) == []
    assert why([*ten, run(stages=still)]) == [
        "stage wait: takes no time in some runs and some in others"
    ]
    assert why([*ten, run(flags="g")]) == ["runs with other flags than each other"]
    fewer = {name: value for name, value in P95.items() if name != "wait"}
    assert why([*ten, run(stages=fewer)]) == ["stage wait: not in every run"]
    noisy = runs(10, 0.07)
    assert why(noisy, exact=True) == []
    for line in why(noisy):
        assert "+3 % is not seen in 80 of 100 cases" in line
        assert line.endswith("runs would")
    assert [line.split(":")[0] for line in why(noisy)] == [f"stage {stage}" for stage in STAGES]


def test_the_runs_that_are_said_to_be_enough_are() -> None:
    noisy = runs(10, 0.03)
    (said, *_) = refusals(noisy, lock_gates(), exact=False)
    needed = int(said.split(", ")[1].split()[0])
    spread = np.std([np.log(one.stages["wait"].p95_ms) for one in noisy], ddof=1)

    def alike(count: int) -> list[StageBudgets]:
        draws = np.linspace(-1.0, 1.0, count)
        return [run(float(np.exp(spread * d / draws.std(ddof=1)))) for d in draws]

    assert list(refusals(alike(needed), lock_gates(), exact=False)) == []
    assert list(refusals(alike(needed - 1), lock_gates(), exact=False))
