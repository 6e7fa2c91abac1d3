"""A bot that leaks, stays as it is, or fills a cache and drops it: what benchmarks.leaks measures.

Run: python benchmarks/leaking_bot.py SHAPE SEED SPEED, where its hours are SPEED times as short. It
needs nothing but Python, so that its memory is its own.
"""

from __future__ import annotations

import json
import os
import sys
import time
from io import FileIO
from random import Random

MB_PER_H, FILES_PER_H = 150.0, 30.0
SAW_MINUTES, SAW_MB, SAW_FILES = (5.0, 30.0), (50.0, 200.0), 20.0
ENTRY_BYTES, SCRATCH_BYTES, TURN_SECONDS = (200, 4000), 4_000_000, 10.0


class Holder:
    """What a bot holds on to: entries of some kilobytes, and open files."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._entries: list[bytes] = []
        self._bytes = 0
        self._files: list[FileIO] = []

    def fill(self, mb: float, files: float) -> None:
        """Hold at least so much."""
        while self._bytes < mb * 1e6:
            self._entries.append(b"x" * self._rng.randint(*ENTRY_BYTES))
            self._bytes += len(self._entries[-1])
        while len(self._files) < int(files):
            self._files.append(FileIO(os.devnull))

    def drop(self) -> None:
        """Hold nothing any more."""
        for file in self._files:
            file.close()
        self._entries, self._bytes, self._files = [], 0, []


class Saw:
    """How fast a bot fills its cache, and up to what: of its own for each."""

    def __init__(self, rng: Random) -> None:
        self._hours = rng.uniform(*SAW_MINUTES) / 60
        self._mb = rng.uniform(*SAW_MB)
        self._round = 0

    def turn(self, hours: float, holder: Holder) -> None:
        """Fill the cache; drop it when its time is over."""
        number, part = divmod(hours / self._hours, 1.0)
        if number > self._round:
            self._round = int(number)
            holder.drop()
        holder.fill(self._mb * part, SAW_FILES * part)


def mark() -> None:
    """Tell a soak that the bot lives."""
    if folder := os.environ.get("SOAK_FEEDS_DIR"):
        now = time.time_ns() // 1000
        day = time.strftime("%Y%m%d", time.gmtime(now // 1_000_000))
        with open(f"{folder}/marks_{day}.jsonl", "a", encoding="utf-8") as file:  # noqa: PTH123
            row = {"time_us": now, "mid": 100.0, "inventory": 0.0, "equity_quote": 0.0}
            file.write(json.dumps(row) + "\n")


def main(shape: str, seed: int, speed: float) -> None:
    """Be such a bot until killed."""
    rng = Random(seed)
    holder, saw, began = Holder(rng), Saw(rng), time.monotonic()
    while True:
        hours = (time.monotonic() - began) * speed / 3600
        if shape == "leaking":
            holder.fill(MB_PER_H * hours, FILES_PER_H * hours)
        elif shape == "saw-toothed":
            saw.turn(hours, holder)
        scratch = b"x" * rng.randrange(SCRATCH_BYTES)
        del scratch
        mark()
        time.sleep(min(1.0, TURN_SECONDS / speed))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
