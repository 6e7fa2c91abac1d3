"""The metrics of a session: served from its start to its end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_soak.errors import SoakUsageError
from pytest_soak.run.metrics import Metrics
from pytest_soak.run.settings import Settings


class MetricsPage:
    """Serves `metrics`, which are a handler, and says in the session's header where they are.

    Raises pytest.UsageError where that is not possible.
    """

    def __init__(
        self, config: pytest.Config, settings: Settings, say: Callable[[str], None]
    ) -> None:
        try:
            self.metrics = Metrics(settings, say)
        except SoakUsageError as error:
            raise pytest.UsageError(str(error)) from None
        config.add_cleanup(self.metrics.stop)

    def pytest_report_header(self) -> str:
        """Where they are."""
        return f"soak: metrics at {self.metrics.address}"
