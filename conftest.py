"""Test set-up of the whole project."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import Workbench


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    """An empty directory in which a user works."""
    directory = tmp_path / "work"
    directory.mkdir()
    return Workbench(directory)
