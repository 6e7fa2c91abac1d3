"""The table of metrics in docs/METRICS.md, from the code: python -m benchmarks.metrics_document."""

from __future__ import annotations

from benchmarks.lanes import ROOT, put_section, table
from pytest_soak.metrics.table import EVENTS, KPIS, LANES_OWN, OF_RUN, Metric

DOCUMENT = ROOT / "docs" / "METRICS.md"


def metrics_section() -> str:
    """Every metric, by what it is of."""
    groups = {
        "Of the run, without a label of a lane:": OF_RUN,
        "How a lane goes:": LANES_OWN,
        "What its bot did:": EVENTS,
        "KPIs of the newest iteration:": tuple(KPIS.values()),
    }
    parts = [text for title, metrics in groups.items() for text in (title, _table(metrics))]
    return "\n\n".join(parts)


def _table(metrics: tuple[Metric, ...]) -> str:
    rows = [[f"`{m.name}`", m.kind, ", ".join(m.labels), m.meaning] for m in metrics]
    return table(["metric", "kind", "own labels", "meaning"], rows)


if __name__ == "__main__":
    put_section(DOCUMENT, "metrics", metrics_section())
    print(f"wrote the table of {DOCUMENT.relative_to(ROOT)}")
