"""The bot of docs/PROCESS.md, soaked and tuned for five windows of 20 seconds.

    python -m benchmarks.process_bot

Prints the session, and of each window the spreads that the bot says in its fills it quoted with.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest_soak

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "PROCESS.md"
ITERATIONS, MINUTES = 5, 0.3333
COMMAND = (
    f"--soak-iterations={ITERATIONS}",
    f"--soak-minutes={MINUTES}",
    "--soak-gate=mine",
    "--soak-auto-tune",
    "--soak-target=process:python3 bot.py",
)
_BLOCK = re.compile(r'^```\w+ title="(bot\.py|gates/mine\.yaml)"\n(.*?)^```$', re.M | re.S)


def quoted(folder: Path) -> list[tuple[float, list[float]]]:
    """Of each iteration the spread in force, and those that the bot filled with."""
    fills = [
        json.loads(line)
        for path in sorted(folder.glob("feeds/fills_*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    found = []
    for number in range(1, ITERATIONS + 1):
        record = json.loads((folder / f"ITER_SUMMARY_{number}.json").read_text(encoding="utf-8"))
        start = fills[0]["time_us"] + (number - 1) * round(MINUTES * 60e6)
        inside = [x for x in fills if start <= x["time_us"] < start + round(MINUTES * 60e6)]
        spreads = list(dict.fromkeys(fill["spread"] for fill in inside))
        found.append((record["overrides"]["base_spread_bps_delta"], spreads))
    return found


def main() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        for title, text in _BLOCK.findall(DOCUMENT.read_text(encoding="utf-8")):
            (folder / title).parent.mkdir(exist_ok=True)
            (folder / title).write_text(text, encoding="utf-8")
        env = os.environ | {"PYTHONPATH": str(Path(pytest_soak.__file__).parent.parent)}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *COMMAND], cwd=folder, env=env, check=False
        )
        for number, (wanted, spreads) in enumerate(quoted(folder / "artifacts/soak/latest"), 1):
            print(f"window {number}: in force {wanted}, the bot says {spreads}")
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
