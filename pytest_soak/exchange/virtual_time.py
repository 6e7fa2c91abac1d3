"""Time that passes by waiting: an asyncio loop that goes to its next timer when nothing is due.

An exchange and an asyncio bot in one process, connected by a socket of this machine, live through
hours in minutes, and the same seed gives the same bytes. What runs in threads, or waits for another
process, cannot be had so.
"""

from __future__ import annotations

import asyncio
import selectors
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, TypeVar

Result = TypeVar("Result")


class _Selector(selectors.DefaultSelector):
    """Tells what is ready; where nothing is, time goes on by what it was to wait."""

    passed = 0.0
    busy = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; real time passes where threads are at work, or no timer is set."""
        if timeout is None or self.busy:
            return super().select(None if timeout != 0 else 0)
        ready = super().select(0)
        if not ready and timeout > 0:
            self.passed += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose `time()` jumps; it begins at 0."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Seconds that have passed by waiting."""
        return self._virtual.passed

    def pass_by(self, seconds: float) -> None:
        """Let time go on; what was due meanwhile is late."""
        self._virtual.passed += seconds

    def run_in_executor(  # type: ignore[override]  # the types of its arguments go through
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Run in a thread; no time passes until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self._virtual.busy += 1
        future.add_done_callback(self._is_done)
        return future

    def _is_done(self, _: object) -> None:
        self._virtual.busy -= 1


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """`asyncio.run` in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


@contextmanager
def shown(loop: asyncio.AbstractEventLoop, epoch_us: int) -> Iterator[None]:
    """Let the module `time` tell the loop's time, from `epoch_us` of UTC on.

    So does what others have taken from it by name (`from time import time`), before or meanwhile,
    but for Python's own modules, which threads use that live in real time. On a VirtualLoop
    `time.sleep` lets its time go on, where the loop's own thread calls it: nothing else runs then.
    """

    def nanoseconds() -> int:
        return epoch_us * 1000 + round(loop.time() * 1e9)

    told: dict[str, Callable[..., Any]] = {
        "time": lambda: nanoseconds() / 1e9,
        "time_ns": nanoseconds,
        "monotonic": lambda: loop.time(),
        "perf_counter": lambda: loop.time(),
    }
    if isinstance(loop, VirtualLoop):
        told["sleep"] = _sleep(loop, time.sleep)
    real = {name: getattr(time, name) for name in told}
    _rebind({id(real[name]): told[name] for name in told})
    vars(time).update(told)
    try:
        yield
    finally:
        vars(time).update(real)
        _rebind({id(told[name]): real[name] for name in told})


def _sleep(loop: VirtualLoop, real: Callable[[float], None]) -> Callable[[float], None]:
    """`time.sleep` of a bot on `loop`; that of threads, and of Python's own modules, is `real`."""
    own = threading.get_ident()

    def sleep(seconds: float, /) -> None:
        caller = str(sys._getframe(1).f_globals.get("__name__", ""))
        if threading.get_ident() != own or _is_pythons(caller):
            real(seconds)
        elif seconds < 0:
            raise ValueError("sleep length must be non-negative")
        else:
            loop.pass_by(seconds)

    return sleep


def _rebind(functions: Mapping[int, Callable[..., Any]]) -> None:
    """Put functions in the place of others wherever modules of no part of Python name them."""
    for module in [*sys.modules.values()]:
        names = getattr(module, "__dict__", None)
        if names is None or _is_pythons(str(getattr(module, "__name__", ""))):
            continue
        for name, value in [*names.items()]:
            if id(value) in functions:
                names[name] = functions[id(value)]


_OWN = ("pytest_soak", "_pytest", "pytest", "pluggy", "xdist", "execnet")
"""Packages that live in real time too."""


def _is_pythons(module: str) -> bool:
    root = module.partition(".")[0]
    return root in sys.stdlib_module_names or root in _OWN
