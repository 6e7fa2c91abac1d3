"""Events on test reports: values in this process, plain data for other processes and for logs."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from pytest_soak.engine.events import pack, unpack

EVENTS = "soak_events"


class Wire:
    """The hooks by which a report is written and read."""

    @pytest.hookimpl(wrapper=True)
    def pytest_report_to_serializable(self) -> Generator[None, Any, Any]:
        """Write the events of a report as plain data."""
        data = yield
        if data and data.get(EVENTS):
            data[EVENTS] = pack(data[EVENTS])
        return data

    @pytest.hookimpl(wrapper=True)
    def pytest_report_from_serializable(self) -> Generator[None, Any, Any]:
        """Read them again."""
        report = yield
        packed = getattr(report, EVENTS, None)
        if packed:
            setattr(report, EVENTS, unpack(packed))
        return report
