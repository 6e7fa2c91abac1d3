"""A real browser that is driven while a page changes: Chromium by its DevTools protocol."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
ENDPOINT = "DevToolsActivePort"


class Tab:
    """A page that is open; `complaints` are what it logged as errors."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.complaints: list[str] = []

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to a call of the protocol."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            answer = await self._socket.receive_json()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return dict(answer["result"])
            if answer.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown"):
                self.complaints.append(json.dumps(answer["params"]))

    async def value(self, expression: str) -> Any:
        """What an expression is in the page."""
        found = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return found["result"].get("value")

    async def until(self, expression: str) -> Any:
        """Wait until an expression is true in the page; its value."""
        while not (value := await self.value(expression)):
            await asyncio.sleep(0.02)
        return value


@asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[int]:
    """The port of a browser that keeps its files in `folder`."""
    assert CHROMIUM is not None
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--remote-debugging-port=0",
        "--remote-allow-origins=*",
        f"--user-data-dir={folder}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        while not (folder / ENDPOINT).exists() or "\n" not in (folder / ENDPOINT).read_text():
            assert process.returncode is None, "the browser did not start"
            await asyncio.sleep(0.02)
        yield int((folder / ENDPOINT).read_text().split()[0])
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def tab(session: ClientSession, port: int, url: str) -> AsyncIterator[Tab]:
    """A new page in a browser, at `url`."""
    async with session.put(f"http://127.0.0.1:{port}/json/new?about:blank") as answer:
        address = (await answer.json(content_type=None))["webSocketDebuggerUrl"]
    async with session.ws_connect(address, max_msg_size=0) as socket:
        found = Tab(socket)
        await found.call("Log.enable")
        await found.call("Runtime.enable")
        await found.call("Page.enable")
        await found.call("Page.navigate", url=url)
        yield found
