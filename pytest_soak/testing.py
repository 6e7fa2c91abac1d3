"""For users' tests: a target that does as it is told, and a check of one's own.

`overrides_for` and `check_idempotent` need Hypothesis, the extra `[testing]`; importing this module
does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar

from pytest_soak.config.parameters import reference_table
from pytest_soak.targets.base import LaneInfo, TargetFactory, Window

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from pytest_soak.artifacts.runtime import RuntimeOverridesFile
    from pytest_soak.config.parameters import Parameter, ParameterTable
    from pytest_soak.kpi.summary import Summary

GOOD: Mapping[str, float] = {
    "net_bps": 3.1,
    "gross_bps": 3.6,
    "fees_eff_bps": -0.2,
    "slippage_bps": -0.2,
    "inventory_bps": -0.1,
    "adverse_bps_p95": 1.5,
    "maker_taker_ratio": 0.95,
    "risk_ratio": 0.30,
    "p95_latency_ms": 260.0,
    "num_fills": 1000.0,
    "volume_quote": 4e6,
    "net_quote": 1240.0,
    "max_drawdown_quote": 9.0,
}


class InstantTarget:
    """Gives the same good KPIs at once, whatever the overrides, which are the reference maker's."""

    kpis = tuple(GOOD)
    deterministic = True
    parameters: ClassVar[Any] = reference_table()

    def __init__(self, lane: LaneInfo) -> None:
        self.lane = lane

    def start(self, lane: LaneInfo) -> None:
        """Nothing to get ready."""

    def run(self, overrides: Mapping[str, float], window: Window) -> Mapping[str, float | None]:
        """The KPIs in `GOOD`."""
        return dict(GOOD)

    def stop(self) -> None:
        """Nothing to release."""


TIMES = 100
REACH = 1e6
"""How far from its default `overrides_for` draws a parameter whose bound is open."""


def overrides_for(table: Any) -> SearchStrategy[dict[str, float]]:
    """A strategy for overrides: some of the parameters, each within its bounds and rounded.

    `table` is whatever a target may have as `parameters`. Raises SoakUsageError for a bad table,
    ModuleNotFoundError without Hypothesis.
    """
    _need_hypothesis("overrides_for")
    from hypothesis import strategies as st

    from pytest_soak.config.parameters import ParameterTable

    rows = ParameterTable.of(table, "overrides_for")
    values = {name: st.floats(*_span(row)).map(row.round) for name, row in rows.items()}
    return st.fixed_dictionaries({}, optional=values)


def check_idempotent(
    factory: TargetFactory,
    *,
    overrides: Mapping[str, float] | None = None,
    minutes: float = 1.0,
    examples: int = 10,
) -> None:
    """Raise AssertionError unless the same overrides applied often are those applied once.

    Overrides are drawn from the target's table, or are the `overrides` given; each of the
    `examples` puts them into a runtime file in another grouping, with the file read and written
    again between, one of them as a whole a hundred times. Checked each time:

    - values, state hash and the bytes of the file are those of applying them once, and stay so;
    - the target, freshly started, leaves the overrides that `run` is given as they are;
    - a target that says `deterministic = True` gives the same KPIs for a window of `minutes`,
      freshly started, under overrides applied once and under those read back from the file (where
      they stand in another order).

    A target is told its overrides by `run` alone. So this finds what leaks from one start to the
    next, what depends on the order of the overrides, and what the table rounds badly; it cannot
    find a parameter that a target adds up from window to window, which looks like trading. Nor can
    it compare the windows of a live bot: without `deterministic` they are run, not compared.

    A window is run twice an example (once for a target that is not deterministic): for a bot in
    real time, give few `examples` and few `minutes`. Raises TargetError where the target does,
    SoakUsageError for overrides that its table does not allow, ModuleNotFoundError without
    Hypothesis.
    """
    _need_hypothesis("check_idempotent")
    from hypothesis import HealthCheck, example, given, settings

    from pytest_soak.targets.abilities import abilities
    from pytest_soak.targets.resolve import build

    lane = LaneInfo("check-calm-42", "check", "calm", 42, minutes)
    table = abilities(build(factory, lane), "check_idempotent").table
    typical = dict(overrides) if overrides is not None else _typical(table)

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @example((typical, [tuple(typical)] * TIMES))
    @given(_applications(table, overrides))
    def check(application: tuple[dict[str, float], list[tuple[str, ...]]]) -> None:
        values, groups = application
        once, often = _apply(table, values, groups)
        _check_target(factory, lane, once, often)

    check()


