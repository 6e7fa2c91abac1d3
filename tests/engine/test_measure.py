"""What a lane makes of an observation: nothing, of one that cannot be true."""

from __future__ import annotations

from typing import Any

from builders import fills, lane_of, observation, plan

from pytest_soak.kpi.summary import Summary

wrong_side = observation(fills=fills([(7, True, 99.0, 1.0, 0.0, 100.0, 100.0)]))


def test_an_observation_that_cannot_be_true_measures_nothing_and_nobody_goes_on_with_it() -> None:
    asked: list[Any] = []
    lane = lane_of(wrong_side, extra={"mine": lambda given, summary: asked.append(given)})
    record = lane.run.run_iteration()
    assert record.failure is not None
    assert "fills.side[0]=7: expected +1 or -1" in record.failure
    assert set(record.summary.kpis.values()) == {None}
    assert record.summary.reasons["mine"] == "what the target handed over cannot be true"
    assert (asked, lane.journal.observations) == ([], [None])
    assert lane.run.run_iteration().failure is None


def test_users_kpis_are_given_the_observation_as_its_types_say_it() -> None:
    rows = fills([(1, True, 99.0, 1.0, 0.0, 100.0, 100.0)] * 2)
    names = rows.dtype.names or ()
    loose = rows.astype([(n, "i8" if n == "maker" else rows.dtype[n]) for n in names])

    def maker_fills(given: Any, summary: Summary) -> float:
        return float(len(given.fills[given.fills["maker"]]))

    lane = lane_of(observation(fills=loose), extra={"maker_fills": maker_fills})
    assert lane.run.run_iteration().summary.kpis["maker_fills"] == 2.0


def test_what_is_noted_of_a_measurement_is_told_once_a_lane_also_by_a_resumed_one() -> None:
    silent = observation()
    of = plan(iterations=4)
    lane = lane_of(silent, silent, of=of)
    first, second = lane.run.run_iteration(), lane.run.run_iteration()
    assert first.notes == ("no marks: not checked whether the account follows from the fills",)
    assert second.notes == ()
    later = lane_of(silent, of=of, journal=lane.journal.again(), file=lane.file)
    notes = [later.run.run_iteration().notes for _ in range(3)]
    assert notes == [first.notes, (), ()]
