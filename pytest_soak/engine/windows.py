"""The windows of a lane: its target runs them, and what it gives becomes a summary."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from pytest_soak.engine.ask import ask
from pytest_soak.engine.measure import closing, measure, used
from pytest_soak.engine.parts import Heard, Parts
from pytest_soak.kpi.summary import Summary, summary_of, unmeasured
from pytest_soak.kpi.usage import Usage
from pytest_soak.observation.closing import Closing
from pytest_soak.targets.base import Target, Window

_COUNTS = re.compile(r"\b\d+ of \d+\b")
ExtraKpi = Callable[[Any, Summary], "float | None"]


class Windows:
    """Runs and measures one window after the other.

    `before` is how the last one ended, `usage` what the lane has used so far; `told` are the notes
    that the lane has told already, `notes` says what else there is to note after a window.
    """

    def __init__(
        self,
        target: Target,
        declared: tuple[str, ...] | None,
        extra_kpis: Mapping[str, ExtraKpi],
        told: Iterable[str],
        notes: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        self.before: Closing | None = None
        self.usage: Usage | None = None
        self._target = target
        self._declared = declared
        self._extra_kpis = dict(extra_kpis)
        self._told = set(map(_countless, told))
        self._notes = notes

    def run(
        self,
        overrides: Mapping[str, float],
        window: Window,
        heard: Heard,
        stopped: Callable[[], bool],
    ) -> tuple[Any, Summary]:
        """What the target gave, None where it cannot be true, and its summary.

        `heard` is told of each part that it reports meanwhile; once `stopped` says so, the target
        may end the window early. Raises TargetError where the target
        raises or gives what is no measurement.
        """
        parts = Parts(heard)
        live = replace(window, report=parts.take, cancelled=stopped)
        given = parts.close(ask("run", lambda: self._target.run(dict(overrides), live)))
        minutes = _ran(given, window.minutes) if stopped() else window.minutes
        given, summary = measure(given, self._declared, minutes, self.before, self.usage)
        self.before, self.usage = closing(given), used(given, self.usage)
        summary = summary.model_copy(
            update={"notes": (*self._notes(), *parts.notes, *summary.notes)}
        )
        return given, self._noted_once(self._with_extra(given, summary))

    def _with_extra(self, given: Any, summary: Summary) -> Summary:
        """`summary` with the users' KPIs; they are asked only of what can be true."""
        if not self._extra_kpis:
            return summary
        if given is None:
            more = unmeasured(self._extra_kpis, (), ())
        else:
            extra = {
                name: ask(f"extra KPI {name}", partial(kpi, given, summary))
                for name, kpi in self._extra_kpis.items()
            }
            more = summary_of(extra, list(extra))
        kept = {name: why for name, why in summary.reasons.items() if name not in more.kpis}
        return summary.model_copy(
            update={
                "kpis": summary.kpis | more.kpis,
                "reasons": kept | more.reasons,
                "faults": summary.faults + more.faults,
            }
        )

    def _noted_once(self, summary: Summary) -> Summary:
        """`summary` without the notes that the lane has told already, also with other counts."""
        notes = tuple(note for note in summary.notes if _countless(note) not in self._told)
        self._told.update(map(_countless, notes))
        return summary.model_copy(update={"notes": notes})


def _countless(note: str) -> str:
    """What a note says of any count: of `35 of 76 fills` that of `36 of 80` too."""
    return _COUNTS.sub("some of", note)


def _ran(given: Any, minutes: float) -> float:
    """How long a window was that was to be ended before its `minutes` were over."""
    if not hasattr(given, "end_us"):
        return minutes
    return min(minutes, float(given.end_us - given.start_us) / 60e6)
