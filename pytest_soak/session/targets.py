"""What a session soaks: what `--soak-target` means, or the user's `soak_target` fixture gave."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import iscoroutinefunction
from typing import Any, NamedTuple

import pytest

from pytest_soak.config.documents import show
from pytest_soak.errors import SoakUsageError, check_words
from pytest_soak.kpi.definitions import KPIS
from pytest_soak.run.planning import plan_lane
from pytest_soak.run.settings import Settings
from pytest_soak.session.context import SoakContext
from pytest_soak.session.hooks import HookError, call_hook
from pytest_soak.targets.base import TargetFactory
from pytest_soak.targets.resolve import BUILT_IN, describe, named_factory


class Chosen(NamedTuple):
    """The factory that a session soaks, and how header, table and artifacts name it."""

    factory: TargetFactory
    name: str


def chosen_by_option(config: pytest.Config, settings: Settings) -> Chosen:
    """What `--soak-target` means; SoakUsageError when it means nothing."""
    try:
        made = call_hook(config, "pytest_soak_make_target", name=settings.target)
    except HookError as error:
        raise SoakUsageError("--soak-target", str(error)) from error
    if made is not None:
        return Chosen(made, _name_of(made) if settings.target in BUILT_IN else settings.target)
    at = "--soak-target" if settings.target_source == "default" else settings.target_source
    return Chosen(named_factory(settings.target, at, settings.rootdir), settings.target)


def chosen_by_fixture(factory: TargetFactory) -> Chosen:
    """What the user's `soak_target` fixture gave."""
    return Chosen(factory, _name_of(factory))


def _name_of(factory: object) -> str:
    named = factory if hasattr(factory, "__qualname__") else type(factory)
    return f"{named.__module__}:{named.__qualname__}"


def extra_kpis(config: pytest.Config) -> dict[str, Any]:
    """The users' KPIs, of all plugins and conftest files."""
    at = "hook pytest_soak_extra_kpis"
    found: dict[str, Any] = {}
    try:
        given = call_hook(config, "pytest_soak_extra_kpis")
    except HookError as error:
        raise SoakUsageError("extra KPIs", str(error)) from error
    for kpis in given:
        if not isinstance(kpis, Mapping) or not all(callable(kpi) for kpi in kpis.values()):
            raise SoakUsageError(at, f"expected functions by KPI name, got {show(kpis)}")
        for name, kpi in kpis.items():
            if iscoroutinefunction(kpi):
                raise SoakUsageError(at, f"{name!r} is `async def`; a KPI is a plain function")
        found.update(kpis)
    check_words(found, "KPI", at)
    for name in found:
        if name in KPIS:
            raise SoakUsageError(at, f"{name!r} is a KPI of the package; name yours otherwise")
    return found


def check_plans(config: pytest.Config, context: SoakContext) -> None:
    """Plan every lane against what the target's class says, so that mistakes end at once.

    A class that does not say both its parameters and its KPIs may say them when it is built.
    """
    settings = context.settings
    try:
        chosen = chosen_by_option(config, settings)
        if settings.target not in BUILT_IN and not _says_all(chosen.factory):
            return
        spec = describe(chosen.factory, chosen.name)
        extra = extra_kpis(config)
        for lane in settings.lanes():
            plan_lane(settings, lane, spec, chosen.name, extra)
    except SoakUsageError as error:
        raise pytest.UsageError(str(error)) from None


def _says_all(factory: object) -> bool:
    return isinstance(factory, type) and all(hasattr(factory, x) for x in ("parameters", "kpis"))
