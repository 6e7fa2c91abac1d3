"""Two runs side by side, in words."""

from __future__ import annotations

from pytest_soak.artifacts.models import Comparison


def difference_rows(comparison: Comparison) -> list[list[str]]:
    """Headings, then one row a judged KPI in which some lane differs."""
    heads = ["profile", "market", "kpi", "of", "pairs", "before", "after", "difference", "95 %"]
    rows = [heads]
    for found in comparison.kpis:
        if not found.judged or (found.mean == 0 and not found.half_width):
            continue
        low_high = "too few pairs"
        if found.half_width is not None:
            low_high = (
                f"{found.mean - found.half_width:+.4g} to {found.mean + found.half_width:+.4g}"
            )
        numbers = f"{found.before:.4g}", f"{found.after:.4g}", f"{found.mean:+.4g}"
        rows.append(
            [
                found.profile,
                found.market,
                found.kpi,
                found.measure,
                str(found.pairs),
                *numbers,
                low_high,
            ]
        )
    return rows
