"""The event loop of an async target: its calls are waited for, watched, and cancelled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from functools import partial
from threading import Event, Thread
from typing import Any

from pytest_soak.errors import TargetError
from pytest_soak.system import one_process
from pytest_soak.targets.tasks import Tasks, task_told, waits_at

END_SECONDS = 30.0
"""How long a call or a task that was cancelled may take to end."""
ANSWER_SECONDS = 5.0
"""How long a loop in which a cancelled call goes on may take to answer."""
_STOP_SECONDS = 1.0
_LOOK_SECONDS = 0.2
"""How often to look whether the loop is still there; no lock can be interrupted on Windows."""


class Loop:
    """An event loop in a thread of its own, waited for from the main one."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._tasks = Tasks(self._loop, _LOOK_SECONDS)
        self._overdue: _Outcome | None = None
        self._abandoned = False
        self._ended_by: BaseException | None = None
        self._thread = Thread(target=self._serve, name="soak target", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        try:
            self._loop.run_forever()
        except BaseException as error:
            self._ended_by = error
        if self._abandoned:
            self._loop.close()

    def run(
        self, name: str, call: Callable[[], Coroutine[Any, Any, Any]], *, watched: bool = False
    ) -> Any:
        """What the coroutine of `call` gives or raises; it is cancelled if waiting is ended.

        A `watched` call also ends by TargetError where a task died of what nobody took. After a
        cancelled call that goes on, TargetError says where the loop does not answer.
        """
        __tracebackhide__ = True
        self._check_alive()
        self._check_answers(name)
        outcome = _Outcome()
        waiting = outcome.of(call)
        try:
            asyncio.run_coroutine_threadsafe(waiting, self._loop)
            while not outcome.known.wait(_LOOK_SECONDS):
                self._check_alive()
                if watched and self._tasks.neglected:
                    self.check_tasks()
        except BaseException as error:
            places = waits_at(outcome.coroutine)
            if self._thread.is_alive():
                self._loop.call_soon_threadsafe(outcome.cancel)
                self._wait_for_end(outcome)
                self._explain(error, name, places)
            else:
                waiting.close()
            raise
        if outcome.error is not None:
            raise outcome.error
        return outcome.value

    def check_tasks(self) -> None:
        """Raise TargetError if a task died of what nobody took."""
        self.run("tasks", self._tasks.check)

    def close(self) -> None:
        """Cancel what is left, and end the thread; one that is blocked dies with the process.

        TargetError where a task goes on although it was cancelled: the loop ends under it.
        """
        left = []
        self._abandoned = self._overdue is not None and not self._answers()
        if self._thread.is_alive() and not self._abandoned:
            left = self.run("tasks", partial(_cancel_others, END_SECONDS))
        self._loop.call_soon_threadsafe(self._loop.stop)
        if self._abandoned:
            return
        self._thread.join(_STOP_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()
        if left:
            going_on = f"{', '.join(left)} went on {END_SECONDS:g} s after it was cancelled"
            raise TargetError(f"after the target's stop, {going_on}")

    def _wait_for_end(self, outcome: _Outcome) -> None:
        until = time.monotonic() + END_SECONDS
        try:
            while not outcome.known.wait(_LOOK_SECONDS) and self._thread.is_alive():
                if time.monotonic() > until:
                    break
        finally:
            self._overdue = None if outcome.known.is_set() else outcome

    def _explain(self, error: BaseException, name: str, places: list[str]) -> None:
        """Add to what ended the waiting where the call waited, and what died meanwhile."""
        if places:
            error.add_note(f"{name} waited at {', '.join(places)}")
        if self._overdue is not None:
            error.add_note(f"{name} went on {END_SECONDS:g} s after it was cancelled")
        elif not isinstance(error, TargetError):
            for death in self.run("tasks", self._tasks.deaths):
                error.add_note(death)

    def _check_alive(self) -> None:
        if not self._thread.is_alive():
            why = f"a task of the target ended its event loop: {self._ended_by!r}"
            raise RuntimeError(why) from self._ended_by

    def _check_answers(self, name: str) -> None:
        if self._overdue is None or self._overdue.known.is_set() or self._answers():
            return
        at = ", ".join(waits_at(self._overdue.coroutine)) or "a place that is not known"
        raise TargetError(f"the target's {name} was not called: its event loop is blocked at {at}")

    def _answers(self) -> bool:
        answered = Event()
        self._loop.call_soon_threadsafe(answered.set)
        return answered.wait(ANSWER_SECONDS)


class _Outcome:
    """What a call gives or raises; a value, for nothing may get out into the loop."""

    def __init__(self) -> None:
        self.value: Any = None
        self.error: BaseException | None = None
        self.known = Event()
        self.coroutine: Coroutine[Any, Any, Any] | None = None
        self._task: asyncio.Task[None] | None = None
        self._cancelled = False

    def cancel(self) -> None:
        """Cancel the call, also one that has not begun; in the loop's thread."""
        self._cancelled = True
        if self._task is None:
            self.known.set()
        else:
            self._task.cancel()

    async def of(self, call: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Wait for what `call` makes."""
        if self._cancelled:
            return
        self._task = asyncio.current_task()
        try:
            with one_process():
                self.coroutine = call()
                self.value = await self.coroutine
        except BaseException as error:
            self.error = error
        finally:
            self.known.set()


async def _cancel_others(seconds: float) -> list[str]:
    """Cancel all other tasks; those that have not ended after `seconds`, told."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    left = (await asyncio.wait(tasks, timeout=seconds))[1] if tasks else ()
    await asyncio.get_running_loop().shutdown_asyncgens()
    for task in left:
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # it is told of here
    return [task_told(task) for task in left]
