"""What kind of machine this is."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import pytest

from pytest_soak.system import machine_class


def test_a_kind_of_machine_is_its_system_and_its_processors() -> None:
    found = machine_class()
    assert found == machine_class()
    assert found.startswith(f"{platform.system()} {platform.machine()} {os.cpu_count()} x ")
    assert platform.node() not in found.split()


def test_a_processor_is_called_as_the_system_calls_it(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "processor : 0\nmodel name\t: Fast  One\nprocessor : 1\nmodel name\t: Slow\n"
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: text)
    assert machine_class().endswith(" x Fast One")


def test_a_system_that_does_not_tell_its_processor_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any, **__: Any) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", gone)
    monkeypatch.setattr(platform, "processor", lambda: "")
    assert machine_class().endswith(" x a processor")
