"""The record as a file of lines, which can be read while it grows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from io import TextIOWrapper
from pathlib import Path

from pytest_soak.exchange.record import Event
from pytest_soak.exchange.recorder import Recorder, writes
from pytest_soak.storage.files import opened, unwritable, writing

EVERY_S = 0.2
"""How long a line waits at most before a reader can see it."""


@asynccontextmanager
async def written(recorder: Recorder, path: Path | None) -> AsyncIterator[asyncio.Future[None]]:
    """Write what is recorded into a new file at `path`, if there is one.

    What is given ends, with the ArtifactError that is raised at the end too, when the file takes
    nothing more. Raises ArtifactError where there can be none.
    """
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    if path is None:
        yield ended
        return
    with writing(path):
        file = TextIOWrapper(opened(path, "wb"), encoding="utf-8", newline="\n")
    write = writes(file)

    def fail(error: OSError) -> None:
        if not ended.done():
            ended.set_exception(unwritable(path, error))

    def heard(event: Event) -> None:
        try:
            write(event)
        except OSError as error:
            fail(error)

    async def flush() -> None:
        while not ended.done():
            await asyncio.sleep(EVERY_S)
            try:
                file.flush()
            except OSError as error:
                fail(error)

    recorder.listen(heard)
    task = asyncio.ensure_future(flush())
    try:
        yield ended
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        try:
            file.close()
        except OSError as error:
            fail(error)
        if ended.done():
            ended.result()
