"""Judging a finished iteration or lane from its file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pytest_soak.artifacts.models import FinalSummary, IterSummary
from pytest_soak.artifacts.readers import summary_of
from pytest_soak.config.documents import Document, read_document, validate
from pytest_soak.errors import SoakUsageError, one_line, unknown
from pytest_soak.gates.engine import Judgement, Sample, Verdict, judge
from pytest_soak.gates.model import gate_shelf, load_gate
from pytest_soak.kpi.definitions import KPIS
from pytest_soak.options import MARKETS


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
        widths = [max(len(row[n]) for row in rows) for n in range(5)]
        table = [
            "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows
        ]
        reasons = [one_line(f"violation: {reason}") for reason in self.judgement.reasons()]
        last = one_line(f"{self.judgement.verdict}: gate {self.gate} on {self.what}")
        return [*table, *reasons, last]


def judge_file(gate_name: str, file: Path, base: Path, market: str | None) -> FileVerdict:
    """Judge an `ITER_SUMMARY_<N>.json`, or the medians of an `ITER_SUMMARY_final.json`.

    A run's or a lane's folder, or its archive, stands for its `ITER_SUMMARY_final.json`.
    Raises SoakUsageError when the gate or the file is none.
    """
    if market is not None and market not in MARKETS:
        raise SoakUsageError("--market", unknown("market", market, MARKETS))
    sample, own_market, what = _read(read_document(summary_of(file)))
    known = {*KPIS, *sample.values}
    gate = load_gate(gate_name, gate_shelf(base), base, "GATE", known)
    one = {"window": 1, "for_": 1}
    thresholds = [t.model_copy(update=one) for t in gate.on(market or own_market)]
    single = gate.model_copy(update={"thresholds": thresholds, "markets": {}})
    return FileVerdict(gate.name, what, judge(single, own_market, [sample]))


def _read(document: Document) -> tuple[Sample, str, str]:
    schema = document.data.get("schema") if isinstance(document.data, dict) else None
    if str(schema).startswith("pytest-soak/iter-summary/"):
        data = validate(IterSummary, document)
        kpis = data.summary.model_extra or {}
        sample = Sample(values=kpis, reasons=data.summary.reasons, samples=data.summary.samples)
        return sample, data.summary.market, f"iteration {data.iteration} of {data.lane}"
    if not str(schema).startswith("pytest-soak/final-summary/"):
        document.fail(
            (), "is no ITER_SUMMARY; give ITER_SUMMARY_final.json or ITER_SUMMARY_<N>.json"
        )
    result = validate(FinalSummary, document).result
    what = f"the medians of {result.lane} ({result.iterations} iterations)"
    return Sample(values=result.medians, samples=result.samples), result.market, what
