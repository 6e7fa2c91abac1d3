"""Targets with `async def` methods, as plain ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from inspect import iscoroutinefunction
from threading import Event, Thread
from typing import Any

from pytest_soak.system import one_process
from pytest_soak.targets.tasks import Tasks, waits_at

ABILITIES = ("start", "run", "stop", "checkpoint", "restore")
CANCEL_SECONDS = 1.0
"""How long what was cancelled may take to end."""
_LOOK_SECONDS = 0.2
"""How often to look whether the loop is still there; no lock can be interrupted on Windows."""


def plain(target: Any) -> Any:
    """The target itself if none of its methods is `async def`, else a plain one around it."""
    methods = (getattr(target, name, None) for name in ABILITIES)
    return Awaited(target) if any(map(iscoroutinefunction, methods)) else target


class Awaited:
    """Runs a target's `async def` methods on one event loop, which has a thread of its own.

    The loop runs from the first call to the end of `stop`, also between windows: tasks in the
    background go on. What is left of them then is cancelled. One that died of what nobody took
    raises TargetError at the end of its window. Methods that are plain are called in the main
    thread; all else, `version` or `parameters`, is the target's own.
    """

    def __init__(self, target: Any) -> None:
        self._target = target
        self._loop: _Loop | None = None

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """That of the target."""
        return type(self._target)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if name in ABILITIES and iscoroutinefunction(found):
            return partial(self._run, found)
        return found

    def run(self, overrides: Any, window: Any) -> Any:
        """Run a window, and look whether a task died in it."""
        run = self._target.run
        awaits = iscoroutinefunction(run)
        given = self._run(run, overrides, window) if awaits else run(overrides, window)
        if self._loop is not None:
            self._loop.check_tasks()
        return given

    def stop(self) -> Any:
        """Stop the target, then cancel its tasks and close the loop, also after an error."""
        try:
            stop = self._target.stop
            return self._run(stop) if iscoroutinefunction(stop) else stop()
        finally:
            if self._loop is not None:
                self._loop.close()

    def _run(self, method: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any) -> Any:
        if self._loop is None:
            self._loop = _Loop()
        return self._loop.run(partial(method, *arguments))


class _Loop:
    """An event loop in a thread of its own, waited for from the main one."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._tasks = Tasks(self._loop)
        self._thread = Thread(target=self._serve, name="soak target", daemon=True)
        self._thread.start()
        self._hangs = False
        self._ended_by: BaseException | None = None

    def _serve(self) -> None:
        try:
            self._loop.run_forever()
        except BaseException as error:
            self._ended_by = error

    def run(self, call: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """What the coroutine of `call` gives or raises; it is cancelled if waiting is ended."""
        if self._hangs:
            raise RuntimeError("the event loop of the target hangs: a call in it does not return")
        self._check_alive()
        outcome = _Outcome()
        waiting = outcome.of(call)
        future = None
        try:
            future = asyncio.run_coroutine_threadsafe(waiting, self._loop)
            while not outcome.known.wait(_LOOK_SECONDS):
                self._check_alive()
        except BaseException as error:
            places = waits_at(outcome.coroutine)
            if future is not None:
                future.cancel()
            if self._thread.is_alive():
                self._hangs = not outcome.known.wait(CANCEL_SECONDS)
                self._explain(error, places)
            else:
                waiting.close()
            raise
        if outcome.error is not None:
            raise outcome.error
        return outcome.value

    def check_tasks(self) -> None:
        """Raise TargetError if a task died of what nobody took."""
        self.run(self._tasks.check)

    def _explain(self, error: BaseException, places: list[str]) -> None:
        """Add to what ended the waiting where the call waited, and what died meanwhile."""
        if places:
            error.add_note(f"it waited at {', '.join(places)}")
        for death in () if self._hangs else self.run(self._tasks.deaths):
            error.add_note(death)

    def _check_alive(self) -> None:
        if not self._thread.is_alive():
            why = f"a task of the target ended its event loop: {self._ended_by!r}"
            raise RuntimeError(why) from self._ended_by

    def close(self) -> None:
        """Cancel what is left, and end the thread; one that hangs dies with the process.

        So does one with a task that goes on although it was cancelled: RuntimeError.
        """
        if self._hangs:
            return
        if self._thread.is_alive() and (left := self.run(_cancel_others)):
            self._hangs = True
            raise RuntimeError(f"{left} of its tasks go on after they were cancelled")
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CANCEL_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()


class _Outcome:
    """What a call gives or raises; a value, for nothing may get out into the loop."""

    def __init__(self) -> None:
        self.value: Any = None
        self.error: BaseException | None = None
        self.known = Event()
        self.coroutine: Coroutine[Any, Any, Any] | None = None

    async def of(self, call: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Wait for what `call` makes."""
        try:
            with one_process():
                self.coroutine = call()
                self.value = await self.coroutine
        except BaseException as error:
            self.error = error
        finally:
            self.known.set()


async def _cancel_others() -> int:
    """How many tasks would not end."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    left = (await asyncio.wait(tasks, timeout=CANCEL_SECONDS))[1] if tasks else ()
    await asyncio.get_running_loop().shutdown_asyncgens()
    return len(left)
