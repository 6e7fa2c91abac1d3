"""What pytest adds to the price of an iteration, beside a bare pytest item in the same minute.

Of each kind the price of a long session less that of a short one, an item: a bare test, an
iteration soaked by `pytest_soak.soak`, and the same iteration as an item of a pytest session. The
last less the one before is what the plugin itself costs.

Two measures: function calls, which are the same in every round, and CPU time, which is not. Every
kind is timed in turn, several rounds; told are the medians, and where the middle half of the rounds
lies.
Run: python -m benchmarks.price [--items 1000] [--rounds 9]
"""

from __future__ import annotations

import argparse
import os
import pstats
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks.startup import ENVIRONMENT

SHORT = 10
TARGETS = {"instant": "pytest_soak.testing:InstantTarget", "mock": "mock"}
SCRIPT = "test_price.py"
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly")
_BARE = """
import pytest

@pytest.mark.parametrize("n", range({items}))
def test_bare(n):
    pass
"""
_CALL = "from pytest_soak import soak; soak({target!r}, iterations={items}, gate_mode='off')"


class Command(NamedTuple):
    """Arguments of a Python process, and the SCRIPT in the folder of its own that it runs in."""

    arguments: tuple[str, ...]
    script: str = ""

    def run(self, *before: str) -> None:
        """Run it, with further arguments `before` its own."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, SCRIPT).write_text(self.script)
            command = [sys.executable, *before, *self.arguments]
            subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, check=True)


Measure = Callable[[Command], float]


def cpu(command: Command) -> float:
    """CPU milliseconds."""
    before = os.times()
    command.run()
    after = os.times()
    return 1e3 * (after.children_user + after.children_system - before[2] - before[3])


def calls(command: Command) -> float:
    """Calls of functions, those of the interpreter's own among them."""
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder) / "profile"
        command.run("-m", "cProfile", "-o", str(profile))
        return float(pstats.Stats(str(profile)).total_calls)  # type: ignore[attr-defined]


def bare(items: int) -> Command:
    """A session of so many empty tests."""
    return Command((*PYTEST, SCRIPT), _BARE.format(items=items))


def called(target: str, items: int) -> Command:
    """A soak by one call."""
    return Command((SCRIPT,), _CALL.format(target=target, items=items))


def session(target: str, items: int) -> Command:
    """The same soak as a pytest session."""
    options = (f"--soak-iterations={items}", f"--soak-target={target}", "--soak-gate-mode=off")
    return Command((*PYTEST, *options))


class Prices(NamedTuple):
    """The price of an item of each kind, in one round; `own` is the plugin's, by target."""

    bare: float
    own: dict[str, float]


def one_round(measure: Measure, items: int) -> Prices:
    """Measure every kind once, and say what was found."""

    def each(kind: Callable[[int], Command]) -> float:
        return (measure(kind(SHORT + items)) - measure(kind(SHORT))) / items

    item = each(bare)
    line, own = [f"bare {item:.2f}"], {}
    for name, target in TARGETS.items():
        alone = each(partial(called, target))
        whole = each(partial(session, target))
        own[name] = whole - alone
        line.append(f"{name} {whole:.2f}, by call {alone:.2f}, plugin {own[name]:.2f}")
    print(f"{measure.__name__}: {'; '.join(line)}", flush=True)
    return Prices(item, own)


def warm_up() -> None:
    """Run every kind once: what is compiled on the way is nothing that an item costs."""
    bare(SHORT).run()
    for target in TARGETS.values():
        called(target, SHORT).run()
        session(target, SHORT).run()


def main() -> None:
    """Print a line a round, then what the plugin costs in items."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    warm_up()
    counted = one_round(calls, given.items)
    timed = [one_round(cpu, given.items) for _ in range(given.rounds)]
    item = statistics.median(prices.bare for prices in timed)
    for name in TARGETS:
        low, middle, high = statistics.quantiles([x.own[name] / item for x in timed], n=4)
        print(
            f"{name}: the plugin costs {counted.own[name] / counted.bare:.2f} x the calls of a "
            f"bare item, {middle:.2f} x ({low:.2f} to {high:.2f}) its CPU time"
        )


if __name__ == "__main__":
    main()