def _need_hypothesis(what: str) -> None:
    try:
        import hypothesis  # noqa: F401
    except ModuleNotFoundError:
        text = f"pytest_soak.testing.{what} needs Hypothesis: pip install 'pytest-soak[testing]'"
        raise ModuleNotFoundError(text) from None


def _span(row: Parameter) -> tuple[float, float]:
    low, high = row.bounds
    return (
        row.default - REACH if low is None else low,
        row.default + REACH if high is None else high,
    )


def _typical(table: ParameterTable) -> dict[str, float]:
    """Every parameter half way from its default to its upper bound."""
    return {name: row.round((row.default + _span(row)[1]) / 2) for name, row in table.items()}


def _applications(
    table: ParameterTable, overrides: Mapping[str, float] | None
) -> SearchStrategy[tuple[dict[str, float], list[tuple[str, ...]]]]:
    """Overrides, and the groups of their names in which they are applied: at last all of them."""
    from hypothesis import strategies as st

    @st.composite
    def application(draw: DrawFn) -> tuple[dict[str, float], list[tuple[str, ...]]]:
        values = draw(overrides_for(table)) if overrides is None else dict(overrides)
        group = st.lists(st.sampled_from(sorted(values)), unique=True) if values else st.just([])
        groups = draw(st.lists(group.map(tuple), max_size=8))
        return values, [*groups, tuple(values)]

    return application()


def _apply(
    table: ParameterTable, overrides: Mapping[str, float], groups: Sequence[Iterable[str]]
) -> tuple[dict[str, float], dict[str, float]]:
    """The overrides in force: applied once, and as read back after every group of them."""
    from pytest_soak.artifacts.runtime import RuntimeOverridesFile
    from pytest_soak.canonical import state_hash
    from pytest_soak.config.overrides import Layer, operator_edits, resolve
    from pytest_soak.config.profiles import DEFAULT, Profile

    plain = Profile(name=DEFAULT, source=DEFAULT)
    once = resolve(table, plain, [Layer(source="cli", at="overrides", values=dict(overrides))])
    with TemporaryDirectory() as folder:
        file = RuntimeOverridesFile(Path(folder) / "runtime_overrides.json")
        file.write(once.values)
        alone = file.path.read_bytes()
        values, applied = table.defaults(), set[str]()
        file.write(values)
        for group in groups:
            file.write({**_read(file), **{name: overrides[name] for name in group}})
            values = values | operator_edits(table, (values,), _read(file), file.path.name)
            file.write(values)
            applied.update(group)
            if applied == set(overrides):
                _check_same("applied again, the overrides", once.values, values)
                _check(state_hash(values) == state_hash(once.values), "the state hash moved")
                _check(file.path.read_bytes() == alone, "the runtime file's bytes moved")
        return once.values, dict(_read(file))


def _read(file: RuntimeOverridesFile) -> Mapping[str, Any]:
    return file.read() or {}


def _check_target(
    factory: TargetFactory, lane: LaneInfo, once: Mapping[str, float], often: Mapping[str, float]
) -> None:
    deterministic, again = _answer(factory, lane, often)
    if deterministic:
        _, answer = _answer(factory, lane, once)
        _check_same("from a fresh start the KPIs", answer.kpis, again.kpis)


def _answer(
    factory: TargetFactory, lane: LaneInfo, overrides: Mapping[str, float]
) -> tuple[bool, Summary]:
    """Whether a fresh target calls itself deterministic, and its first window measured."""
    from pytest_soak.engine.ask import ask
    from pytest_soak.engine.measure import measure
    from pytest_soak.targets.abilities import abilities
    from pytest_soak.targets.resolve import build

    target, given = build(factory, lane), dict(overrides)
    window = Window(1, 0.0, lane.minutes)
    try:
        ask("start", lambda: target.start(lane))
        answer = ask("run", lambda: target.run(given, window))
    finally:
        ask("stop", target.stop)
    _check_same("run() changed what it was given: the overrides", overrides, given)
    can = abilities(target, "check_idempotent")
    _, summary = measure(answer, can.kpis, lane.minutes)
    _check(not summary.faults, f"what run() gave cannot be true: {'; '.join(summary.faults)}")
    return can.deterministic, summary


def _check_same(
    what: str, before: Mapping[str, float | None], after: Mapping[str, float | None]
) -> None:
    names = [n for n in {**before, **after} if before.get(n) != after.get(n)]
    moved = ", ".join(f"{name} {before.get(name)} -> {after.get(name)}" for name in names)
    _check(not moved, f"{what} are not the same: {moved}")


def _check(holds: bool, problem: str) -> None:
    if not holds:
        raise AssertionError(problem)
