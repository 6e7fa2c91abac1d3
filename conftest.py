"""Set-up of the project's own tests; a soak of this checkout leaves them alone.

Properties are tried on the same examples in every run; `--hypothesis-profile=explore` tries
others.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from harness import Workbench

with suppress(ImportError):  # a plain install, which soaks but does not test
    from hypothesis import settings

    settings.register_profile("explore", deadline=None)
    settings.register_profile("same", deadline=None, derandomize=True, database=None)
    settings.load_profile("same")


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Collect no test of the project in a soak."""
    return True if config.getoption("soak_iterations", None) else None


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    """An empty directory in which a user works."""
    directory = tmp_path / "work"
    directory.mkdir()
    return Workbench(directory)
