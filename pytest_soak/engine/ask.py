"""Calling a target: whatever goes wrong with it becomes a TargetError that says where."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Mapping
from contextlib import nullcontext
from typing import Any

from pytest_soak.engine.threads import watched_threads
from pytest_soak.errors import ArtifactError, TargetError, told
from pytest_soak.system import one_process

_WATCHED = ("start", "run")
"""The calls that fail where a thread died; when a bot ends, its threads may fall as they like."""
_UNFINISHED: Mapping[type, str] = {
    Awaitable: "nothing awaits it; a method of a target that awaits is `async def`",
    Generator: "it has a `yield` and has not run; return the result",
    AsyncGenerator: "it has a `yield` and has not run; return the result",
}
"""What a call may return that has done nothing yet."""


def ask(what: str, call: Callable[[], Any]) -> Any:
    """What `call` to the target gives; whatever it raises becomes a TargetError.

    So does what ends it from outside, like a test's timeout. Ctrl-C passes, and that an artifact
    cannot be written, which is not the target's fault. A child process that `call` forks ends with
    it.
    """
    try:
        with one_process(), watched_threads() if what in _WATCHED else nullcontext():
            given = call()
    except TargetError as error:
        if notes := getattr(error, "__notes__", ()):
            raise TargetError("; ".join((str(error), *notes))) from error.__cause__
        raise
    except (ArtifactError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise TargetError(f"the target's {what} {_how(error)}") from error
    for unfinished, remedy in _UNFINISHED.items():
        if isinstance(given, unfinished):
            if isinstance(given, Coroutine):
                given.close()
            text = f"the target's {what} returned {type(given).__name__}: {remedy}"
            raise TargetError(text)
    return given


def _how(error: BaseException) -> str:
    how = "raised" if isinstance(error, Exception) else "was ended by"
    text = told(error) if isinstance(error, Exception) else told(error).removesuffix(".")
    return "; ".join((f"{how} {text}", *getattr(error, "__notes__", ())))
