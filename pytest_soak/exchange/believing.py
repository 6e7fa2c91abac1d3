"""What a bot is seen to believe, written down about once a second while the exchange runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from pytest_soak.canonical import compact
from pytest_soak.errors import one_line
from pytest_soak.exchange.beliefs.belief import Belief
from pytest_soak.exchange.beliefs.line import line_of
from pytest_soak.exchange.beliefs.source import Source, open_source
from pytest_soak.exchange.clock import ExchangeClock
from pytest_soak.storage.files import opened, writing

ASK_SECONDS = 1.0
FAR_US = 3_600_000_000
"""A belief that is so far from now is of no time that anybody can mean."""


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
                lines, trouble = await loop.run_in_executor(None, _seen, source, clock)
                if trouble != troubles[name]:
                    troubles[name] = trouble
                    lines.append({"time_us": clock.now_us(), "source": name, "trouble": trouble})
                file.write("".join(f"{compact(line)}\n" for line in lines).encode())
            await asyncio.sleep(ASK_SECONDS)


def _seen(source: Source, clock: ExchangeClock) -> tuple[list[dict[str, Any]], str]:
    """What a source has to say, and its trouble; one that fails is asked again."""
    try:
        return _told(source, clock)
    except Exception as error:
        return [], f"{type(error).__name__}: {one_line(str(error))}"


def _told(source: Source, clock: ExchangeClock) -> tuple[list[dict[str, Any]], str]:
    """A belief that says no time of its own is of when it was told: a bot may learn until then."""
    asked_us = clock.now_us()
    beliefs = source.read(asked_us)
    told_us = clock.now_us()
    told = [replace(b, time_us=told_us) if b.time_us == asked_us else b for b in beliefs]
    far = [belief for belief in told if abs(belief.time_us - told_us) > FAR_US]
    trouble = source.trouble or (_said_of(far[0]) if far else "")
    return [line_of(belief) for belief in told], trouble


def _said_of(belief: Belief) -> str:
    return f"time_us={belief.time_us} is not the time: expected microseconds since 1970, UTC"
