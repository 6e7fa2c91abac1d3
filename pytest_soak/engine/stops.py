"""The sustained criteria of a lane: a vigil for each window, and what it found for the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pytest_soak.engine.watch import Vigil, Watched
from pytest_soak.gates.criteria import Criteria
from pytest_soak.gates.sustained import Sustained, Transition
from pytest_soak.kpi.summary import Summary
from pytest_soak.kpi.usage import Usage


class Stops:
    """`watched` is what the last window left, None before one; `fired` is told of each stop.

    `seen` is told how all stand after each part, and at the window's end.
    """

    def __init__(
        self,
        criteria: Criteria,
        fired: Callable[[Transition], None],
        seen: Callable[[Sustained], None] = lambda _: None,
    ) -> None:
        self.watched: Watched | None = None
        self._criteria = criteria
        self._fired = fired
        self._seen = seen
        self._vigil: Vigil | None = None

    def begin(self, usage: Usage | None, minutes: float) -> None:
        """A window of so many minutes begins; `usage` is what the lane has used before it."""
        if self._criteria.criteria:
            watched = self.watched or Watched()
            self._vigil = Vigil(self._criteria, watched, usage or Usage(), minutes)

    def hear(self, part: Any) -> None:
        """A part of the window was reported."""
        if self._vigil is not None:
            self._tell(self._vigil.hear(part))
            self._seen(self._vigil.sustained)

    def stopped(self) -> bool:
        """Whether the window is to end."""
        return self._vigil is not None and self._vigil.stopped

    def conclude(self, given: Any, summary: Summary) -> Summary:
        """The window is over: `summary` of what was `given`, and what could not be watched.

        The latter is noted once, of the first window.
        """
        if self._vigil is None:
            return summary
        if not self._vigil.heard and hasattr(given, "fills"):
            self.hear(given)
        first = self.watched is None
        self.watched, last = self._vigil.close()
        self._seen(self.watched.sustained)
        self._tell(last)
        if not first or summary.faults or not self.watched.absent:
            return summary
        absent = ", ".join(self.watched.absent)
        told = f"stop criteria n/a, the target gives no events for them: {absent}"
        return summary.model_copy(update={"notes": (*summary.notes, told)})

    def _tell(self, transitions: Iterable[Transition]) -> None:
        for transition in transitions:
            if transition.kind == "stop":
                self._fired(transition)
