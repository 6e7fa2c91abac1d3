"""One RESULT.json of many."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from pytest_soak.artifacts.models import RunResult
from pytest_soak.artifacts.stored_run import StoredRun
from pytest_soak.canonical import compact
from pytest_soak.engine.plan import GateMode, succeeds
from pytest_soak.errors import SoakUsageError
from pytest_soak.gates.engine import Verdict, worst


def check_distinct(runs: Sequence[StoredRun]) -> None:
    """Raise SoakUsageError for a lane that two runs have."""
    seen: dict[str, str] = {}
    for run in runs:
        for lane in dict.fromkeys([*run.lanes, *run.result.unfinished]):
            if lane.lower() in seen:
                where = f"{seen[lane.lower()]} and {run.given}"
                raise SoakUsageError(lane, f"this lane is in {where}; give one of them")
            seen[lane.lower()] = run.given


_FROM_STRICT = tuple(GateMode)


def join(runs: Sequence[StoredRun], empty: Sequence[str]) -> RunResult:
    """The result of `runs` (one or more) and of those that left none, by their names.

    A run that failed fails the whole; without one, any that is not over leaves it no verdict.
    """
    results = [run.result for run in runs]
    verdict = _verdict(results, complete=not empty)
    mode = max((result.gate_mode for result in results), key=_FROM_STRICT.index)
    lanes = [lane for result in results for lane in result.lanes]
    finished = not empty and all(result.status == "finished" for result in results)
    return RunResult(
        source=", ".join(dict.fromkeys(result.source for result in results)),
        status="finished" if finished else "interrupted",
        verdict=verdict,
        exit_status=0 if succeeds(verdict, mode) else 1,
        gate_mode=mode,
        settings=_settings(results),
        lanes=sorted(lanes, key=lambda lane: lane.axes.rank),
        unfinished=[lane for result in results for lane in result.unfinished] + list(empty),
        baseline=[one for result in results for one in result.baseline],
        meta=_meta(runs),
    )


def _verdict(results: Sequence[RunResult], *, complete: bool) -> Verdict | None:
    judged = [result.verdict for result in results if result.verdict is not None]
    if Verdict.FAIL in judged:
        return Verdict.FAIL
    if not complete or any(_incomplete(result) for result in results):
        return None
    return worst(judged) if all(map(_as_judged, results)) else Verdict.FAIL


def _as_judged(result: RunResult) -> bool:
    """Whether it exited as its verdict says: else something beside its gates failed."""
    return (result.exit_status == 0) is succeeds(result.verdict, result.gate_mode)


def _incomplete(result: RunResult) -> bool:
    return result.status != "finished" or result.verdict is None or bool(result.unfinished)


def _settings(results: Sequence[RunResult]) -> dict[str, str]:
    names = sorted({name for result in results for name in result.settings})
    return {n: _listed(r.settings[n] for r in results if n in r.settings) for n in names}


def _listed(texts: Iterable[str]) -> str:
    return ",".join(dict.fromkeys(texts))


def _meta(runs: Sequence[StoredRun]) -> dict[str, str | list[str]]:
    """Of the runs alone, so that the same runs merge to the same bytes."""

    def of(name: str, best: Callable[[list[str]], str]) -> str:
        return best([str(run.result.meta.get(name, "")) for run in runs])

    names = [run.name for run in runs]
    digest = hashlib.sha256(compact(names).encode()).hexdigest()[:8]
    return {
        "pytest_soak": of("pytest_soak", _listed),
        "run": f"{max(names).partition('-')[0]}-{digest}",
        "runs": names,
        "started": of("started", min),
        "written": of("written", max),
    }
