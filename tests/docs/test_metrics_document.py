"""What docs/METRICS.md says of the metrics is what the code says."""

from __future__ import annotations

import re

from benchmarks.metrics_document import DOCUMENT, metrics_section
from pytest_soak.metrics.table import ALL

TEXT = DOCUMENT.read_text(encoding="utf-8")


def test_the_table_of_metrics_is_made_from_the_code() -> None:
    (section,) = re.findall(r"<!-- begin metrics -->\n(.*?)\n<!-- end metrics -->", TEXT, re.DOTALL)
    assert section == metrics_section(), "run `python -m benchmarks.metrics_document`"
    assert all(f"| `{metric.name}` |" in section for metric in ALL)
