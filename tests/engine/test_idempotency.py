"""The same overrides, applied often and in any grouping, are the same overrides."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from builders import FakeClock, FakeTarget, MemoryJournal, plan, preset_named
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_soak.artifacts.runtime import RuntimeOverridesFile
from pytest_soak.canonical import dumps, state_hash
from pytest_soak.config.overrides import Layer, resolve
from pytest_soak.config.parameters import reference_table
from pytest_soak.config.profiles import Profile
from pytest_soak.engine.lane import begin, prepare
from pytest_soak.engine.run import LaneRun
from pytest_soak.testing import GOOD

TABLE = reference_table()
PROFILE = Profile(name="default", source="")
UPLIFT, WARMUP = preset_named("maker_bias_uplift_v1"), preset_named("warmup_conservative_v1")

_reach = {name: tuple(map(float, row.limits)) for name, row in TABLE.items()}
anything = st.fixed_dictionaries(
    {},
    optional={
        name: st.floats(low, min(high, 1e9)) | st.integers(int(low) + 1, int(min(high, 1e9)))
        for name, (low, high) in _reach.items()
        if high > 1
    }
    | {name: st.floats(*limits) for name, limits in _reach.items() if limits[1] <= 1},
)
"""Overrides as a user may write them: not rounded, whole numbers among them."""

Groups = Sequence[Sequence[str]]


@st.composite
def groupings(draw: st.DrawFn) -> tuple[dict[str, float], Groups]:
    """Overrides, and groups of their names that cover them all."""
    values = draw(anything)
    names = st.sampled_from(sorted(values)) if values else st.nothing()
    group = st.lists(names, unique=True) if values else st.just([])
    return values, [*draw(st.lists(group, max_size=6)), list(values)]


TYPICAL = {"tail_age_ms": 705.04, "impact_cap_ratio": 0.1, "concurrency_limit": 5}
HUNDRED = (TYPICAL, [list(TYPICAL)] * 100)
ONE_BY_ONE = (TYPICAL, [[name] for name in TYPICAL] * 100)


@example(HUNDRED)
@example(ONE_BY_ONE)
@given(groupings())
def test_layers_in_any_grouping_resolve_to_the_same(given: tuple[dict[str, float], Groups]) -> None:
    values, groups = given
    layers = [_layer({name: values[name] for name in group}) for group in groups]
    for presets in ((), (UPLIFT,)):
        once = resolve(TABLE, PROFILE, [_layer(values)], presets)
        assert resolve(TABLE, PROFILE, layers, presets) == once
        again = resolve(TABLE, PROFILE, [_layer(once.values)])
        assert again.values == once.values
        assert state_hash(again.values) == state_hash(once.values)


def _layer(values: Mapping[str, float]) -> Layer:
    return Layer(source="cli", at="test", values=dict(values))


@given(anything, st.integers(1, 8))
def test_a_phase_acts_on_the_baseline_afresh_however_often(
    values: dict[str, float], iteration: int
) -> None:
    of = plan(iterations=9, warmup=WARMUP)
    start = begin(of).model_copy(update={"iteration": iteration - 1})
    edits = resolve(TABLE, PROFILE, [_layer(values)]).values
    once = prepare(of, prepare(of, start, edits), {})
    often = once
    for _ in range(100):
        often = prepare(of, often, {})
    assert often == once
    assert often.control.baseline == edits


@example(HUNDRED)
@given(groupings())
def test_what_is_written_is_what_is_read_and_written_again(
    given: tuple[dict[str, float], Groups],
) -> None:
    values, groups = given
    with TemporaryDirectory() as folder:
        file = RuntimeOverridesFile(Path(folder) / "runtime_overrides.json")
        file.write(values)
        alone = file.path.read_bytes()
        for group in groups:
            found = dict(file.read() or {})
            file.write({name: found.pop(name) for name in group} | found)
            assert file.path.read_bytes() == alone
            assert state_hash(file.read() or {}) == state_hash(values)
        assert alone == dumps(values).encode()


@settings(max_examples=20)
@example(HUNDRED)
@given(groupings())
def test_a_lane_whose_operator_saves_the_same_again_stays_where_it_is(
    given: tuple[dict[str, float], Groups],
) -> None:
    values, groups = given
    once, often = _lane(values, [list(values)]), _lane(values, groups)
    assert often[-1] == once[-1]
    covered = next(n for n in range(len(groups)) if {*values} == {*_all(groups[: n + 1])})
    assert set(often[covered + 1 :]) == {once[-1]}


def _all(groups: Groups) -> list[str]:
    return [name for group in groups for name in group]


def _lane(values: Mapping[str, float], groups: Groups) -> list[tuple[str, bytes]]:
    """The state hash and the file at the start of each window of a lane.

    While each window runs, an operator saves a group of `values`.
    """
    with TemporaryDirectory() as folder:
        file = RuntimeOverridesFile(Path(folder) / "runtime_overrides.json")
        operator = RuntimeOverridesFile(file.path)
        found: list[tuple[str, bytes]] = []

        def saves() -> Iterator[Any]:
            for group in [*groups, ()]:
                held = file.path.read_bytes()
                found.append((state_hash(json.loads(held)), held))
                operator.write(
                    {**json.loads(held), **{name: float(values[name]) for name in group}}
                )
                yield GOOD

        of = plan(iterations=len(groups) + 1)
        target, journal = FakeTarget(saves()), MemoryJournal()
        lane = LaneRun(of, target, file, FakeClock(), lambda event: None, journal)
        records = [lane.run_iteration() for _ in range(of.iterations)]
        assert [record.state_hash for record in records] == [hashed for hashed, _ in found]
        return found
