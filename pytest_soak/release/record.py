"""What happened in a release: events of its steps on the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pytest_soak.artifacts.ledger import Entry, Kind, Ledger
from pytest_soak.clock import Clock

HOME = "release"
"""The folder of the ledger, below that of the release."""
AT = "at"
"""The key of `meta` that has the wall time of an event, RFC 3339."""

Verdict = Literal["PASS", "WARN", "FAIL", "HOLD", "PROMOTE", "ROLLBACK"]
_EVENTS: dict[str, Kind] = {"PROMOTE": "promoted", "ROLLBACK": "rolled_back"}


class Basis(NamedTuple):
    """What a step rests on: hashes of its inputs by name, and versions of what made it."""

    inputs: Mapping[str, str]
    versions: Mapping[str, str]


class Outcome(NamedTuple):
    """What a step came to; `outputs` are hashes of its files by their paths below the release."""

    verdict: Verdict
    reasons: Sequence[str] = ()
    outputs: Mapping[str, str] = {}
    run: str | None = None


class Record:
    """The events of the release in the folder `directory`; each is on the disk when it returns.

    Who does not hold the lock is to have it `only_read`. Raises ArtifactError as a Ledger does.
    """

    def __init__(
        self, directory: Path, clock: Clock, say: Callable[[str], None], *, only_read: bool = False
    ) -> None:
        self._ledger = Ledger(directory / HOME, say, only_read=only_read, shared=True)
        self._clock = clock

    @property
    def entries(self) -> list[Entry]:
        """All events so far."""
        return self._ledger.entries

    def catch_up(self) -> None:
        """Read what other processes have added."""
        self._ledger.catch_up()

    def begin(self, step: str, basis: Basis, stage: int | None = None, **plan: Any) -> Entry:
        """Say that a step was started, with what was planned for it."""
        return self._add("started", step, basis, stage=stage, plan=plan)

    def interrupt(self, step: str, basis: Basis, stage: int | None = None) -> Entry:
        """Say that a step was interrupted, and can go on."""
        return self._add("interrupted", step, basis, stage=stage)

    def finish(
        self, step: str, basis: Basis, outcome: Outcome, stage: int | None = None, **plan: Any
    ) -> Entry:
        """Say what a step came to; its files are on the disk before. `plan` is what was done."""
        event = _EVENTS.get(outcome.verdict, "held" if outcome.verdict == "HOLD" else "finished")
        return self._add(
            event,
            step,
            basis,
            stage=stage,
            verdict=outcome.verdict,
            reasons=list(outcome.reasons),
            outputs=dict(outcome.outputs),
            run=outcome.run,
            plan=plan,
        )

    def _add(self, event: Kind, step: str, basis: Basis, **fields: Any) -> Entry:
        told = {"inputs": dict(basis.inputs), "versions": dict(basis.versions)}
        at = self._clock.now().isoformat()
        return self._ledger.add(event, step, **told, **fields, meta={AT: at})


def happened_at(entry: Entry) -> datetime | None:
    """When an event was recorded; None where that is no time with a zone."""
    try:
        at = datetime.fromisoformat(entry.meta.get(AT, ""))
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo is not None else None
