"""What every open page is to show, and what of it a page does not have yet."""

from __future__ import annotations

import asyncio
from typing import Any

from pytest_soak.live.sections import Snapshot


class Published:
    """The newest snapshot; each of its parts has the number of the change that brought it."""

    def __init__(self) -> None:
        self.run = ""
        self.title = ""
        self.over = False
        self.closing = False
        self.change = 0
        self.parts: dict[str, str] = {}
        self._snapshot: Snapshot | None = None
        self._changed: dict[str, int] = {}
        self._news = asyncio.Condition()

    async def put(self, snapshot: Snapshot) -> None:
        """Publish a snapshot, and tell those who wait if it is another than before."""
        if snapshot == self._snapshot:
            return
        self._snapshot = snapshot
        self.change += 1
        for part, html in snapshot.parts.items():
            if self.parts.get(part) != html:
                self._changed[part] = self.change
        self.parts = dict(snapshot.parts)
        self.run, self.title, self.over = snapshot.run, snapshot.title, snapshot.over
        await self._tell()

    async def close(self) -> None:
        """Let everybody who waits go."""
        self.closing = True
        await self._tell()

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def wait(self, change: int, seconds: float) -> bool:
        """Wait for a later change, so long at most; whether there is one, or all is closing."""
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: self.change > change or self.closing)
        except TimeoutError:
            return False
        return True

    def since(self, change: int) -> dict[str, Any]:
        """What a page is to be sent that knows all up to a change."""
        news = {part: html for part, html in self.parts.items() if self._changed[part] > change}
        return {"title": self.title, "order": list(self.parts), "parts": news}
