"""The cluster of a session, which runs the windows of its lanes."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from pytest_soak.cluster.remote import OPTION, Cluster
from pytest_soak.cluster.scheduler import connected
from pytest_soak.errors import SoakUsageError
from pytest_soak.run.settings import Settings


def session_cluster(
    config: pytest.Config, settings: Settings, *, distributed: bool
) -> Cluster | None:
    """The cluster that the settings name, until the session ends; None without one.

    Raises pytest.UsageError where there is none, and together with pytest-xdist.
    """
    if settings.cluster is None or config.option.collectonly or config.option.soak_show_config:
        return None
    if distributed:
        problem = "the cluster's workers run the lanes side by side; leave out -n of pytest-xdist"
        raise pytest.UsageError(f"{OPTION}: {problem}")
    stack = ExitStack()
    config.add_cleanup(stack.close)
    try:
        where = connected(settings.cluster, settings.target, settings.rootdir)
        return stack.enter_context(where)
    except SoakUsageError as error:
        raise pytest.UsageError(str(error)) from None
