"""Runs real clients, jailed and unmodified, on the exchange of this machine.

    python -m benchmarks.clients [NAME...] [--seconds=60] [--environments=FOLDER] [--faults=NAME]
    python -m benchmarks.clients --row=N | --rows [--environments=FOLDER]

Each is installed with its versions pinned into an environment of its own below FOLDER, once. Of
each run it prints fills, unknown endpoints, invariants, what went outside, and the versions. A row
is a bug of one of them, run with its cause and without; `--rows` is all of them, and a table.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.clients.recipes import RECIPES
from benchmarks.clients.rows import BY_CHANCE, ROWS
from benchmarks.clients.run import Asked
from benchmarks.clients.showing import Outcome, counted, one, shown, table
from benchmarks.clients.telling import is_clean
from benchmarks.clients.tested import NUMBERS, tested


def of_row(number: int, environments: Path, seed: int) -> list[Outcome]:
    """What a row came to in each of its parts, but for what tests show."""
    found = [shown(row, environments, seed) for row in ROWS if row.number == number]
    for row in BY_CHANCE:
        if row.number == number:
            counted(row, environments, seed)
    return found


def main() -> None:
    """Run those that are named, or all; or rows."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clients", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    numbers = sorted({row.number for row in ROWS} | {*NUMBERS})
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(RECIPES))
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--environments", type=Path, default=Path(".clients"))
    parser.add_argument("--faults", default="calm")
    parser.add_argument("--seed", type=int, default=42)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--row", type=int, choices=numbers, help="one row")
    which.add_argument("--rows", action="store_true", help="all rows, and a table of them")
    given = parser.parse_args()
    if unknown := sorted({*given.names} - {*RECIPES}):
        parser.error(f"no client {', '.join(unknown)}; there are {', '.join(RECIPES)}")
    if given.names and (given.rows or given.row is not None):
        parser.error("a row has its clients: name none beside --row and --rows")
    environments: Path = given.environments
    if given.rows or given.row is not None:
        wanted = numbers if given.rows else [given.row]
        found = [out for n in wanted for out in of_row(n, environments, given.seed)]
        if of_tests := sorted({*wanted} & {*NUMBERS}):
            found += tested(of_tests, environments)
        print(table(found), flush=True)
        sys.exit(int(not all(out.is_right for out in found)))
    asked = Asked(given.seconds, given.faults, given.seed)
    ran = [one(name, environments, asked) for name in given.names or RECIPES]
    sys.exit(int(not all(is_clean(run) for run in ran)))


if __name__ == "__main__":
    main()
