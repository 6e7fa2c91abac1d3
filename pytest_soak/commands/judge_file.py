"""Judging a finished iteration or lane from its file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pytest_soak.artifacts.models import FinalSummary, IterSummary
from pytest_soak.artifacts.stored_run import artifact_of, final_of
from pytest_soak.config.documents import Document, read_document
from pytest_soak.config.scenarios import BUILT_IN
from pytest_soak.errors import SoakUsageError, one_line, unknown
from pytest_soak.gates.engine import Judgement, Sample, Verdict, judge, worst
from pytest_soak.gates.evidence import Evidence
from pytest_soak.gates.model import gate_shelf, load_gate
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
    def passed(self) -> bool:
        """Whether it does not FAIL."""
        return self.judgement.verdict is not Verdict.FAIL

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
    sample, own_market, what, counted = _read(read_document(final_of(file)))
    known = {*KNOWN, *SPAN_KPIS, *sample.values}
    gate = load_gate(gate_name, gate_shelf(base), base, "GATE", known)
    if market is not None and market not in (markets := {*BUILT_IN, *gate.markets}):
        raise SoakUsageError("--market", unknown("market", market, markets))
    one = {"window": 1, "for_": 1}
    thresholds = [t.model_copy(update=one) for t in gate.on(market or own_market)]
    single = gate.model_copy(update={"thresholds": thresholds, "markets": {}})
    judgement = judge(single, own_market, [sample])
    rule = gate.failed_on(market or own_market)
    if rule is not None and counted.graded:
        failed = counted.judge_failed(gate.name, rule, "iteration")
        judgement = Judgement(
            verdict=worst([failed.verdict, judgement.verdict]), checks=(failed, *judgement.checks)
        )
    return FileVerdict(gate.name, what, judgement)


def _read(document: Document) -> tuple[Sample, str, str, Evidence]:
    """The metrics of a file, its market, what it is, and how many iterations it counts."""
    schema = document.data.get("schema") if isinstance(document.data, dict) else None
    if str(schema).startswith("pytest-soak/iter-summary/"):
        data = artifact_of(IterSummary, document)
        kpis = data.summary.model_extra or {}
        sample = Sample(values=kpis, reasons=data.summary.reasons, samples=data.summary.samples)
        what = f"iteration {data.iteration} of {data.lane}"
        return sample, data.summary.market, what, Evidence()
    if not str(schema).startswith("pytest-soak/final-summary/"):
        raise ForeignFileError(
            document.source,
            "is no ITER_SUMMARY; give ITER_SUMMARY_final.json or ITER_SUMMARY_<N>.json",
        )
    result = artifact_of(FinalSummary, document).result
    what = f"the medians of {result.lane} ({result.iterations} iterations){no_evidence([result])}"
    sample = Sample(values=result.medians, samples=result.samples)
    counted = Evidence(graded=result.graded, failed=result.failed)
    return sample, result.market, what, counted
