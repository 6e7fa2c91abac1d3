"""What the installed plugin adds to the start of an unrelated pytest session.

Two views: the time of its import, options and hooks inside a fresh interpreter that already has
pytest, and the CPU time of whole sessions of one empty test with and without it, in turn.
Run: python -m benchmarks.startup
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 20
_INSIDE = """
import time, pytest
from _pytest.config import get_config
config = get_config([])
began = time.perf_counter_ns()
import pytest_soak.plugin as plugin
config.pluginmanager.register(plugin, "soak-measured")
print((time.perf_counter_ns() - began) / 1e6)
"""


ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def inside() -> list[float]:
    """Milliseconds to import and register the plugin, one fresh interpreter each."""
    command = [sys.executable, "-c", _INSIDE]
    times = [
        float(subprocess.check_output(command, text=True, env=ENVIRONMENT))
        for _ in range(ROUNDS + 1)
    ]
    return times[1:]


def session_cpu(folder: Path, *arguments: str) -> float:
    """CPU milliseconds of a session of one empty test."""
    before = os.times()
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        check=True,
    )
    after = os.times()
    used = after.children_user + after.children_system
    return 1e3 * (used - before.children_user - before.children_system)


def main() -> None:
    """Print both views."""
    added = sorted(inside())
    print(f"import, options, hooks: median {statistics.median(added):.2f} ms, max {added[-1]:.2f}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_empty.py").write_text("def test_empty(): pass\n")
        pairs = [(session_cpu(folder), session_cpu(folder, "-p", "no:soak")) for _ in range(ROUNDS)]
    ratios = [with_it / without for with_it, without in pairs]
    print(f"session CPU without: median {statistics.median(w for _, w in pairs):.0f} ms")
    print(f"session CPU with/without: median ratio {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    began = time.monotonic()
    main()
    print(f"took {time.monotonic() - began:.0f} s")
