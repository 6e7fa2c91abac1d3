"""What a session soaks: what `--soak-target` means, or the user's `soak_target` fixture gave."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_soak.errors import SoakUsageError
from pytest_soak.run.lanes import Chosen
from pytest_soak.run.planning import checked_kpis, plan_lane
from pytest_soak.run.settings import Settings
from pytest_soak.session.context import SoakContext
from pytest_soak.session.hooks import HookError, call_hook
from pytest_soak.targets.abilities import abilities, says_early
from pytest_soak.targets.base import TargetFactory
from pytest_soak.targets.resolve import BUILT_IN, name_of, named_factory

EARLY = ("parameters", "kpis")
"""What a class must say for its lanes to be planned before it is built."""


def chosen_by_option(config: pytest.Config, settings: Settings) -> Chosen:
    """What `--soak-target` means; SoakUsageError when it means nothing."""
    try:
        made = call_hook(config, "pytest_soak_make_target", name=settings.target)
    except HookError as error:
        raise SoakUsageError("--soak-target", str(error)) from error
    extra = extra_kpis(config)
    if made is not None:
        named = name_of(made) if settings.target in BUILT_IN else settings.target
        return Chosen(made, named, extra)
    at = "--soak-target" if settings.target_source == "default" else settings.target_source
    return Chosen(named_factory(settings.target, at, settings.rootdir), settings.target, extra)


def chosen_by_fixture(config: pytest.Config, factory: TargetFactory) -> Chosen:
    """What the user's `soak_target` fixture gave."""
    return Chosen(factory, name_of(factory), extra_kpis(config))


def extra_kpis(config: pytest.Config) -> dict[str, Any]:
    """The users' KPIs, of all plugins and conftest files."""
    try:
        given = call_hook(config, "pytest_soak_extra_kpis")
    except HookError as error:
        raise SoakUsageError("extra KPIs", str(error)) from error
    return checked_kpis(given, "hook pytest_soak_extra_kpis")


def check_plans(config: pytest.Config, context: SoakContext) -> None:
    """Plan every lane against what the target's class says, so that mistakes end at once.

    A class that does not say both its parameters and its KPIs may say them when it is built.
    """
    settings = context.settings
    try:
        chosen = chosen_by_option(config, settings)
        if settings.target not in BUILT_IN and not says_early(chosen.factory, *EARLY):
            return
        spec = abilities(chosen.factory, chosen.name)
        for lane in settings.lanes():
            plan_lane(settings, lane, spec, chosen.name, chosen.extra_kpis)
    except SoakUsageError as error:
        raise pytest.UsageError(str(error)) from None
