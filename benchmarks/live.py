"""What the live page costs beside the run that it shows, with two pages open.

    python -m benchmarks.live

Three runs, each shown by `pytest-soak live`, which two clients follow: 24 simulated hours, the same
for eight seeds, and a bot in real time (a window of two seconds, which it sleeps through). Told are
the CPU seconds of the page's server from the run's begin to its end, its start and imports left
out, beside those of the session and its workers, and beside the time that passed.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from aiohttp import ClientSession, ClientTimeout

PAGES = 2
NEWS = b"event: parts"
BOT = """
import time
from pytest_soak.testing import InstantTarget


class Bot(InstantTarget):
    def run(self, overrides, window):
        time.sleep(2.0)
        return super().run(overrides, window)
"""
RUNS = {
    "24 simulated hours": ("--soak-iterations=24", "--soak-profile=steady_safe"),
    "the same, 8 seeds": (
        "--soak-iterations=24",
        "--soak-profile=steady_safe",
        "--soak-seed=1..8",
    ),
    "real time, 15 x 2 s": ("--soak-iterations=15", "--soak-target=bot:Bot"),
}


async def follow(session: ClientSession, url: str) -> int:
    """How often a page was told of news until the run was over."""
    told, rest = 0, b""
    async with session.get(f"{url}events", timeout=ClientTimeout(total=None)) as answer:
        async for chunk in answer.content.iter_any():
            told += (rest + chunk).count(NEWS)
            rest = chunk[1 - len(NEWS) :]
    return told


async def measure(options: Sequence[str], folder: Path) -> str:
    """A run, and the page beside it, as a row of the table."""
    (folder / "bot.py").write_text(BOT)
    page = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-m", "pytest_soak.cli", "live"),
        cwd=folder,
        stdout=subprocess.PIPE,
    )
    assert page.stdout is not None
    url = (await page.stdout.readline()).decode().split()[1]
    async with ClientSession() as session:
        await (await session.get(url)).read()
        pages = [asyncio.create_task(follow(session, url)) for _ in range(PAGES)]
        await asyncio.sleep(2.0)
        before, began, spent = _cpu(page.pid), time.monotonic(), os.times()
        run = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options),
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
        await run.wait()
        passed, after = time.monotonic() - began, os.times()
        told = await asyncio.gather(*pages)
        page_cpu = _cpu(page.pid) - before
    page.terminate()
    await page.wait()
    own = after.children_user + after.children_system
    own -= spent.children_user + spent.children_system
    share = f"{100 * page_cpu / own:.1f} % | {100 * page_cpu / passed:.1f} %"
    return f"{passed:.1f} | {own:.2f} | {page_cpu:.2f} | {share} | {told[0]}"


def _cpu(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def main() -> None:
    """Print the table."""
    print("| run | s | its CPU-s | the page's | of the run's | of the time | times told |")
    print("|---|---|---|---|---|---|---|")
    for name, options in RUNS.items():
        with TemporaryDirectory() as folder:
            print(f"| {name} | {asyncio.run(measure(options, Path(folder)))} |", flush=True)


if __name__ == "__main__":
    main()
