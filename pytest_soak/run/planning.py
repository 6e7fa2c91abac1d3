"""From settings and a target to the plan of a lane: everything is checked before it starts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from inspect import iscoroutinefunction
from typing import Any

from pytest_soak.artifacts.models import IterationKpis
from pytest_soak.canonical import compact
from pytest_soak.config.documents import show
from pytest_soak.config.flag_layers import Flags, resolve_flags
from pytest_soak.config.flags import FlagTable
from pytest_soak.config.overrides import Layer, Overrides, resolve
from pytest_soak.engine.plan import LanePlan
from pytest_soak.errors import SoakUsageError, check_words, unknown
from pytest_soak.exchange.chosen import ON_EXCHANGE, ExchangeChoice
from pytest_soak.exchange.invariants.names import WITH_FAULTS as NOT_ALWAYS
from pytest_soak.gates.criteria import OFF, Criteria, criteria_shelf, load_criteria
from pytest_soak.gates.model import Gate, gate_shelf, load_gate
from pytest_soak.kpi.definitions import KNOWN, KPIS
from pytest_soak.kpi.spans import SPAN_KPIS, derivable
from pytest_soak.kpi.tables import GROWTH_KPIS
from pytest_soak.run.settings import Settings
from pytest_soak.targets.abilities import Abilities, abilities
from pytest_soak.targets.base import LaneInfo
from pytest_soak.targets.resolve import BUILT_IN, able_to
from pytest_soak.text import plural
from pytest_soak.tuning.effects import without_effects
from pytest_soak.tuning.watcher import rules_off

LEAK, JOINED_BY_LEAK = "leak", "soak"
"""A built-in gate, and the one beside which it judges the end of a lane."""
_NOT_ASYNC = "is not async, so that no exchange in the same process could answer it"


def plan_lane(
    settings: Settings,
    lane: LaneInfo,
    spec: Abilities,
    target: str,
    extra_kpis: Collection[str] = (),
    iterations: int | None = None,
) -> LanePlan:
    """The plan of `lane` for a target that says `spec` of itself.

    `iterations` is the prefix that was selected, all of them without it. Raises SoakUsageError for
    an override or a metric that the target does not know.
    """
    _check_names([*(spec.kpis or ()), *extra_kpis], target)
    if spec.writes_feeds and settings.sleep:
        problem = "a bot in a process of its own trades on in a pause, in no window; leave it out"
        raise SoakUsageError("--soak-sleep", problem)
    profile = settings.profile(lane.profile)
    overrides = resolve(spec.table, profile, _layers(settings, lane), settings.presets)
    flags = lane_flags(settings, lane, spec.flags, target)
    given = {*(KPIS if spec.kpis is None else spec.kpis), *extra_kpis}
    notes = (
        *_drill_notes(lane, spec, target),
        *_criteria_notes(settings, lane, spec),
        *_exchange_notes(settings, lane),
        *overrides.notes,
        *flags.notes,
        *_tuning_notes(settings, spec, overrides, given),
    )
    overrides = overrides.model_copy(update={"notes": notes})
    tuned = spec.tuned and (lane.exchange is None or spec.table_given)
    gates = _gates(settings, lane, spec, target)
    for gate in gates:
        check_metrics(gate, lane.market, spec, extra_kpis, target)
    return LanePlan(
        lane=replace(lane, config=flags.values),
        target=target,
        iterations=iterations or settings.iterations,
        planned=settings.iterations,
        gate=gates[0],
        finals=gates,
        gate_mode=settings.gate_mode,
        overrides=overrides,
        parameters=dict(spec.table),
        declared=spec.kpis,
        tuner=settings.tuner,
        limits=settings.limits,
        rules=settings.rules,
        clocks=settings.pacing.clocks,
        criteria=_criteria(settings, lane, spec, target),
        tuned=tuned,
        deterministic=spec.deterministic,
        auto_tune=settings.auto_tune and tuned,
        guards=settings.guards,
        warmup=settings.warmup,
        fallback=_fallback(settings, spec, overrides),
    )


def _gates(settings: Settings, lane: LaneInfo, spec: Abilities, target: str) -> tuple[Gate, ...]:
    """The gates of the lane's profile, with LEAK beside `soak` where resources are measured."""
    gates = settings.gates[lane.profile]
    if lane.exchange is not None:
        return _gates_on(lane.exchange, gates, settings, spec, target)
    measured = spec.writes_feeds if spec.kpis is None else set(GROWTH_KPIS) <= set(spec.kpis)
    if not measured or gates[0].name != JOINED_BY_LEAK:
        return gates
    shelf = gate_shelf(settings.rootdir)
    return (*gates, load_gate(LEAK, shelf, settings.rootdir, LEAK))


