"""A run beside its baseline in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_soak.artifacts.baseline_models import AgainstBaseline
from pytest_soak.baseline.words import HEADS, reasons, rows_of, title
from pytest_soak.report.fitted import Column, table_lines, wrapped

_SPARE = {"could see": 4, "before": 3, "after": 2, "fail unless": 1}
"""The columns that give way on a narrow screen, the highest first."""


def beside_lines(beside: Sequence[AgainstBaseline], width: int) -> Iterator[str]:
    """As `baseline_lines`, on so many columns."""
    for one in beside:
        yield from wrapped(title(one), width)
        cells = zip(*rows_of(one), strict=True)
        columns = [
            Column(head, column, spare=_SPARE.get(head, 0))
            for head, column in zip(HEADS, cells, strict=True)
        ]
        yield from table_lines(columns, width)
        for text in reasons(one):
            yield from wrapped(text, width)
