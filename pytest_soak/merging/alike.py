"""Whether runs may be judged as one: the same settings, package, target and gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_soak.artifacts.models import LaneOutcome
from pytest_soak.artifacts.stored_run import StoredRun
from pytest_soak.engine.plan import GateMode
from pytest_soak.errors import SoakUsageError

OF_LANES = ("profile", "market", "seed", "variant")
"""Settings that say which lanes a run has."""
MODE = "gate-mode"


def check_alike(runs: Sequence[StoredRun]) -> None:
    """Raise SoakUsageError that names the first difference between the runs, by its path."""
    facts = [_facts(run) for run in runs]
    shared: dict[str, tuple[str, str]] = {}
    for run, found in zip(runs, facts, strict=True):
        for path in sorted({*facts[0], *found}):
            _same(path, (facts[0].get(path), runs[0]), (found.get(path), run))
        for path, value in {
            **_profiles(run),
            **_flags(run),
            **_markets(run),
            **_gates(run),
        }.items():
            first, where = shared.setdefault(path, (value, run.given))
            if first != value:
                _refuse(path, first, where, value, run.given)


def _facts(run: StoredRun) -> Mapping[str, str]:
    """What must be equal; the modes hard and soft judge the end of a lane alike."""
    result = run.result
    settings = {k: v for k, v in result.settings.items() if k not in (*OF_LANES, MODE)}
    return {
        "package": str(result.meta.get("pytest_soak", "unknown")),
        "target": result.source,
        f"settings.{MODE}": "off" if result.gate_mode is GateMode.OFF else "hard or soft",
    } | {f"settings.{name}": value for name, value in settings.items()}


def _profiles(run: StoredRun) -> Mapping[str, str]:
    """What the lanes of each profile began with: one name may stand for two files."""
    known = [lane for lane in run.result.lanes if lane.began_with]
    return {f"profiles.{_kind(lane)}": f"overrides {lane.began_with[:12]}" for lane in known}


def _flags(run: StoredRun) -> Mapping[str, str]:
    """The feature flags of the lanes of each profile."""
    known = [lane for lane in run.result.lanes if lane.flags_hash]
    return {f"flags.{_kind(lane)}": f"flags {str(lane.flags_hash)[:12]}" for lane in known}


def _markets(run: StoredRun) -> Mapping[str, str]:
    """What each market is: one name may stand for two files, or for a built-in one."""
    return {
        f"markets.{lane.market}": f"scenario {(lane.scenario_hash or 'built-in')[:12]}"
        for lane in run.result.lanes
    }


def _kind(lane: LaneOutcome) -> str:
    """The profile of a lane, and the variant if it has one."""
    return f"{lane.profile}.{lane.variant}" if lane.variant else lane.profile


def _gates(run: StoredRun) -> Mapping[str, str]:
    """The thresholds that each lane was judged by: of one gate on one market, always the same."""
    found = {}
    for lane in run.result.lanes:
        for check in run.checks(lane.lane):
            path = f"gates.{check.gate}.{lane.market}.{check.metric}"
            found[f"{path}.fail_unless"] = str(check.fail_unless)
            found[f"{path}.warn_unless"] = str(check.warn_unless)
            found[f"{path}.fail_at_once"] = str(check.fail_at_once)
    return found


def _same(
    path: str, first: tuple[str | None, StoredRun], other: tuple[str | None, StoredRun]
) -> None:
    if first[0] != other[0]:
        shown = [value or "not given" for value, _ in (first, other)]
        _refuse(path, shown[0], first[1].given, shown[1], other[1].given)


def _refuse(path: str, first: str, where: str, other: str, there: str) -> None:
    raise SoakUsageError(
        path,
        f"{first} in {where}, {other} in {there}; merge runs with the same, "
        "or give --allow-different-settings",
    )
