"""Tasks of an async target: which of them died unheard, and where its coroutine waits."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Iterator
from pathlib import PurePath
from types import CodeType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, WeakSet

from pytest_soak.errors import TargetError, told

_TAKING_SECONDS = 0.1
"""How long whoever waits for a task may need to take what it died of."""
NEGLECT_SECONDS = 5.0
"""How long a bot that looks after its tasks now and then may take while a window goes on."""


class _Death(NamedTuple):
    who: str
    error: BaseException


class Tasks:
    """The tasks that are made on a loop. All of it runs in the loop's thread.

    What a task or a callback raised is taken by whoever awaits it, asks for its result or
    exception, or handles it in an exception handler of the loop's. It is lost otherwise.
    `neglected`, which any thread may read, says each `seconds` anew whether one is lost for good,
    or was not taken for NEGLECT_SECONDS.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self.neglected = False
        self._loop, self._seconds = loop, seconds
        self._made: WeakSet[asyncio.Task[Any]] = WeakSet()
        self._lost: list[_Death] = []
        self._since: WeakKeyDictionary[asyncio.Task[Any], float] = WeakKeyDictionary()
        create_task = loop.create_task

        def remembered(*arguments: Any, **more: Any) -> asyncio.Task[Any]:
            task = create_task(*arguments, **more)
            self._made.add(task)
            return task

        loop.create_task = remembered  # type: ignore[method-assign]
        loop.set_exception_handler(self._unhandled)
        loop.call_soon(self._look)

    def _look(self) -> None:
        now = self._loop.time()
        ages = [now - self._since.setdefault(task, now) for task in self._untaken()]
        self.neglected = bool(self._lost) or any(age >= NEGLECT_SECONDS for age in ages)
        self._loop.call_later(self._seconds, self._look)

    async def check(self) -> None:
        """Raise TargetError if one died of what nobody took."""
        if self._untaken():
            await asyncio.sleep(_TAKING_SECONDS)
        if deaths := self._deaths():
            more = f" (and {len(deaths) - 1} more)" if len(deaths) > 1 else ""
            remedy = "await the task, or look at its exception() in `run`"
            first = deaths[0]
            raise TargetError(f"{_told(first)}, which nobody took{more}; {remedy}") from first.error

    async def deaths(self) -> list[str]:
        """Of what they died so far, told."""
        return [_told(death) for death in self._deaths()]

    def _deaths(self) -> list[_Death]:
        for task in self._untaken():
            error = task.exception()
            if error is not None:
                self._lost.append(_Death(_name(task), error))
        return self._lost

    def _untaken(self) -> list[asyncio.Task[Any]]:
        ended = [task for task in self._made if task.done() and not task.cancelled()]
        return [task for task in ended if getattr(task, "_log_traceback", False)]

    def _unhandled(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Called of a task that is gone with its exception, and of a callback that raised."""
        error, task, handle = (context.get(key) for key in ("exception", "future", "handle"))
        if isinstance(error, Exception):
            if isinstance(task, asyncio.Task):
                self._lost.append(_Death(_name(task), error))
            elif handle is not None:
                self._lost.append(_Death("a callback of the target", error))
        loop.default_exception_handler(context)


def waits_at(coroutine: Any) -> list[str]:
    """The places of a coroutine and of what it awaits, outermost first: `bot.py:12 in run`."""
    return list(_places(coroutine))


def _places(awaited: Any) -> Iterator[str]:
    while awaited is not None:
        frame = _first(awaited, "cr_frame", "gi_frame", "ag_frame")
        if frame is not None:
            yield _place(frame.f_code, frame.f_lineno)
        awaited = _first(awaited, "cr_await", "gi_yieldfrom", "ag_await")


def _first(thing: Any, *names: str) -> Any:
    return next((x for name in names if (x := getattr(thing, name, None)) is not None), None)


def _place(code: CodeType, line: int | None) -> str:
    return f"{PurePath(code.co_filename).name}:{line} in {code.co_name}"


def task_told(task: asyncio.Task[Any]) -> str:
    """A task by its name, its coroutine, and where that waits."""
    places = waits_at(task.get_coro())
    return f"{_name(task)}{f' at {places[0]}' if places else ''}"


def _name(task: asyncio.Task[Any]) -> str:
    of = getattr(task.get_coro(), "__qualname__", "")
    return f"the target's task {task.get_name()}{f' ({of})' if of else ''}"


def _told(death: _Death) -> str:
    return death_told(*death)


def death_told(who: str, error: BaseException) -> str:
    """What somebody died of, and where."""
    frames = list(traceback.walk_tb(error.__traceback__))
    at = f" ({_place(frames[-1][0].f_code, frames[-1][1])})" if frames else ""
    return f"{who} died of {told(error)}{at}"
