"""Which target a session soaks: `--soak-target`, or the user's `soak_target` fixture."""

from __future__ import annotations

import inspect
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_soak.errors import SoakUsageError
from pytest_soak.kpi.definitions import KPIS
from pytest_soak.session.context import SoakContext, slot_of
from pytest_soak.session.planning import plan_lane
from pytest_soak.session.settings import Settings
from pytest_soak.targets.base import TargetFactory
from pytest_soak.targets.resolve import BUILT_IN, describe, named_factory

FIXTURE = "soak_target"


def factory_for(config: pytest.Config, settings: Settings) -> TargetFactory:
    """The factory that `--soak-target` means; SoakUsageError when it means none."""
    made: TargetFactory | None = config.hook.pytest_soak_make_target(
        config=config, name=settings.target
    )
    at = "--soak-target" if settings.target_source == "default" else settings.target_source
    return made or named_factory(settings.target, at, settings.rootdir)


def target_name(factory: object, settings: Settings, *, from_fixture: bool) -> str:
    """How header, table and artifacts name the target."""
    if not from_fixture:
        return settings.target
    named = factory if hasattr(factory, "__qualname__") else type(factory)
    return f"{named.__module__}:{named.__qualname__}"


def extra_kpis(config: pytest.Config) -> dict[str, Any]:
    """The users' KPIs, of all plugins and conftest files."""
    found: dict[str, Any] = {}
    for kpis in config.hook.pytest_soak_extra_kpis(config=config):
        found.update(kpis or {})
    for name in found:
        if name in KPIS:
            raise SoakUsageError(
                "pytest_soak_extra_kpis", f"{name!r} is a KPI of the package; name yours otherwise"
            )
    return found


def check_fixture(
    session: pytest.Session, items: Sequence[pytest.Item], context: SoakContext
) -> None:
    """Raise pytest.UsageError where it is not certain which bot is meant.

    `items` are all that were collected; the first soak item among them shows which definition of
    the fixture is in effect.
    """
    defined = _files_that_define(session.config, items)
    if not defined:
        return
    given = context.settings.target_source
    if given != "default":
        raise pytest.UsageError(
            f"{given}: a soak_target fixture ({defined[-1]}) also says what is soaked; keep one"
        )
    effective = _effective(items)
    used = None if effective is None else inspect.getsourcefile(inspect.unwrap(effective.func))
    for path in defined:
        if used is None or Path(used) != path:
            raise pytest.UsageError(
                f"fixture soak_target in {path} is used by no soak test; move it to the root "
                "conftest.py, or ask for soak_iteration in a test beside it"
            )
    if effective is not None:
        _check_scope(effective)


def _files_that_define(config: pytest.Config, items: Sequence[pytest.Item]) -> list[Path]:
    modules = [m for m in config.pluginmanager.get_plugins() if _is_users(m)]
    modules += [getattr(item, "module", None) for item in items]
    files = (m.__file__ for m in modules if hasattr(m, FIXTURE) and getattr(m, "__file__", None))
    return [Path(file) for file in dict.fromkeys(files)]


def _is_users(module: object) -> bool:
    return Path(getattr(module, "__file__", None) or "").name == "conftest.py"


def _effective(items: Sequence[pytest.Item]) -> Any:
    soak = next((item for item in items if slot_of(item) is not None), None)
    definitions = getattr(soak, "_fixtureinfo", None)
    found = definitions.name2fixturedefs.get(FIXTURE) if definitions else None
    return found[-1] if found else None


def _check_scope(definition: Any) -> None:
    yields = inspect.isgeneratorfunction(inspect.unwrap(definition.func))
    if definition.scope == "session" or (definition.scope == "function" and not yields):
        return
    raise pytest.UsageError(
        "fixture soak_target: a lane outlives one test; give the fixture scope='session'"
    )


def fixture_file(config: pytest.Config) -> str | None:
    """The conftest.py that says what is soaked, if one does."""
    plugins = config.pluginmanager.get_plugins()
    files = (Path(vars(m)["__file__"]) for m in plugins if _is_users(m) and hasattr(m, FIXTURE))
    return next((os.path.relpath(file, config.rootpath) for file in files), None)


def _says_all(factory: object) -> bool:
    return isinstance(factory, type) and all(hasattr(factory, x) for x in ("parameters", "kpis"))


def check_plans(session: pytest.Session, context: SoakContext) -> None:
    """Plan every lane against what the target's class says, so that mistakes end at once.

    A class that does not say both its parameters and its KPIs may say them when it is built.
    """
    settings = context.settings
    if fixture_file(session.config) is not None or session.config.option.collectonly:
        return
    try:
        factory = factory_for(session.config, settings)
        if settings.target not in BUILT_IN and not _says_all(factory):
            return
        spec = describe(factory, settings.target)
        extra = extra_kpis(session.config)
        for lane in settings.lanes():
            plan_lane(settings, lane, spec, settings.target, extra)
    except SoakUsageError as error:
        raise pytest.UsageError(str(error)) from None


def uses_kernel(session: pytest.Session, context: SoakContext) -> bool:
    """Whether this session runs the built-in market."""
    return context.settings.target == "sim" and fixture_file(session.config) is None
