"""What pytest adds to the price of an iteration, beside a bare pytest item in the same minute.

Of each kind the price of a long session less that of a short one, an item: a bare test, an
iteration soaked by `pytest_soak.soak`, the same iteration run in the body of a bare test, without
the plugin, and as an item of a pytest session.

An iteration and pytest's own code, in turn, cost more than each alone: the processor has the code
of the other in its caches. So two figures are told. What pytest adds is the session less the
iteration by call. What the plugin costs is the session less the iteration in a body, and the bare
item that pytest has of it.

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

_BODY = """
import pytest
from pathlib import Path
from pytest_soak.clock import SystemClock
from pytest_soak.report.write import write_report
from pytest_soak.run.lanes import Chosen, Lanes
from pytest_soak.run.resolve import Inputs, resolve_settings
from pytest_soak.run.run import Run
from pytest_soak.targets.resolve import named_factory

HERE, CLOCK = Path.cwd(), SystemClock()
TEXTS = {{"iterations": "{items}", "target": {target!r}, "gate-mode": "off"}}
SETTINGS = resolve_settings(Inputs(TEXTS, {{}}, {{}}, HERE, HERE, HERE))
RUN = Run(SETTINGS, [], CLOCK)
LANES = Lanes(SETTINGS, RUN.layout, CLOCK, RUN.handle, RUN.prepare)
NAME = SETTINGS.lanes()[0].id
CHOSEN = Chosen(named_factory(SETTINGS.target, "target", HERE), SETTINGS.target, {{}})
LANE = LANES.open(NAME, lambda: CHOSEN)

@pytest.mark.parametrize("n", range(1, {items} + 1))
def test_body(n):
    LANES.settle(NAME, n, LANE.run_iteration(), None)

def test_end():
    LANES.release()
    RUN.close(LANES)
    conclusion = RUN.conclude(1, RUN.iterations)
    RUN.result_file.end(RUN.results, conclusion.verdict, 0, interrupted=False)
    RUN.folder.release()
    write_report(RUN.layout, RUN.layout.report, {{}})
    assert RUN.results[0].iterations == {items}
"""


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


def in_body(target: str, items: int) -> Command:
    """The same soak, each iteration in the body of a test that the plugin knows nothing of."""
    return Command((*PYTEST, SCRIPT), _BODY.format(target=target, items=items))


def session(target: str, items: int) -> Command:
    """The same soak as a pytest session."""
    options = (f"--soak-iterations={items}", f"--soak-target={target}", "--soak-gate-mode=off")
    return Command((*PYTEST, *options))


class Prices(NamedTuple):
    """Of one round: the price of a bare item, and of an iteration of a target by kind."""

    bare: float
    call: dict[str, float]
    body: dict[str, float]
    session: dict[str, float]

    def added(self, target: str) -> float:
        """What pytest adds to an iteration."""
        return self.session[target] - self.call[target]

    def plugin(self, target: str) -> float:
        """What the plugin costs, with its item."""
        return self.session[target] - self.body[target] + self.bare


KINDS = {"call": called, "body": in_body, "session": session}


def one_round(measure: Measure, items: int) -> Prices:
    """Measure every kind once, and say what was found."""

    def each(kind: Callable[[int], Command]) -> float:
        return (measure(kind(SHORT + items)) - measure(kind(SHORT))) / items

    prices = Prices(each(bare), {}, {}, {})
    line = [f"bare {prices.bare:.2f}"]
    for target, source in TARGETS.items():
        for name, kind in KINDS.items():
            getattr(prices, name)[target] = each(partial(kind, source))
            line.append(f"{target} by {name} {getattr(prices, name)[target]:.2f}")
    print(f"{measure.__name__}: {', '.join(line)}", flush=True)
    return prices


def told(target: str, counted: Prices, timed: list[Prices], what: Callable[..., float]) -> str:
    """What was found, in bare items: of the calls, and the quartiles of the CPU time."""
    item = statistics.median(prices.bare for prices in timed)
    low, middle, high = statistics.quantiles([what(x, target) / item for x in timed], n=4)
    number = what(counted, target) / counted.bare
    return f"{number:.2f} x the calls, {middle:.2f} x ({low:.2f} to {high:.2f}) the CPU time"


def warm_up() -> None:
    """Run every kind once: what is compiled on the way is nothing that an item costs."""
    bare(SHORT).run()
    for source in TARGETS.values():
        for kind in KINDS.values():
            kind(source, SHORT).run()


def main() -> None:
    """Print a line a round, then what was found, in bare items."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    if given.rounds < 2:
        parser.error("--rounds: quartiles need two or more")
    warm_up()
    counted = one_round(calls, given.items)
    timed = [one_round(cpu, given.items) for _ in range(given.rounds)]
    for target in TARGETS:
        print(f"{target}: pytest adds {told(target, counted, timed, Prices.added)} of a bare item")
        print(f"{target}: the plugin costs {told(target, counted, timed, Prices.plugin)}")


if __name__ == "__main__":
    main()
