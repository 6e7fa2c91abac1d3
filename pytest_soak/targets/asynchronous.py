"""Targets with `async def` methods, as plain ones."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from inspect import iscoroutinefunction
from typing import Any

from pytest_soak.errors import TargetError
from pytest_soak.targets.loop import Loop

ABILITIES = ("start", "run", "stop", "checkpoint", "restore")
_WATCHED = ("start", "run")
"""The calls that end where a task of the target is found dead."""


def plain(target: Any) -> Any:
    """The target itself if none of its methods is `async def`, else a plain one around it."""
    methods = (getattr(target, name, None) for name in ABILITIES)
    return Awaited(target) if any(map(iscoroutinefunction, methods)) else target


class Awaited:
    """Runs a target's `async def` methods on one event loop, which has a thread of its own.

    The loop runs from the first call to the end of `stop`, also between windows: tasks in the
    background go on. What is left of them then is cancelled. One that died of what nobody took
    raises TargetError, while a call is waited for or at the end of its window. Methods that are
    plain are called in the main thread; all else, `version` or `parameters`, is the target's own.
    """

    def __init__(self, target: Any) -> None:
        self._target = target
        self._loop: Loop | None = None

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """That of the target."""
        return type(self._target)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if name in ABILITIES and iscoroutinefunction(found):
            return partial(self._run, name, found)
        return found

    def run(self, overrides: Any, window: Any) -> Any:
        """Run a window, and look whether a task died in it."""
        run = self._target.run
        awaits = iscoroutinefunction(run)
        given = self._run("run", run, overrides, window) if awaits else run(overrides, window)
        if self._loop is not None:
            self._loop.check_tasks()
        return given

    def stop(self) -> Any:
        """Stop the target, then cancel its tasks and close the loop, also after an error."""
        stop = self._target.stop
        try:
            said = self._run("stop", stop) if iscoroutinefunction(stop) else stop()
        except BaseException as error:
            self._close(error)
            raise
        self._close()
        return said

    def _close(self, after: BaseException | None = None) -> None:
        try:
            if self._loop is not None:
                self._loop.close()
        except TargetError as error:
            if after is None:
                raise
            after.add_note(str(error))

    def _run(
        self, name: str, method: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any
    ) -> Any:
        if self._loop is None:
            self._loop = Loop()
        return self._loop.run(name, partial(method, *arguments), watched=name in _WATCHED)
