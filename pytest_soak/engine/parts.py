"""A window that its target reports part by part."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any

from pytest_soak.errors import TargetError

if TYPE_CHECKING:
    from pytest_soak.observation.columns import Observation

Heard = Callable[[float, int, Any], None]
"""Told of each part: minutes of the window so far, fills so far, the part as an Observation."""


class Parts:
    """Takes the parts of one window, from any thread, until `close`; `notes` say what to know."""

    def __init__(self, heard: Heard) -> None:
        self.notes: tuple[str, ...] = ()
        self._heard = heard
        self._lock = Lock()
        self._parts: list[Observation] = []
        self._fills = 0
        self._refused: TargetError | None = None
        self._closed = False

    def take(self, part: Any) -> None:
        """Take an Observation of the span since the last part.

        Raises TargetError for what is none, or does not begin where the last one ended, and
        RuntimeError when the window is over.
        """
        with self._lock:
            if self._closed:
                raise RuntimeError("window.report() was called when the window was over")
            try:
                self._add(part)
            except TargetError as error:
                self._refused = self._refused or error
                raise
            first, last = self._parts[0], self._parts[-1]
            self._fills += len(last.fills)
            self._heard((last.end_us - first.start_us) / 60e6, self._fills, last)

    def _add(self, part: Any) -> None:
        from pytest_soak.observation.convert import converted
        from pytest_soak.observation.join import check_follows, copied

        found, notes = converted(part, "what window.report() was given")
        if self._parts:
            check_follows(self._parts[-1], found)
        self._parts.append(copied(found))
        self.notes = tuple(dict.fromkeys((*self.notes, *notes)))

    def close(self, given: Any) -> Any:
        """What `run` gave as `given`, or the window's Observation where it was reported in parts.

        Raises TargetError where it is both, and where a part was refused.
        """
        with self._lock:
            self._closed = True
        if self._refused is not None:
            raise self._refused
        if not self._parts:
            return given
        if given is not None:
            raise TargetError(
                f"run() returned {type(given).__name__} of a window that it reported in parts; "
                "return None"
            )
        from pytest_soak.observation.join import joined

        return joined(self._parts)
