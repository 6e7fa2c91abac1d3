"""What a bot is seen to believe, written down about once a second while the exchange runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from pytest_soak.canonical import compact
from pytest_soak.errors import one_line
from pytest_soak.exchange.beliefs.line import line_of
from pytest_soak.exchange.beliefs.source import Source, open_source
from pytest_soak.exchange.clock import ExchangeClock
from pytest_soak.storage.files import opened, writing

ASK_SECONDS = 1.0


class Beliefs(BaseModel):
    """Where a bot's beliefs are seen, and where they are written.

    Attributes:
        sources: As `--soak-belief` names them.
        base: What their paths are relative to.
        log: Where the bot's output goes.
        file: The file of what was seen; a line may also be a source's trouble.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: tuple[str, ...]
    base: str
    log: str
    file: str


@asynccontextmanager
async def asked(
    beliefs: Beliefs | None, clock: ExchangeClock
) -> AsyncIterator[asyncio.Future[None] | None]:
    """Ask each source again and again: the task that does.

    Its error is an ArtifactError where the file cannot be written.
    """
    if beliefs is None:
        yield None
        return
    task = asyncio.ensure_future(_ask(beliefs, clock))
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _ask(beliefs: Beliefs, clock: ExchangeClock) -> None:
    base, log, path = Path(beliefs.base), Path(beliefs.log), Path(beliefs.file)
    sources = {name: open_source(name, base, log, name) for name in beliefs.sources}
    troubles = dict.fromkeys(sources, "")
    loop = asyncio.get_running_loop()
    with writing(path), opened(path, "wb", buffering=0) as file:
        while True:
            for name, source in sources.items():
                now = clock.now_us()
                lines, trouble = await loop.run_in_executor(None, _seen, source, now)
                if trouble != troubles[name]:
                    troubles[name] = trouble
                    lines.append({"time_us": now, "source": name, "trouble": trouble})
                file.write("".join(f"{compact(line)}\n" for line in lines).encode())
            await asyncio.sleep(ASK_SECONDS)


def _seen(source: Source, time_us: int) -> tuple[list[dict[str, Any]], str]:
    """What was seen, and why nothing was; a source that fails is asked again."""
    try:
        return [line_of(belief) for belief in source.read(time_us)], source.trouble
    except Exception as error:
        return [], f"{type(error).__name__}: {one_line(str(error))}"
