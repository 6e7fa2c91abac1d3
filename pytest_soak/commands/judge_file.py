"""Judging a finished iteration or lane from its file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pytest_soak.artifacts.models import FinalSummary, IterSummary, LaneOutcome
from pytest_soak.artifacts.stored_run import artifact_of, final_of
from pytest_soak.config.documents import Document, read_document
from pytest_soak.config.scenarios import BUILT_IN
from pytest_soak.errors import SoakUsageError, one_line, unknown
from pytest_soak.gates.engine import Check, Judgement, Sample, Verdict, check, worst
from pytest_soak.gates.evidence import Evidence
from pytest_soak.gates.lasting import told_drifts
from pytest_soak.gates.model import Gate, Threshold, gate_shelf, load_gate
from pytest_soak.kpi.definitions import KNOWN
from pytest_soak.kpi.spans import SPAN_KPIS
from pytest_soak.run.verdict import no_evidence
from pytest_soak.text import table


class ForeignFileError(SoakUsageError):
    """A file that can be read, but is none of a run: it passes no gate."""


@dataclass(frozen=True)
class FileVerdict:
    """A judgement on a file, and how to print it."""

    gate: str
    what: str
    judgement: Judgement

    @property
    def status(self) -> int:
        """The exit status of the command."""
        return {Verdict.FAIL: 1, Verdict.HOLD: 3}.get(self.judgement.verdict, 0)

    def lines(self) -> list[str]:
        """The metrics beside their thresholds, then the violations."""
        rows = [
            (
                one_line(check.metric),
                "n/a" if check.value is None else f"{check.value:.6g}",
                one_line(f"fail unless {check.fail_unless}") if check.fail_unless else "",
                one_line(f"warn unless {check.warn_unless}") if check.warn_unless else "",
                str(check.verdict),
            )
            for check in self.judgement.checks
        ]
        reasons = [one_line(f"violation: {reason}") for reason in self.judgement.reasons()]
        last = one_line(f"{self.judgement.verdict}: gate {self.gate} on {self.what}")
        return [*table(rows), *reasons, last]


def judge_file(gate_name: str, file: Path, base: Path, market: str | None) -> FileVerdict:
    """Judge an `ITER_SUMMARY_<N>.json`, or the medians of an `ITER_SUMMARY_final.json`.

    A run's or a lane's folder, or its archive, stands for its `ITER_SUMMARY_final.json`.
    Raises ForeignFileError for a file of another kind, SoakUsageError for one that cannot be read
    and for what is no gate.
    """
    read = _read(read_document(final_of(file)))
    known = {*KNOWN, *SPAN_KPIS, *read.sample.values}
    gate = load_gate(gate_name, gate_shelf(base), base, "GATE", known)
    if gate.needs_baseline:
        problem = "has limits of a change; judge runs by --soak-baseline, or by merge --against"
        raise SoakUsageError(f"gate {gate.name}", problem)
    if market is not None and market not in (markets := {*BUILT_IN, *gate.markets}):
        raise SoakUsageError("--market", unknown("market", market, markets))
    checks = _checks(gate, market or read.market, read)
    judgement = Judgement(verdict=worst([c.verdict for c in checks]), checks=checks)
    return FileVerdict(gate.name, read.what, judgement)


def _checks(gate: Gate, market: str, read: _Read) -> tuple[Check, ...]:
    if read.ended is None:
        return tuple(check(gate.name, one, [read.sample]) for one in gate.on(market))
    rule = gate.failed_on(market)
    checks = [_of_medians(gate.name, one, read.sample) for one in gate.on(market)]
    if rule is not None and read.ended.graded:
        counted = Evidence(graded=read.ended.graded, failed=read.ended.failed)
        checks.insert(0, counted.judge_failed(gate.name, rule, "iteration"))
    return (*checks, *told_drifts([gate], market, read.ended.drifts))


def _of_medians(gate: str, threshold: Threshold, sample: Sample) -> Check:
    if threshold.confidence is None:
        return check(gate, threshold, [sample])
    asked = f"confidence {threshold.confidence:g} is of all iterations"
    return Check(
        gate=gate,
        metric=threshold.metric,
        value=None,
        verdict=Verdict.HOLD,
        fail_unless=threshold.fail_unless,
        warn_unless=threshold.warn_unless,
        reason=f"{threshold.metric}: not known ({asked}, and these are medians)",
    )


class _Read(NamedTuple):
    """The metrics of a file, its market, what it is, and how the lane ended that it is of."""

    sample: Sample
    market: str
    what: str
    ended: LaneOutcome | None


def _read(document: Document) -> _Read:
    schema = document.data.get("schema") if isinstance(document.data, dict) else None
    if str(schema).startswith("pytest-soak/iter-summary/"):
        data = artifact_of(IterSummary, document)
        kpis = data.summary.model_extra or {}
        sample = Sample(values=kpis, reasons=data.summary.reasons, samples=data.summary.samples)
        what = f"iteration {data.iteration} of {data.lane}"
        return _Read(sample, data.summary.market, what, None)
    if not str(schema).startswith("pytest-soak/final-summary/"):
        raise ForeignFileError(
            document.source,
            "is no ITER_SUMMARY; give ITER_SUMMARY_final.json or ITER_SUMMARY_<N>.json",
        )
    result = artifact_of(FinalSummary, document).result
    what = f"the medians of {result.lane} ({result.iterations} iterations){no_evidence([result])}"
    sample = Sample(values=result.medians, samples=result.samples)
    return _Read(sample, result.market, what, result)
