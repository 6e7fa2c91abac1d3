"""RESULT.json: the session in one file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from pytest_soak.artifacts.baseline_models import AgainstBaseline
from pytest_soak.artifacts.build import machine, outcome
from pytest_soak.artifacts.layout import Layout
from pytest_soak.artifacts.models import RunResult
from pytest_soak.artifacts.stored_run import read
from pytest_soak.canonical import compact
from pytest_soak.clock import Clock
from pytest_soak.engine.record import LaneResult
from pytest_soak.errors import SoakUsageError
from pytest_soak.gates.engine import Verdict
from pytest_soak.run.settings import Settings
from pytest_soak.storage.files import write_json
from pytest_soak.storage.links import plain

_ELSEWHERE = ("cluster", "dir", "metrics-port", "report", "target", "resume")
"""Settings that RESULT.json leaves out: places, what `source` says, what is no matter."""


def kept_settings(settings: Settings) -> dict[str, str]:
    """What RESULT.json says of the settings, by option."""
    return {name: text for name, text in settings.shown.items() if name not in _ELSEWHERE}


class ResultFile:
    """Writes RESULT.json: when the run begins, when its targets are known, and when it is over."""

    def __init__(self, settings: Settings, layout: Layout, clock: Clock) -> None:
        self._settings = settings
        self._layout = layout
        self._clock = clock
        self._started = self._clock.now()
        self._targets: list[str] = []

    def name(self, target: str) -> None:
        """Say what is soaked, once a lane has it: a fixture may give other than the option."""
        if target not in self._targets:
            self._targets.append(target)
            if self._targets != [self._settings.target]:
                self.begin()

    def begin(self) -> None:
        """Say that a run is under way."""
        self._write(self.result("running", [], None, None))

    def end(
        self,
        results: Sequence[LaneResult],
        verdict: Verdict | None,
        exit_status: int,
        *,
        interrupted: bool,
        baseline: Sequence[AgainstBaseline] = (),
    ) -> None:
        """Say how it ended, and how it stands beside its baseline if it has one."""
        status = "interrupted" if interrupted else "finished"
        self._write(self.result(status, results, verdict, exit_status, baseline))

    def earlier(self) -> RunResult:
        """What the latest run says of itself; SoakUsageError when that cannot be read."""
        path = self._layout.result
        try:
            return read(RunResult, path)
        except SoakUsageError:
            problem = "cannot be read; restore the file, or start anew without --soak-resume"
            raise SoakUsageError(str(path), problem) from None

    def result(
        self,
        status: str,
        results: Sequence[LaneResult],
        verdict: Verdict | None,
        exit_status: int | None,
        baseline: Sequence[AgainstBaseline] = (),
    ) -> RunResult:
        """What is to be said of the run."""
        settings = self._settings
        ended = list(dict.fromkeys(r.target for r in results))
        targets = ended or self._targets or [settings.target]
        finished = {r.lane.id for r in results if r.verdict is not None}
        return RunResult.model_validate(
            {
                "source": ", ".join(targets),
                "status": status,
                "verdict": verdict,
                "exit_status": exit_status,
                "gate_mode": settings.gate_mode,
                "settings": kept_settings(settings),
                "lanes": [outcome(r) for r in results],
                "unfinished": [x.id for x in settings.lanes() if x.id not in finished],
                "baseline": [one.model_dump() for one in baseline],
                "meta": self._meta(),
            }
        )

    def _write(self, result: RunResult) -> None:
        write_json(plain(self._layout.root, self._layout.result), result.data(), durable=True)

    def _meta(self) -> dict[str, str]:
        digest = hashlib.sha256(compact(self._settings.shown).encode()).hexdigest()[:8]
        return machine() | {
            "run": f"{self._started:%Y%m%dT%H%M%SZ}-{digest}",
            "started": self._started.isoformat(timespec="seconds"),
            "written": self._clock.now().isoformat(timespec="seconds"),
            **self._asked_for(),
        }

    def _asked_for(self) -> dict[str, str]:
        """The target as it was typed, of a soak whose report has the command for it."""
        settings = self._settings
        if settings.exchange is None or settings.target_source == "default":
            return {}
        return {"target": settings.target}