def _gates_on(
    exchange: ExchangeChoice,
    gates: tuple[Gate, ...],
    settings: Settings,
    spec: Abilities,
    target: str,
) -> tuple[Gate, ...]:
    """The gates of a bot on an exchange; of the one that is made for it, what can be seen."""
    if not spec.trades_on_exchange:
        why = "trades on a market of its own" if target in BUILT_IN else _NOT_ASYNC
        problem = f"{target} {why}; give process:CMD or an async target"
        raise SoakUsageError("--soak-exchange", problem)
    unseen = exchange.unseen
    if gates[0].name == ON_EXCHANGE:
        return tuple(gate.without(unseen) for gate in gates)
    for gate in gates:
        for metric in gate.metrics():
            if metric in unseen and metric not in NOT_ALWAYS:
                raise SoakUsageError(f"gate {gate.name}", f"{metric}: {unseen[metric]}")
    return gates


def _exchange_notes(settings: Settings, lane: LaneInfo) -> list[str]:
    """What of the gate that is made for exchanges is not judged, and what never happens."""
    if lane.exchange is None:
        return []
    return [*_not_judged(settings, lane, lane.exchange), *_never(settings, lane, lane.exchange)]


def _never(settings: Settings, lane: LaneInfo, exchange: ExchangeChoice) -> list[str]:
    minutes = settings.iterations * lane.minutes
    late = exchange.too_late(minutes)
    if not late:
        return []
    name, count = exchange.schedule.name, plural(len(exchange.schedule.faults), "fault")
    return [
        f"{name}: {len(late)} of its {count} come after the {minutes:g} min of the lane: "
        f"{', '.join(late)}"
    ]


def _not_judged(settings: Settings, lane: LaneInfo, exchange: ExchangeChoice) -> list[str]:
    gate = settings.gates[lane.profile][0]
    if gate.name != ON_EXCHANGE:
        return []
    unseen, names = exchange.unseen, gate.metrics()
    by_reason: dict[str, list[str]] = {}
    for metric in names:
        if metric in unseen:
            by_reason.setdefault(unseen[metric], []).append(metric)
    told = "; ".join(f"{', '.join(them)} ({why})" for why, them in by_reason.items())
    return [f"not judged: {told}"] if told else []


def _criteria(settings: Settings, lane: LaneInfo, spec: Abilities, target: str) -> Criteria:
    """The stop criteria that were asked for, else those that the target says, or the exchange."""
    if settings.criteria is not None:
        return settings.criteria
    shelf = criteria_shelf(settings.rootdir)
    if lane.exchange is not None:
        return load_criteria(ON_EXCHANGE, shelf, settings.rootdir, "--soak-exchange")
    if spec.stop_criteria is None:
        return OFF
    return load_criteria(spec.stop_criteria, shelf, settings.rootdir, f"{target} stop_criteria")


def _drill_notes(lane: LaneInfo, spec: Abilities, target: str) -> list[str]:
    """What to note of the lane's drills; SoakUsageError for one that the target cannot have."""
    for drill in lane.drills:
        if drill.cause not in spec.drills:
            able = f"it can {', '.join(spec.drills)}" if spec.drills else "it can none"
            others = f", as {' and '.join(found)} can" if (found := able_to(drill.cause)) else ""
            problem = f"{target} cannot bring about {drill.cause}{others}; {able}"
            raise SoakUsageError("--soak-drill", problem)
    return [f"drill {drill}: this run is no evidence" for drill in lane.drills]


def _criteria_notes(settings: Settings, lane: LaneInfo, spec: Abilities) -> list[str]:
    if settings.criteria is not None or lane.exchange is not None or spec.stop_criteria is None:
        return []
    return [f"stop criteria {spec.stop_criteria}, as the target says; --soak-stop=off is without"]


def flags_early(settings: Settings, lane: LaneInfo, factory: object, target: str) -> Flags:
    """The flags of a lane as far as the target's class declares them, before it is built."""
    declared = abilities(factory, target).flags if isinstance(factory, type) else None
    return Flags() if declared is None else lane_flags(settings, lane, declared, target)


def lane_flags(
    settings: Settings, lane: LaneInfo, declared: FlagTable | None, target: str
) -> Flags:
    """The flags of a lane; SoakUsageError for one that the target does not declare so."""
    variant = settings.variant(lane.variant)
    table = FlagTable({}, f"target {target}") if declared is None else declared
    own = [variant.flags] if variant is not None and variant.flags is not None else []
    for layer in own:
        if others := layer.others(table):
            problem = f"flags: {target} declares no {', '.join(others)}; take them out"
            raise SoakUsageError(layer.at, problem)
    return resolve_flags(table, [*settings.flags, *own])


