"""The live page in a real browser, beside a session of another process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from browser import CHROMIUM, Tab, browser, tab
from harness import HANGS, Workbench
from runs import metric, summary_of, write_lane, write_result

from pytest_soak.clock import SystemClock
from pytest_soak.live.server import HOST, application
from pytest_soak.live.watch import Watch

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium or google-chrome")
BOT = """
    import time
    from pathlib import Path
    from pytest_soak.testing import InstantTarget

    class Bot(InstantTarget):
        def run(self, overrides, window):
            until = time.monotonic() + 600
            while not Path(f"go{window.iteration}").exists() and time.monotonic() < until:
                time.sleep(0.01)
            return super().run(overrides, window)
"""
DONE = "document.title.startsWith('IN PROGRESS: {} of 6')"

Use = Callable[[ClientSession, int, str], Awaitable[None]]


def visited(folder: Path, root: Path, use: Use) -> None:
    """Serve the run at `root`, and use it in a browser."""

    async def main() -> None:
        app = application(Watch(root, root, SystemClock()))
        async with (
            asyncio.timeout(HANGS),
            TestServer(app, host=HOST) as server,
            ClientSession() as session,
            browser(folder / "chromium") as port,
        ):
            await use(session, port, str(server.make_url("/")))

    asyncio.run(main())


async def told(page: Tab) -> str:
    return str(await page.value("document.body.innerText"))


def test_values_change_without_a_reload_and_it_ends_with_the_verdict(
    bench: Workbench, tmp_path: Path
) -> None:
    """Beside a session whose iterations run in a worker, a process of its own."""
    bench.write("bot.py", BOT)
    bench.write("go1", "")
    bench.write("go2", "")
    process = bench.start("pytest", "--soak-iterations=6", "--soak-target=bot:Bot", "-n", "1")

    async def use(session: ClientSession, port: int, url: str) -> None:
        async with tab(session, port, url) as page, tab(session, port, url) as second:
            await page.until(DONE.format(2))
            await page.value(
                "window.never = 'loaded again'; document.querySelector('details').open = true"
            )
            bench.write("go3", "")
            for one in (page, second):
                await one.until(DONE.format(3))
            assert "IN PROGRESS" in await told(page)
            assert await page.value("document.querySelector('details').open")
            for number in (4, 5, 6):
                bench.write(f"go{number}", "")
            for one in (page, second):
                over = "document.getElementById('state').textContent"
                said = await one.until(f"{over}.startsWith('The run is over') && {over}")
                assert said.startswith("The run is over: PASS: default-calm-42")
                assert "PASS" in await one.value("document.querySelector('h1').innerText")
            assert await page.value("window.never") == "loaded again"
            assert page.complaints == second.complaints == []

    visited(tmp_path, bench.directory / "artifacts/soak", use)
    assert process.wait(HANGS) == 0


def test_hostile_names_are_shown_and_nothing_sticks_out_on_a_phone(tmp_path: Path) -> None:
    long, tag, bidi = "k" * 100, "<img src=x onerror=alert(1)>", "\u202egnp.exe"
    kpis: dict[str, float | None] = {long: 1.0, tag: 2.0, bidi: 3.0}
    checks = [metric(name) for name in kpis]
    rows = [summary_of(n, "safe-calm-1", kpis=kpis) for n in range(1, 6)]
    root = tmp_path / "run"
    write_result(root, [write_lane(root, rows, checks)])

    async def use(session: ClientSession, port: int, url: str) -> None:
        async with tab(session, port, url) as page:
            size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
            await page.call("Emulation.setDeviceMetricsOverride", **size)
            await page.until("document.getElementById('state').textContent.startsWith('The run')")
            text = await told(page)
            assert tag in text
            assert long in text
            assert r"\u202egnp.exe" in text
            assert await page.value("document.querySelectorAll('img').length") == 0
            assert await page.value("document.documentElement.scrollWidth") <= 390
            assert page.complaints == []

    visited(tmp_path, root, use)
