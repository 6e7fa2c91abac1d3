"""Runs real clients, jailed and unmodified, on the exchange of this machine.

    python -m benchmarks.clients [NAME...] [--seconds=60] [--environments=FOLDER] [--faults=NAME]

Each is installed with its versions pinned into an environment of its own below FOLDER, once. Of
each run it prints fills, unknown endpoints, invariants, what went outside, and the versions.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.clients.environments import environment
from benchmarks.clients.recipes import RECIPES
from benchmarks.clients.rows import ROWS, Row
from benchmarks.clients.run import Asked, Ran, last_lines, run

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
    judged = ran.judged
    refused = {
        f"{asked.endpoint} {code}": count
        for asked in judged.requests
        for code, count in asked.codes.items()
        if code != "0"
    }
    lines = [
        f"{ran.recipe.name}: {ran.recipe.package} {ran.version}, isolation: {judged.isolation}",
        f"  unknown to the exchange: {_counted(judged.strange)}",
        f"  refused by it: {_counted(refused)}",
        f"  outside: {judged.outside}",
    ]
    for name, value in judged.kpis.items():
        if value is not None:
            verdict = "" if name not in GREEN else "  red" if is_red(ran, name) else "  green"
            lines.append(f"  {name} = {value:g}{verdict}")
            found = [one.text for one in judged.findings if one.kpi == name]
            lines += [f"      {text}" for text in found[:3]]
    lines += [f"  {name}: null, {why}" for name, why in judged.reasons.items() if name in GREEN]
    if ran.recipe.exits and ran.status != 0:
        lines += [f"  ended with status {ran.status}:", *last_lines(ran.folder / "bot.log", 12)]
    return lines


def is_red(ran: Ran, name: str) -> bool:
    """Whether an invariant is broken."""
    value = ran.judged.kpis[name]
    return value is not None and value > GREEN[name]


def is_clean(ran: Ran) -> bool:
    """Whether a client traded both ways, as it is, and nothing is wrong."""
    traded = ran.judged.kpis["buy_fills"] and ran.judged.kpis["sell_fills"]
    ended = ran.status == 0 or not ran.recipe.exits
    broken = any(is_red(ran, name) for name in GREEN) or bool(ran.judged.strange)
    return bool(traded) and ended and not broken


def _counted(counts: Mapping[str, int]) -> str:
    return "; ".join(f"{what} x{count}" for what, count in counts.items()) or "none"


def one(name: str, environments: Path, asked: Asked) -> Ran:
    """Run a client, and say what it came to."""
    recipe = RECIPES[name]
    place = environment(recipe.environment, environments)
    ran = run(recipe, place, Path(mkdtemp(prefix=f"soak-{name}-")), asked)
    print("\n".join([*told(ran), f"  kept in {ran.folder}"]), flush=True)
    return ran


def shown(row: Row, environments: Path, seed: int) -> bool:
    """Whether a bug is seen where its cause is, and not where it is not."""
    print(f"row {row.number}: {row.client} {row.says}", flush=True)
    bad = one(row.client, environments, Asked(row.seconds, row.faults, seed))
    good = one(row.honest or row.client, environments, Asked(row.seconds, seed=seed))
    found = [[_above(ran, kpi, most) for kpi, most in row.reds] for ran in (bad, good)]
    words = ["red" if any(one) else "green" for one in found]
    print(f"row {row.number}: {words[0]} with its cause, {words[1]} without", flush=True)
    return words == ["red", "green"]


def _above(ran: Ran, kpi: str, most: float) -> bool:
    value = ran.judged.kpis[kpi]
    return value is not None and value > most


def main() -> None:
    """Run those that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clients", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(RECIPES))
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--environments", type=Path, default=Path(".clients"))
    parser.add_argument("--faults", default="calm")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--row", type=int, choices=sorted({row.number for row in ROWS}))
    given = parser.parse_args()
    if unknown := sorted({*given.names} - {*RECIPES}):
        parser.error(f"no client {', '.join(unknown)}; there are {', '.join(RECIPES)}")
    if given.row is not None:
        rows = [row for row in ROWS if row.number == given.row]
        seen = [shown(row, given.environments, given.seed) for row in rows]
        sys.exit(int(not all(seen)))
    asked = Asked(given.seconds, given.faults, given.seed)
    ran = [one(name, given.environments, asked) for name in given.names or RECIPES]
    sys.exit(int(not all(is_clean(run) for run in ran)))


if __name__ == "__main__":
    main()
