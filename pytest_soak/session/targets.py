"""Which target a session soaks: `--soak-target`, or the user's `soak_target` fixture."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from pytest_soak.config.documents import show
from pytest_soak.errors import SoakUsageError, check_words
from pytest_soak.kpi.definitions import KPIS
from pytest_soak.session.context import SoakContext, slot_of
from pytest_soak.session.planning import plan_lane
from pytest_soak.session.settings import Settings
from pytest_soak.targets.base import TargetFactory
from pytest_soak.targets.resolve import BUILT_IN, describe, named_factory

FIXTURE = "soak_target"
OWN = "pytest_soak.session.own_target"


class Chosen(NamedTuple):
    """The factory that a session soaks, and how header, table and artifacts name it."""

    factory: TargetFactory
    name: str


def chosen_by_option(config: pytest.Config, settings: Settings) -> Chosen:
    """What `--soak-target` means; SoakUsageError when it means nothing."""
    try:
        made = config.hook.pytest_soak_make_target(config=config, name=settings.target)
    except Exception as error:
        problem = f"raised {type(error).__name__}: {error}"
        raise SoakUsageError("hook pytest_soak_make_target", problem) from error
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
    for kpis in config.hook.pytest_soak_extra_kpis(config=config):
        if not isinstance(kpis, Mapping) or not all(callable(kpi) for kpi in kpis.values()):
            raise SoakUsageError(at, f"expected functions by KPI name, got {show(kpis)}")
        found.update(kpis)
    check_words(found, "KPI", at)
    for name in found:
        if name in KPIS:
            raise SoakUsageError(at, f"{name!r} is a KPI of the package; name yours otherwise")
    return found


def check_fixture(
    config: pytest.Config, items: Sequence[pytest.Item], context: SoakContext
) -> None:
    """Raise pytest.UsageError where it is not certain which bot is meant.

    `items` are all that were collected; the first soak item among them shows which definition of
    the fixture is in effect.
    """
    effective = effective_definition(items)
    given = context.settings.target_source
    for where, definition in _definitions(config, items):
        if given != "default":
            raise pytest.UsageError(
                f"{given}: a soak_target fixture ({where}) also says what is soaked; keep one"
            )
        if effective is None or definition is not inspect.unwrap(effective.func):
            raise pytest.UsageError(
                f"fixture soak_target in {where} is used by no soak test; move it to the root "
                "conftest.py, or ask for soak_iteration in a test beside it"
            )
    if effective is not None and not is_ours(effective):
        if given != "default":
            raise pytest.UsageError(
                f"{given}: a soak_target fixture also says what is soaked; keep one"
            )
        _check_scope(effective)


def _definitions(config: pytest.Config, items: Sequence[pytest.Item]) -> list[tuple[str, object]]:
    """Where `soak_target` is defined outside this package, with its function."""
    modules = [*config.pluginmanager.get_plugins(), *(getattr(i, "module", None) for i in items)]
    found: dict[str, object] = {}
    for module in modules:
        name = getattr(module, "__name__", "")
        if isinstance(module, ModuleType) and FIXTURE in vars(module) and name != OWN:
            where = os.path.relpath(module.__file__ or name, config.rootpath)
            found[where] = inspect.unwrap(vars(module)[FIXTURE])
    return list(found.items())


def effective_definition(items: Sequence[pytest.Item]) -> Any:
    """The definition of `soak_target` that the soak items use; None without such items."""
    soak = next((item for item in items if slot_of(item) is not None), None)
    definitions = getattr(soak, "_fixtureinfo", None)
    found = definitions.name2fixturedefs.get(FIXTURE) if definitions else None
    return found[-1] if found else None


def is_ours(definition: Any) -> bool:
    """Whether it is the package's own definition, which asks `--soak-target`."""
    return bool(definition.func.__module__ == OWN)


def _check_scope(definition: Any) -> None:
    yields = inspect.isgeneratorfunction(inspect.unwrap(definition.func))
    if definition.scope == "session" or (definition.scope == "function" and not yields):
        return
    raise pytest.UsageError(
        "fixture soak_target: a lane outlives one test; give the fixture scope='session'"
    )


def fixture_file(config: pytest.Config) -> str | None:
    """The file of a plugin or root conftest.py that says what is soaked, if one does."""
    return next((where for where, _ in _definitions(config, [])), None)


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
