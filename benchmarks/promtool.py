"""The clock of `for` beside Prometheus's, on random series without gaps.

Each series is a metric of its own with an alerting rule; promtool says at which minutes the rule
fires. Needs `promtool` (of the Debian package `prometheus`). Run: python -m benchmarks.promtool
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import yaml

from pytest_soak.gates.criteria import Criteria, Criterion
from pytest_soak.gates.sustained import Sustained, advance

SEED, TIMES, MINUTES = 42, 1000, 90
MINUTE_US = 60_000_000
BATCH = 10  # each test evaluates all rules of its file


class Case(NamedTuple):
    """A series of minutes, 0 or 1 each, and for how many of them its rule asks."""

    name: str
    values: list[int]
    minutes: int


def cases(times: int, seed: int = SEED) -> list[Case]:
    """Random series whose spells are about as long as what the rules ask for."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(times):
        change = 1.0 / rng.uniform(1.5, 25.0)
        flips = rng.random(MINUTES) < change
        values = (np.cumsum(flips) + rng.integers(2)) % 2
        found.append(Case(f"series_{number}", values.tolist(), int(rng.integers(0, 16))))
    return found


def ours(case: Case) -> int | None:
    """The minute at which our criterion stops."""
    criterion = Criterion.model_validate(
        {"name": "c", "metric": "breaker_open", "stop_if": "> 0", "for": f"{case.minutes}m"}
    )
    criteria, state = Criteria(name="promtool", criteria=[criterion]), Sustained()
    for minute, value in enumerate(case.values):
        state, done = advance(criteria, state, minute * MINUTE_US, {"c": float(value)})
        if done:
            return minute
    return None


def _rules(batch: list[Case]) -> dict[str, object]:
    rules = [
        {"alert": case.name, "expr": f"{case.name} > 0", "for": f"{case.minutes}m"}
        for case in batch
    ]
    return {"groups": [{"name": "sustained", "interval": "1m", "rules": rules}]}


def _tests(batch: list[Case]) -> dict[str, object]:
    """What our clock says, as promtool's tests: quiet until the minute, and firing in it."""
    tests = []
    for case in batch:
        first = ours(case)
        looks = [(MINUTES - 1, False)] if first is None else [(first, True)]
        looks += [] if not first else [(first - 1, False)]
        tests.append(
            {
                "interval": "1m",
                "input_series": [{"series": case.name, "values": " ".join(map(str, case.values))}],
                "alert_rule_test": [
                    {
                        "eval_time": f"{minute}m",
                        "alertname": case.name,
                        "exp_alerts": [{"exp_labels": {}}] if firing else [],
                    }
                    for minute, firing in looks
                ],
            }
        )
    return {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests}


def differences(found: list[Case]) -> str:
    """What promtool finds wrong with what our clock says; empty if nothing."""
    program = shutil.which("promtool")
    if program is None:
        raise FileNotFoundError("promtool is not installed: apt-get install prometheus")
    said = []
    for start in range(0, len(found), BATCH):
        batch = found[start : start + BATCH]
        with TemporaryDirectory() as folder:
            for name, content in (("rules.yaml", _rules(batch)), ("tests.yaml", _tests(batch))):
                Path(folder, name).write_text(yaml.safe_dump(content), encoding="utf-8")
            done = subprocess.run(
                [program, "test", "rules", "tests.yaml"],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode:
            said.append(done.stdout + done.stderr)
    return "\n".join(said)


def main() -> int:
    """Compare, and say what differs."""
    found = cases(TIMES)
    told = differences(found)
    fired = sum(ours(case) is not None for case in found)
    print(told or f"{len(found)} series, {fired} of which fire: promtool agrees with all of them")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
