"""The runs that a run must be no worse than: found, checked, and who judges by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_soak.artifacts.names import LATEST
from pytest_soak.baseline.named import find_baseline
from pytest_soak.baseline.reference import BaselineRuns, check_against, read_baseline
from pytest_soak.comparing.groups import Group, MarketId
from pytest_soak.config.names import user_path
from pytest_soak.errors import SoakUsageError
from pytest_soak.gates.model import Gate, gate_shelf, load_gate
from pytest_soak.run.settings import Settings

NO_WORSE = "no_worse"
"""The built-in gate that judges where no other has a limit of a change."""
THIS_RUN = "this run"


def with_baseline(settings: Settings, at: str, given: Sequence[str], base: Path) -> Settings:
    """`settings`, held against the runs that are `given`, by NO_WORSE where no gate says how.

    Each is a path from `base` on, or what else `find_baseline` knows.

    Raises SoakUsageError for what is no baseline, or none of these settings.
    """
    if settings.drills:
        problem = "a run with a drill is no evidence; leave out --soak-drill or the baseline"
        raise SoakUsageError(at, problem)
    _check_stays(settings, at, {one: user_path(one, base, at) for one in given})
    try:
        folders = {one: find_baseline(one, settings.directory, base) for one in given}
        baseline = read_baseline(folders)
        check_against(baseline, THIS_RUN, settings.shown.get("minutes"), _groups(settings))
    except SoakUsageError as error:
        raise SoakUsageError(at, str(error)) from None
    _check_stays(settings, at, folders)
    runs = BaselineRuns(folders=folders, digest=baseline.digest)
    gates = {name: _judging(several, settings.rootdir) for name, several in settings.gates.items()}
    return settings.model_copy(update={"baseline": runs, "gates": gates})


def check_has_baseline(settings: Settings) -> None:
    """Raise SoakUsageError for a gate that judges against a baseline where there is none."""
    for gate in (gate for several in settings.gates.values() for gate in several):
        if gate.needs_baseline and settings.baseline is None:
            problem = "has limits of a change; give the run of before by --soak-baseline=RUN"
            raise SoakUsageError(f"gate {gate.name}", problem)


def _check_stays(settings: Settings, at: str, folders: Mapping[str, Path]) -> None:
    taken = [settings.directory.resolve(), (settings.directory / LATEST).resolve()]
    for name, folder in folders.items():
        if folder.resolve() in taken:
            problem = f"{name} is where this run goes; give a run in its runs/, or another"
            raise SoakUsageError(at, f"{problem} --soak-dir")


def _judging(gates: tuple[Gate, ...], rootdir: Path) -> tuple[Gate, ...]:
    if any(gate.needs_baseline for gate in gates):
        return gates
    return (*gates, load_gate(NO_WORSE, gate_shelf(rootdir), rootdir, NO_WORSE))


def _groups(settings: Settings) -> list[Group]:
    """The groups of lanes to be, as far as they are known before any of them runs."""
    knobs = settings.shown.get("market-set", "")
    return [
        Group(
            run=THIS_RUN,
            profile=profile.name,
            variant=variant,
            market=MarketId(scenario.name, scenario.digest or "", knobs),
            target=settings.target,
            lanes={},
            wished={},
        )
        for profile in settings.profiles
        for scenario in settings.scenarios
        for variant in ([one.name for one in settings.variants] or [""])
    ]
