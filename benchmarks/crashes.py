"""Killed soaks, resumed, against undisturbed ones: `python -m benchmarks.crashes --kills 200`."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from harness import Workbench
from kills import CASES, Killer

MOST_AT_ONCE = 8
"""A run is killed once to so many times before it may end."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    draws, worst = random.Random(options.seed), 0
    began = time.monotonic()
    for number, case in enumerate(CASES):
        share = options.kills // len(CASES) + (number < options.kills % len(CASES))
        with tempfile.TemporaryDirectory() as folder:
            killer, runs, different = Killer(case, Workbench(Path(folder)), draws), 0, 0
            while killer.kills < share:
                kills = min(draws.randint(1, MOST_AT_ONCE), share - killer.kills)
                different += not killer.trial(str(runs), kills)
                runs += 1
            print(
                f"{case.name:<10} {killer.kills:>4} kills ({killer.hits} while it wrote) "
                f"in {runs:>3} runs, {different} ended differently",
                flush=True,
            )
            worst = max(worst, different)
    print(f"{time.monotonic() - began:.0f} s")
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())
