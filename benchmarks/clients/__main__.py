"""Runs real clients, jailed and unmodified, on the exchange of this machine.

    python -m benchmarks.clients [NAME...] [--seconds=60] [--environments=FOLDER] [--faults=NAME]

Each is installed with its versions pinned into an environment of its own below FOLDER, once. Of
each run it prints fills, unknown endpoints, invariants, what went outside, and the versions.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.clients.environments import environment
from benchmarks.clients.recipes import RECIPES
from benchmarks.clients.run import Ran, last_lines, run
from pytest_soak.exchange.record import Execution, Request, Strange

GREEN = {
    "repeated_intents": 0.0,
    "requests_over_limit": 0.0,
    "unknown_endpoints": 0.0,
    "position_gap_base": 1e-9,
    "unknown_open_orders": 0.0,
    "believed_open_closed": 0.0,
}
"""The invariants that are held, and what each may be at most."""


def told(ran: Ran) -> list[str]:
    """A run in lines."""
    trades = Counter(event.side for event in ran.events if isinstance(event, Execution))
    strange = Counter(
        f"{event.what} {event.detail}" for event in ran.events if isinstance(event, Strange)
    )
    refused = Counter(
        f"{event.endpoint} {event.code}"
        for event in ran.events
        if isinstance(event, Request) and event.code
    )
    lines = [
        f"{ran.recipe.name}: {ran.recipe.package} {ran.version}, {ran.isolation}",
        f"  fills: {trades['Buy']} buys, {trades['Sell']} sells",
        f"  unknown: {_counted(strange)}",
        f"  refused: {_counted(refused)}",
        f"  outside: {ran.outside} (over {', '.join(ran.outside.interfaces) or 'unknown'})",
    ]
    for name, result in ran.invariants.items():
        value = f"null: {result.why}" if result.value is None else f"{result.value:g}"
        judged = "" if name not in GREEN else "  red" if is_red(ran, name) else "  green"
        lines.append(f"  {name} = {value}{judged}")
        lines += [f"      {finding.text}" for finding in result.findings[:3]]
    if ran.recipe.exits and ran.status != 0:
        lines += [f"  ended with status {ran.status}:", *last_lines(ran.folder / "bot.log", 12)]
    return lines


def is_red(ran: Ran, name: str) -> bool:
    """Whether an invariant is broken."""
    value = ran.invariants[name].value
    return value is not None and value > GREEN[name]


def _counted(counts: Counter[str]) -> str:
    shown = [f"{what} x{count}" for what, count in counts.most_common(6)]
    return "; ".join(shown) or "none"


def main() -> None:
    """Run those that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clients", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(RECIPES))
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--environments", type=Path, default=Path(".clients"))
    parser.add_argument("--faults", default="calm")
    parser.add_argument("--seed", type=int, default=42)
    given = parser.parse_args()
    if unknown := sorted({*given.names} - {*RECIPES}):
        parser.error(f"no client {', '.join(unknown)}; there are {', '.join(RECIPES)}")
    red = False
    for name in given.names or RECIPES:
        recipe = RECIPES[name]
        place = environment(recipe.environment, given.environments)
        folder = Path(mkdtemp(prefix=f"soak-{name}-"))
        ran = run(recipe, place, folder, given.seconds, given.faults, given.seed)
        print("\n".join(told(ran)), f"\n  kept in {folder}", flush=True)
        red = red or any(is_red(ran, name) for name in GREEN)
    sys.exit(int(red))


if __name__ == "__main__":
    main()
