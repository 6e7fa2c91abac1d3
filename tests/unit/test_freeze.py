from __future__ import annotations

from typing import Any

import pytest
from builders import LIMITS

from pytest_soak.canonical import state_hash
from pytest_soak.tuning.freeze import Lock, Outcome, Watch, observe

GOOD = {"risk_ratio": 0.30, "net_bps": 3.0}
POOR = {"risk_ratio": 0.40, "net_bps": 2.5}
LANE, SAFE = {"a": 1.0, "b": 2.0}, {"a": 9.0}
SKIPPED = {"counts": False}
FAILED = {"kpis": POOR, "failed": True}


def see(watch: Watch, iteration: int, **given: Any) -> Outcome:
    """What an iteration does to the watch: a good one unless `given` says otherwise."""
    usual: dict[str, Any] = {
        "kpis": GOOD,
        "baseline": LANE,
        "fallback": SAFE,
        "counts": True,
        "failed": False,
        "freezes": True,
        "panics": True,
    }
    return observe(watch, LIMITS.freeze, LIMITS.panic, iteration, **(usual | given))


def lane(*iterations: dict[str, Any], **always: Any) -> list[Outcome]:
    """The outcomes of a lane's iterations, counted from 1."""
    watch, found = Watch(), list[Outcome]()
    for number, given in enumerate(iterations, 1):
        found.append(see(watch, number, **(always | given)))
        watch = found[-1].watch
    return found


def locked(found: list[Outcome]) -> list[bool]:
    """Whether the tuner is locked in each iteration from the second to one after the last."""
    return [one.watch.locked(number + 1) is not None for number, one in enumerate(found, 1)]


def test_the_limits_are_those_of_the_specification() -> None:
    freeze, panic = LIMITS.freeze, LIMITS.panic
    assert (freeze.streak, freeze.iterations) == (2, 4)
    assert (panic.streak, panic.iterations, panic.profile) == (3, 4, "ultra_safe")


def test_two_good_iterations_lock_the_tuner_for_the_next_four() -> None:
    found = lane({}, {}, *[{"kpis": POOR}] * 5)
    assert [one.froze for one in found] == [False, True, *[False] * 5]
    assert found[1].watch.lock == Lock(
        since=3, until=6, reason="steady_state", signature=state_hash(LANE)
    )
    assert found[1].watch.frozen == LANE
    assert locked(found) == [False, True, True, True, True, False, False]  # 3, 4, 5, 6


@pytest.mark.parametrize(
    ("kpis", "good"),
    [
        ({"risk_ratio": 0.35, "net_bps": 2.7}, True),
        ({"risk_ratio": 0.3501, "net_bps": 2.7}, False),
        ({"risk_ratio": 0.35, "net_bps": 2.6999}, False),
        ({"risk_ratio": None, "net_bps": 3.0}, False),
        ({"risk_ratio": 0.3}, False),
    ],
)
def test_good_is_little_risk_and_enough_net(kpis: dict[str, float | None], good: bool) -> None:
    assert lane({}, {"kpis": kpis})[1].froze is good


@pytest.mark.parametrize("between", [SKIPPED, {"kpis": POOR}, {"failed": True}])
def test_the_two_must_follow_each_other(between: dict[str, Any]) -> None:
    found = lane({}, between, {}, {})
    assert [one.froze for one in found] == [False, False, False, True]


def test_iterations_that_do_not_count_neither_freeze_nor_panic() -> None:
    assert not any(one.froze for one in lane(*[SKIPPED] * 6))
    assert not any(one.revert for one in lane(*[{**FAILED, **SKIPPED}] * 6))
    assert [one.froze for one in lane(SKIPPED, {}, {})] == [False, False, True]


def test_with_guards_off_nothing_freezes() -> None:
    found = lane(*[{}] * 6, freezes=False)
    assert not any(one.froze for one in found)
    assert found[-1].watch.frozen is None


def test_a_lane_that_stays_good_freezes_again_as_its_lock_ends() -> None:
    found = lane(*[{}] * 11)
    assert [n for n, one in enumerate(found, 1) if one.froze] == [2, 6, 10]
    assert locked(found) == [False, *[True] * 10]


def test_a_new_freeze_keeps_the_overrides_of_its_time() -> None:
    edited = {"a": 5.0, "b": 2.0}
    found = lane(*[{}] * 4, {"baseline": edited}, {"baseline": edited})
    assert found[3].watch.frozen == LANE
    assert found[5].watch.frozen == edited
    assert found[5].watch.lock is not None
    assert found[5].watch.lock.signature == state_hash(edited)


@pytest.mark.parametrize("counts", [True, False])
def test_a_fail_thaws_at_once(counts: bool) -> None:
    found = lane({}, {}, {}, {**FAILED, "counts": counts}, {}, {})
    assert [one.thawed for one in found] == [False, False, False, True, False, False]
    assert locked(found) == [False, True, True, False, False, True]


def test_the_iteration_that_froze_does_not_thaw_what_is_no_lock_yet() -> None:
    assert not lane(FAILED)[0].thawed
    expired = lane({}, {}, *[{"kpis": POOR}] * 4, FAILED)
    assert not expired[-1].thawed


def test_three_fails_in_a_row_revert_to_the_fallback_and_lock_for_four() -> None:
    found = lane(FAILED, FAILED, FAILED, *[{"kpis": POOR}] * 5)
    reverted = {"a": 9.0, "b": 2.0}
    assert [one.revert for one in found[:4]] == [None, None, reverted, None]
    assert found[2].watch.lock == Lock(
        since=4, until=7, reason="panic", signature=state_hash(reverted)
    )
    assert locked(found) == [False, False, True, True, True, True, False, False]
    assert found[-1].watch.panics == 1


def test_a_panic_reverts_to_the_last_freeze_if_there_was_one() -> None:
    found = lane({}, {}, *[{**FAILED, "baseline": {"a": 3.0, "b": 4.0}}] * 3)
    assert found[-1].revert == LANE
    assert found[-1].watch.lock is not None
    assert found[-1].watch.lock.signature == state_hash(LANE)


def test_a_good_iteration_between_calms() -> None:
    found = lane(FAILED, FAILED, {"kpis": POOR}, FAILED, FAILED, {"kpis": POOR}, FAILED)
    assert not any(one.revert for one in found)


def test_without_auto_tune_nothing_panics() -> None:
    found = lane(*[FAILED] * 7, panics=False)
    assert not any(one.revert for one in found)
    assert found[-1].watch.panics == 0


def test_the_lock_of_a_panic_lasts_its_time_through_fails() -> None:
    found = lane(*[FAILED] * 5, {"kpis": POOR}, {"kpis": POOR}, {"kpis": POOR})
    assert not any(one.thawed for one in found)
    assert locked(found) == [False, False, True, True, True, True, False, False]


def test_no_freeze_shortens_or_renames_the_lock_of_a_panic() -> None:
    found = lane(*[FAILED] * 3, *[{}] * 4)
    assert [one.froze for one in found] == [False] * 6 + [True]
    assert found[-1].watch.lock is not None
    assert (found[-1].watch.lock.since, found[-1].watch.lock.until) == (8, 11)


def test_three_more_fails_are_a_second_panic() -> None:
    found = lane(*[FAILED] * 6)
    assert [n for n, one in enumerate(found, 1) if one.revert] == [3, 6]
    assert found[-1].watch.panics == 2


def test_a_watch_comes_back_from_json_as_it_was() -> None:
    for one in lane({}, {}, FAILED, FAILED, FAILED, {}, {}):
        assert Watch.model_validate_json(one.watch.model_dump_json()) == one.watch
