"""What pytest adds to the price of an iteration, beside a bare pytest item in the same minute.

Of each kind the CPU time of a long session less that of a short one, an item: a bare test, an
iteration soaked by `pytest_soak.soak`, and the same iteration as an item of a pytest session. The
last less the one before is what the plugin itself costs. Every kind in turn, several rounds.
Run: python -m benchmarks.price [--items 1000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SHORT = 10
TARGETS = {"instant": "pytest_soak.testing:InstantTarget", "mock": "mock"}
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly")
_BARE = """
import pytest

@pytest.mark.parametrize("n", range({items}))
def test_bare(n):
    pass
"""
_CALL = "from pytest_soak import soak; soak({target!r}, iterations={items}, gate_mode='off')"


def cpu(*command: str) -> float:
    """CPU seconds of a Python process in a folder of its own."""
    before = os.times()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, check=True)
    after = os.times()
    return after.children_user + after.children_system - before[2] - before[3]


def bare(items: int) -> float:
    """A session of so many empty tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test_bare.py"
        path.write_text(_BARE.format(items=items))
        return cpu(*PYTEST, str(path))


def called(target: str, items: int) -> float:
    """A soak by one call."""
    return cpu("-c", _CALL.format(target=target, items=items))


def session(target: str, items: int) -> float:
    """The same soak as a pytest session."""
    options = (f"--soak-iterations={items}", f"--soak-target={target}", "--soak-gate-mode=off")
    return cpu(*PYTEST, *options)


def main() -> None:
    """Print a line a round, then the medians of the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    more, ratios = given.items, dict[str, list[float]]()
    for _ in range(given.rounds):
        item = (bare(SHORT + more) - bare(SHORT)) / more
        line = [f"bare {1e3 * item:.2f} ms"]
        for name, target in TARGETS.items():
            alone = (called(target, SHORT + more) - called(target, SHORT)) / more
            whole = (session(target, SHORT + more) - session(target, SHORT)) / more
            ratios.setdefault(name, []).append((whole - alone) / item)
            own = 1e3 * (whole - alone)
            line.append(f"{name} {1e3 * whole:.2f} ms, by call {1e3 * alone:.2f}, plugin {own:.2f}")
        print("; ".join(line), flush=True)
    for name, found in ratios.items():
        print(f"{name}: the plugin costs {statistics.median(found):.2f} x a bare item")


if __name__ == "__main__":
    main()
