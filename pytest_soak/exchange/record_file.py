"""The record as a file of lines, which can be read while it grows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from io import TextIOWrapper
from pathlib import Path

from pytest_soak.exchange.recorder import Recorder, writes
from pytest_soak.storage.files import opened, writing

EVERY_S = 0.2
"""How long a line waits at most before a reader can see it."""


@asynccontextmanager
async def written(
    recorder: Recorder, path: Path | None
) -> AsyncIterator[asyncio.Future[None] | None]:
    """Write what is recorded into a new file at `path`, if there is one: the task that does.

    Raises ArtifactError where it cannot be written.
    """
    if path is None:
        yield None
        return
    with writing(path):
        file = TextIOWrapper(opened(path, "wb"), encoding="utf-8", newline="\n")

    async def flush() -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            with writing(path):
                file.flush()

    recorder.listen(writes(file))
    task = asyncio.ensure_future(flush())
    try:
        yield task
    finally:
        task.cancel()
        try:
            with suppress(asyncio.CancelledError):
                await task
        finally:
            with writing(path):
                file.close()
