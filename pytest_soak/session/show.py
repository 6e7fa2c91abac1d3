"""`--soak-show-config`: each setting with its value and its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_soak.config.overrides import resolve
from pytest_soak.errors import SoakUsageError
from pytest_soak.options import KNOBS, OPTIONS
from pytest_soak.run.lanes import Chosen
from pytest_soak.run.resolve import resolve_settings
from pytest_soak.run.settings import Settings
from pytest_soak.session.activate import inputs_of
from pytest_soak.session.targets import chosen_by_option
from pytest_soak.targets.abilities import abilities


def show_config(config: pytest.Config) -> int:
    """Print the settings; pytest.UsageError for the first that is wrong."""
    try:
        settings = resolve_settings(inputs_of(config))
        if settings.target_source != "default" or not _has_conftest(config):
            check_overrides(settings, chosen_by_option(config, settings))
    except SoakUsageError as error:
        raise pytest.UsageError(str(error)) from None
    for line in config_lines(settings):
        print(line)
    return int(pytest.ExitCode.OK)


def _has_conftest(config: pytest.Config) -> bool:
    """Whether a conftest.py may say what is soaked, which only a session finds out."""
    files = (getattr(p, "__file__", None) for p in config.pluginmanager.get_plugins())
    return any(Path(file).name == "conftest.py" for file in files if file)


def check_overrides(settings: Settings, chosen: Chosen) -> None:
    """Raise SoakUsageError for an override that the target's parameters do not allow.

    A target whose table its class does not say is asked when it is built.
    """
    if isinstance(chosen.factory, type):
        table = abilities(chosen.factory, chosen.name).table
        for profile in settings.profiles:
            resolve(table, profile, settings.layers, settings.presets)


def config_lines(settings: Settings) -> list[str]:
    """One line a setting: name, value, source."""
    names = [o.name for o in OPTIONS if o.name not in ("show-config", "market-set")]
    rows = [
        (name, settings.shown.get(name, "-"), settings.sources.get(name, "default"))
        for name in [*names, *KNOBS]
    ]
    width = max(len(name) for name, _, _ in rows)
    value_width = max(len(value) for _, value, _ in rows)
    return [f"{name:<{width}}  {value:<{value_width}}  {source}" for name, value, source in rows]
