"""Steps of a release that are killed by `kill -9` at random moments, and then done again.

    python -m benchmarks.killed_releases --rounds 50 --jobs 2

A release is led through all steps once, and rolled back; each step is then killed in copies of
the folder of before it, at a moment drawn from as long as it took: the command, or all that it has
started. Then the same command is run until it is through. The step must be done with the verdict of
the undisturbed one, and all files of the release be the same but for `meta`, the ledger and the
folders of runs. A rollback leaves each file as it was or as it is to be. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest_soak
from benchmarks.releasing_bot import BOT, GATE, PLAN

HOME = Path(pytest_soak.__file__).parent.parent
HANGS = 300.0
MOST_TRIES = 3
STEPS = ("prep", "shadow", "soak", "dataset", "ab", "lock", "daily", "rollback")
CONFIG, BEFORE, AFTER = "config.yaml", "symbol: A\n", "symbol: B\n"
UNLIKE = ("release/LEDGER.jsonl", "release/STATE.json", "release/runs/")
"""What is not the same after a second try, by the begin of its path below the release."""


_OF_A_LOCK = re.compile(rb"\b\d{4}-\d\d-\d\dT[0-9:.+]+|\b[0-9a-f]{64}\b")


class Done(NamedTuple):
    """A step that was done undisturbed: exit status, seconds, and what the folder was before."""

    status: int
    seconds: float
    before: Path
    files: Mapping[str, object]
    verdict: str


def start(folder: Path, step: str) -> subprocess.Popen[bytes]:
    """Begin a step in a folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "pytest_soak.cli", "release", step],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(HOME)},
        stdin=subprocess.DEVNULL,
        stdout=(folder / "output").open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def contents(folder: Path) -> dict[str, object]:
    """The files of a release that are to be the same, JSON without `meta`."""
    home = folder / "artifacts"
    found: dict[str, object] = {}
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        if path.is_file() and not name.startswith(UNLIKE) and not path.name.startswith("."):
            found[name] = _content(path)
    return found


def _content(path: Path) -> object:
    """A file without `meta`; of a lock also without its time, and the hash of what has that."""
    data = path.read_bytes()
    if "lock" in path.name.lower():
        data = _OF_A_LOCK.sub(b"", data)
    if path.suffix != ".json":
        return data
    told: Any = json.loads(data)
    return {key: value for key, value in told.items() if key != "meta"}


def verdict(folder: Path, step: str) -> str:
    """What the ledger says last of a step."""
    lines = (folder / "artifacts/release/LEDGER.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line.partition(" ")[2]) for line in lines]
    return next((str(e["verdict"]) for e in reversed(events) if e["step"] == step), "nothing")


def undisturbed(root: Path) -> dict[str, Done]:
    """Lead a release through all steps, and keep what was before each."""
    folder = root / "whole"
    folder.mkdir()
    (folder / "gates").mkdir()
    for name, text in (("bot.py", BOT), ("gates/desk.yaml", GATE), ("release.yaml", PLAN)):
        (folder / name).write_text(text, encoding="utf-8")
    (folder / CONFIG).write_text(BEFORE, encoding="utf-8")
    done = {}
    for step in STEPS:
        if step == "rollback":
            (folder / CONFIG).write_text(AFTER, encoding="utf-8")
        before = root / f"before_{step}"
        shutil.copytree(folder, before)
        begun = time.monotonic()
        status = start(folder, step).wait(HANGS)
        seconds = time.monotonic() - begun
        while step == "ab" and status == 0 and _stages(folder) < 3:
            status = start(folder, step).wait(HANGS)
        done[step] = Done(status, seconds, before, contents(folder), verdict(folder, step))
        print(f"{step}: {done[step].verdict}, {seconds:.1f} s", flush=True)
        if status != 0:
            raise SystemExit((folder / "output").read_text(encoding="utf-8"))
    return done


def _stages(folder: Path) -> int:
    return len(list((folder / "artifacts/release/runs/ab").glob("*_[0-9]*.json")))


class Round(NamedTuple):
    """What became of a step that was killed; `hit` says that it was not over before."""

    hit: bool
    faults: tuple[str, ...]


def killed(step: str, whole: Done, seed: int) -> Round:
    """Kill a step at a random moment, do it again, and compare."""
    draws = random.Random(f"{step} {seed}")
    with TemporaryDirectory() as name:
        folder = Path(name).resolve() / "release"
        shutil.copytree(whole.before, folder)
        hit = _kill(start(folder, step), whole.seconds * draws.random(), alone=draws.random() < 0.5)
        faults = list(_half_done(folder)) if step == "rollback" else []
        faults += _again(folder, step, whole)
    return Round(hit, tuple(faults))


def _kill(process: subprocess.Popen[bytes], after: float, *, alone: bool) -> bool:
    """Kill a command, `alone` or with all that it has started; wait until nothing of it is left."""
    try:
        process.wait(after)
        return False
    except subprocess.TimeoutExpired:
        pass
    with suppress(ProcessLookupError):
        if alone:
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + HANGS
    with suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.killpg(process.pid, 0)
            time.sleep(0.02)
    return True


def _half_done(folder: Path) -> list[str]:
    text = (folder / CONFIG).read_text(encoding="utf-8")
    return [] if text in (BEFORE, AFTER) else [f"{CONFIG} is {text!r}"]


def _again(folder: Path, step: str, whole: Done) -> list[str]:
    """Run the command until it is through; what differs from the undisturbed one.

    A lock that was done before it was killed is not done again, which would be to replace it.
    """
    if step == "lock" and verdict(folder, step) == whole.verdict:
        return _different(folder, step, whole)
    for _ in range(MOST_TRIES if step != "ab" else MOST_TRIES + 2):
        status = start(folder, step).wait(HANGS)
        if status != whole.status or step != "ab" or _stages(folder) == 3:
            break
    told = []
    if status != whole.status:
        told.append(f"exit status {status}:\n{(folder / 'output').read_text(encoding='utf-8')}")
    return told + _different(folder, step, whole)


def _different(folder: Path, step: str, whole: Done) -> list[str]:
    told = []
    if (found := verdict(folder, step)) != whole.verdict:
        told.append(f"{found} in place of {whole.verdict}")
    files = contents(folder)
    for name in sorted({*files, *whole.files}):
        if files.get(name) != whole.files.get(name):
            told.append(f"{name} differs")
    if step == "rollback" and (folder / CONFIG).read_text(encoding="utf-8") != BEFORE:
        told.append(f"{CONFIG} was not put back")
    return told


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--jobs", type=int, default=1, help="rounds at once")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=STEPS)
    given = parser.parse_args()
    total: Counter[str] = Counter()
    with TemporaryDirectory() as name, ThreadPoolExecutor(given.jobs) as pool:
        whole = undisturbed(Path(name).resolve())
        for step in given.steps:
            seeds = range(given.seed, given.seed + given.rounds)
            rounds = list(pool.map(partial(killed, step, whole[step]), seeds))
            for seed, one in zip(seeds, rounds, strict=True):
                for fault in one.faults:
                    print(f"{step}, seed {seed}: {fault}", flush=True)
            hits, faults = sum(one.hit for one in rounds), sum(bool(one.faults) for one in rounds)
            total.update(rounds=len(rounds), killed=hits, faults=faults)
            print(f"{step}: {len(rounds)} rounds, {hits} killed, {faults} with faults", flush=True)
    print(", ".join(f"{count} {what}" for what, count in total.items()))
    return 1 if total["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
