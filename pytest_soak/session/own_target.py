"""The fixture `soak_target` of a session whose user defines none."""

from __future__ import annotations

import pytest

from pytest_soak.session.context import CONTEXT
from pytest_soak.session.targets import chosen_by_option
from pytest_soak.targets.base import TargetFactory


@pytest.fixture(scope="session")
def soak_target(request: pytest.FixtureRequest) -> TargetFactory:
    """The factory `LaneInfo -> Target` of what is soaked; override it with your own."""
    settings = request.config.stash[CONTEXT].settings
    return chosen_by_option(request.config, settings).factory
