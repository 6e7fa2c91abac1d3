"""The fixture `soak_target` of a session whose user defines none."""

from __future__ import annotations

from types import ModuleType

import pytest

from pytest_soak.session.context import CONTEXT
from pytest_soak.session.targets import chosen_by_option
from pytest_soak.targets.base import TargetFactory


def own_target(config: pytest.Config) -> ModuleType:
    """A plugin with that fixture alone.

    The fixture knows its session without `request`, which pytest would make anew for each item.
    """

    @pytest.fixture(scope="session")
    def soak_target() -> TargetFactory:
        """The factory `LaneInfo -> Target` of what is soaked; override it with your own."""
        return chosen_by_option(config, config.stash[CONTEXT].settings).factory

    plugin = ModuleType(__name__)
    setattr(plugin, soak_target.__name__, soak_target)
    return plugin