def _layers(settings: Settings, lane: LaneInfo) -> list[Layer]:
    """The overrides over the profile's, the weakest first."""
    variant = settings.variant(lane.variant)
    own = [variant.overrides] if variant is not None and variant.overrides is not None else []
    return [*settings.layers, *own]


def checked_kpis(given: Iterable[Any], at: str) -> dict[str, Any]:
    """The users' KPIs by name, from mappings; SoakUsageError for what is none."""
    found: dict[str, Any] = {}
    for kpis in given:
        if not isinstance(kpis, Mapping) or not all(callable(kpi) for kpi in kpis.values()):
            raise SoakUsageError(at, f"expected functions by KPI name, got {show(kpis)}")
        for name, kpi in kpis.items():
            if iscoroutinefunction(kpi):
                raise SoakUsageError(at, f"{name!r} is `async def`; a KPI is a plain function")
        found.update(kpis)
    for name in found:
        if not isinstance(name, str):
            raise SoakUsageError(at, f"expected functions by KPI name, got the name {show(name)}")
    check_words(found, "KPI", at)
    for name in found:
        if name in KNOWN:
            raise SoakUsageError(at, f"{name!r} is a KPI of the package; name yours otherwise")
    return found


def _fallback(settings: Settings, spec: Abilities, overrides: Overrides) -> dict[str, float]:
    """What a panic reverts to: the safe profile, or the start where the table is the target's."""
    if spec.table_given or not spec.tuned or settings.fallback is None:
        return dict(overrides.values)
    return resolve(spec.table, settings.fallback, ()).values


def _tuning_notes(
    settings: Settings, spec: Abilities, overrides: Overrides, given: Collection[str]
) -> list[str]:
    """What of the tuning that is asked for this target turns off; what the warm-up preset says."""
    notes = []
    off = rules_off(settings.rules, spec.table) if settings.tuner == "rules" else []
    asked = settings.auto_tune or settings.tuner != "effects"
    if asked and not spec.tuned:
        notes.append("tuner: off, the target brings no `parameters` of its own")
    elif settings.auto_tune and settings.tuner == "effects" and without_effects(spec.table):
        notes.append("tuner effects: off, the target's parameters have no `effects`")
    if off and len(off) == len(settings.rules):
        notes.append("tuner rules: off, the target has none of their parameters")
    elif off:
        notes.append(f"tuner rules: off for want of their parameters: {', '.join(off)}")
    wanted = (condition.metric for condition in settings.limits.freeze.conditions)
    missing = [metric for metric in wanted if metric is not None and metric not in given]
    if settings.guards and missing:
        notes.append(f"freeze: off, the target gives no {' and no '.join(missing)}")
    if settings.warmup is not None:
        notes += settings.warmup.apply(spec.table, overrides.values)[1]
    return notes


def _check_names(kpis: Collection[str], target: str) -> None:
    for name in kpis:
        if name in IterationKpis.model_fields:
            problem = f"KPI {name!r} has the name of a field of ITER_SUMMARY; give it another"
            raise SoakUsageError(f"target {target}", problem)


def check_metrics(
    gate: Gate, market: str, spec: Abilities, extra: Collection[str], target: str
) -> None:
    """Raise SoakUsageError where a gate names a metric that `target` does not give."""
    given = {*(KNOWN if spec.kpis is None else spec.kpis), *extra}
    given |= derivable(given)
    lacking = [metric for metric in gate.metrics() if metric not in given]
    for metric in lacking:
        if metric not in KNOWN and metric not in SPAN_KPIS:
            own = "one of the target's own is declared in its `kpis`"
            problem = f"{unknown('metric', metric, given)}; {own}"
            raise SoakUsageError(f"gate {gate.name}", problem)
    if lacking:
        problem = f"{target} does not give {', '.join(lacking)}{_misspelt(lacking, given)}"
        raise SoakUsageError(f"gate {gate.name}", f"{problem}; {_remedy(gate, market, given)}")


def _misspelt(lacking: Collection[str], given: Collection[str]) -> str:
    """Which of what is given was most likely meant, where its name is known to nobody."""
    unknown_names = [name for name in given if name not in KNOWN and name not in SPAN_KPIS]
    for metric in lacking:
        for name in get_close_matches(metric, unknown_names, n=1, cutoff=0.8):
            return f" ({name!r} in its `kpis`: did you mean {metric!r}?)"
    return ""


def _remedy(gate: Gate, market: str, given: Collection[str]) -> str:
    kept = [metric for metric in gate.metrics() if metric in given]
    if not kept:
        return f"give a gate over what it gives by --soak-gate: {', '.join(sorted(given))}"
    rest = compact(gate.restricted(kept, market))
    return f"give a gate without by --soak-gate=FILE.yaml, e.g. one that holds {rest}"
