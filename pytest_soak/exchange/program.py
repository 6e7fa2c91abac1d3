"""`python -m pytest_soak.exchange.program`: an exchange in a process of its own.

Its standard input has one line of JSON, a `serving.Service`, and later `stop`, which its end means
too. On its standard output it says `ready` with its ports, or `error`, each a line of JSON.
"""

from __future__ import annotations

import asyncio
import faulthandler
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import asdict

from pydantic import ValidationError

from pytest_soak.canonical import compact
from pytest_soak.errors import ArtifactError, SoakUsageError, one_line
from pytest_soak.exchange.recorder import Recorder
from pytest_soak.exchange.serving import Ready, Service, serve
from pytest_soak.system import STOP_SIGNALS

STOP = "stop"
FAILED = 4


def main() -> int:
    """Serve what standard input says; the exit status. Why it ends is on standard error."""
    faulthandler.enable()
    try:
        service = Service.model_validate_json(sys.stdin.readline())
        asyncio.run(_serve(service))
    except (SoakUsageError, ArtifactError, ValidationError) as error:
        _complain(one_line(str(error)))
        _say({"error": one_line(str(error))})
        return FAILED
    return 0


async def _serve(service: Service) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def told(number: int, _: object) -> None:
        _complain(f"ended from outside, by {signal.Signals(number).name}")
        loop.call_soon_threadsafe(stop.set)

    for number in STOP_SIGNALS:
        signal.signal(number, told)
    threading.Thread(target=_listen, args=(loop, stop), daemon=True).start()
    await serve(service, _ready, stop, Recorder())


def _listen(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Wait for `stop`, or for the end of who started it."""
    for line in sys.stdin:
        if line.strip() == STOP:
            break
    if not loop.is_closed():
        loop.call_soon_threadsafe(stop.set)


def _ready(ready: Ready) -> None:
    _say({"ready": asdict(ready)})


def _complain(text: str) -> None:
    """Say why it ends, to who reads its log: nobody reads its output once it is ready."""
    with suppress(OSError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def _say(message: object) -> None:
    with suppress(OSError):  # who started it may be gone
        sys.stdout.write(f"{compact(message)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
