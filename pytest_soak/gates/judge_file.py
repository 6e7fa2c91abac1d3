"""Judging a finished iteration or lane from its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_soak.config.documents import Document, read_document
from pytest_soak.gates.engine import Judgement, Sample, Verdict, judge
from pytest_soak.gates.model import gate_shelf, load_gate


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
                check.metric,
                "n/a" if check.value is None else f"{check.value:.6g}",
                f"fail unless {check.fail_unless}" if check.fail_unless else "",
                f"warn unless {check.warn_unless}" if check.warn_unless else "",
                str(check.verdict),
            )
            for check in self.judgement.checks
        ]
        widths = [max(len(row[n]) for row in rows) for n in range(5)]
        table = [
            "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows
        ]
        reasons = [f"violation: {reason}" for reason in self.judgement.reasons()]
        return [*table, *reasons, f"{self.judgement.verdict}: gate {self.gate} on {self.what}"]


def judge_file(gate_name: str, file: Path, base: Path, market: str | None) -> FileVerdict:
    """Judge an `ITER_SUMMARY_<N>.json`, or the medians of an `ITER_SUMMARY_final.json`.

    Raises SoakUsageError when the gate or the file is none.
    """
    gate = load_gate(gate_name, gate_shelf(base), base, "GATE")
    document = read_document(file, str(file))
    kpis, reasons, own_market, what = _metrics(document)
    samples = document.data.get("summary", {}).get("samples", {})
    sample = Sample(values=kpis, reasons=reasons, samples=samples)
    single = gate.model_copy(
        update={
            "thresholds": [t.model_copy(update={"window": 1, "for_": 1}) for t in gate.thresholds]
        }
    )
    return FileVerdict(gate.name, what, judge(single, market or own_market, [sample]))


def _metrics(
    document: Document,
) -> tuple[dict[str, float | None], dict[str, str], str, str]:
    data = document.data
    schema = data.get("schema", "") if isinstance(data, dict) else ""
    if schema.startswith("pytest-soak/iter-summary/"):
        summary = data["summary"]
        what = f"iteration {data['iteration']} of {data['lane']}"
        return _numbers(summary), summary["reasons"], summary["market"], what
    if not schema.startswith("pytest-soak/final-summary/"):
        document.fail(
            (), "is no ITER_SUMMARY; give ITER_SUMMARY_final.json or ITER_SUMMARY_<N>.json"
        )
    result = data["result"]
    what = f"the medians of {result['lane']} ({result['iterations']} iterations)"
    return _numbers(result["medians"]), {}, result["market"], what


def _numbers(data: Mapping[str, Any]) -> dict[str, float | None]:
    return {
        name: None if value is None else float(value)
        for name, value in data.items()
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    }
