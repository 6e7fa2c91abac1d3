"""What `pytest_soak.testing` gives to users' tests."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from builders import usage_error
from harness import Workbench
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.config.parameters import reference_table
from pytest_soak.errors import TargetError
from pytest_soak.targets.base import LaneInfo, Window
from pytest_soak.targets.mock import MockTarget
from pytest_soak.targets.simulated import SimulatedTarget
from pytest_soak.testing import GOOD, TIMES, InstantTarget, check_idempotent, overrides_for

TABLE = {"half_spread_bps": {"default": 2.0, "bounds": [0.5, 10], "decimals": 2}, "size": 1.0}


class Bot(InstantTarget):
    """Earns what its overrides say."""

    parameters: ClassVar[Any] = TABLE

    def run(self, overrides: Mapping[str, float], window: Window) -> Mapping[str, float | None]:
        return {**GOOD, "net_bps": overrides["half_spread_bps"]}


@given(st.data())
def test_overrides_are_drawn_within_bounds_and_rounded(data: st.DataObject) -> None:
    table = reference_table()
    drawn = data.draw(overrides_for(table))
    assert {name: table.check(name, value, "test") for name, value in drawn.items()} == drawn


def test_overrides_are_drawn_from_what_a_target_may_have_as_parameters() -> None:
    names: set[str] = set()

    @given(overrides_for(TABLE))
    def look(drawn: dict[str, float]) -> None:
        names.update(drawn)
        assert abs(drawn.get("size", 0)) <= 1e6 + 1

    look()
    assert names == {"half_spread_bps", "size"}
    assert "a default within" in usage_error(
        lambda: overrides_for({"a": {"default": 3, "bounds": [0, 1]}})
    )


@pytest.mark.parametrize("target", [Bot, InstantTarget, MockTarget])
def test_a_good_target_passes(target: Any) -> None:
    check_idempotent(target)


def test_the_reference_maker_passes() -> None:
    check_idempotent(SimulatedTarget, minutes=0.2, examples=1)


def test_one_example_applies_them_a_hundred_times(monkeypatch: pytest.MonkeyPatch) -> None:
    from pytest_soak.artifacts.runtime import RuntimeOverridesFile

    writes: list[int] = []
    write = RuntimeOverridesFile.write

    def counted(file: RuntimeOverridesFile, overrides: Mapping[str, float]) -> None:
        writes.append(1)
        write(file, overrides)

    monkeypatch.setattr(RuntimeOverridesFile, "write", counted)
    check_idempotent(Bot, overrides={"half_spread_bps": 3.004}, examples=1)
    assert TIMES == 100
    assert len(writes) >= 2 * TIMES


class _Leaks(Bot):
    """Adds its overrides up over starts."""

    total: ClassVar[list[float]] = []

    def run(self, overrides: Mapping[str, float], window: Window) -> Mapping[str, float | None]:
        self.total.append(overrides["half_spread_bps"])
        return {**GOOD, "net_bps": sum(self.total)}


class _Ordered(Bot):
    """Takes the last override it meets for its spread."""

    parameters: ClassVar[Any] = {"size": 1.0, "half_spread_bps": 2.0}

    def run(self, overrides: Mapping[str, float], window: Window) -> Mapping[str, float | None]:
        return {**GOOD, "net_bps": list(overrides.values())[-1]}


class _Writes(Bot):
    """Scales the overrides that it is given."""

    deterministic = False

    def run(self, overrides: Mapping[str, float], window: Window) -> Mapping[str, float | None]:
        overrides["half_spread_bps"] *= 0.9  # type: ignore[index]
        return GOOD


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (_Leaks, "from a fresh start the KPIs are not the same: net_bps"),
        (_Ordered, "from a fresh start the KPIs are not the same: net_bps"),
        (_Writes, "run() changed what it was given: the overrides are not the same: half_spread"),
    ],
)
def test_a_target_that_drifts_is_found(target: Any, why: str) -> None:
    with pytest.raises(AssertionError, match="not the same") as caught:
        check_idempotent(target)
    assert why in str(caught.value)


def test_a_live_bot_is_not_compared() -> None:
    class Live(_Leaks):
        deterministic = False

    check_idempotent(Live)


def test_a_table_that_rounds_badly_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from pytest_soak.config.parameters import Parameter

    def always_down(row: Parameter, value: float) -> float:
        return value - 0.01 if 2.5 < value < 9 else value

    monkeypatch.setattr(Parameter, "round", always_down)
    with pytest.raises(AssertionError, match="applied again, the overrides are not the same"):
        check_idempotent(Bot, overrides={"half_spread_bps": 3.0})


def test_what_the_target_does_wrong_is_told_as_in_a_soak() -> None:
    class Broken(Bot):
        def run(self, overrides: Mapping[str, float], window: Window) -> dict[str, float | None]:
            raise ValueError("no exchange")

    with pytest.raises(TargetError, match="the target's run raised ValueError: no exchange"):
        check_idempotent(Broken)
    assert "did you mean 'half_spread_bps'" in usage_error(
        lambda: check_idempotent(Bot, overrides={"half_spred_bps": 1.0})
    )


def test_the_factory_is_given_a_lane_of_the_minutes() -> None:
    lanes: list[LaneInfo] = []

    def factory(lane: LaneInfo) -> Bot:
        lanes.append(lane)
        return Bot(lane)

    check_idempotent(factory, minutes=2.5, examples=1)
    assert {lane.minutes for lane in lanes} == {2.5}


def test_without_hypothesis_one_line_names_the_extra(bench: Workbench) -> None:
    bench.write("hypothesis.py", "raise ModuleNotFoundError('no hypothesis')\n")
    bench.write(
        "use.py", "from pytest_soak import testing as t\nt.check_idempotent(t.InstantTarget)\n"
    )
    done = bench.run(sys.executable, "use.py")
    assert done.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: pytest_soak.testing.check_idempotent needs Hypothesis: "
        "pip install 'pytest-soak[testing]'"
    )
    bench.write("use.py", "from pytest_soak.testing import InstantTarget\nprint(InstantTarget)\n")
    assert bench.run(sys.executable, "use.py").returncode == 0
