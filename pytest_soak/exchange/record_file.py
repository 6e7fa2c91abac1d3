"""The record as a file of lines, which can be read while it grows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from pytest_soak.exchange.record import Event, line
from pytest_soak.exchange.recorder import Recorder
from pytest_soak.storage.files import opened, writing

EVERY_S = 0.2
"""How long a line waits at most before a reader can see it."""


@asynccontextmanager
async def written(recorder: Recorder, path: Path | None) -> AsyncIterator[None]:
    """Write what is recorded into a new file at `path`, if there is one.

    Raises ArtifactError where it cannot be written.
    """
    if path is None:
        yield
        return
    with writing(path):
        file = opened(path, "wb", buffering=1 << 16)

    def write(event: Event) -> None:
        file.write(f"{line(event)}\n".encode())

    async def flush() -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            file.flush()

    recorder.listen(write)
    task = asyncio.ensure_future(flush())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        with writing(path):
            file.close()
