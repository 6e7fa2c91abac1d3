"""What fitted weights of a spread are said to be."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_soak.artifacts.calib_models import SpreadFit
from pytest_soak.report.markdown import safe, table


def fit_text(found: SpreadFit) -> str:
    """spread_fit_*.md."""
    return "\n".join([*_fit(found), ""])


def _fit(found: SpreadFit) -> Iterator[str]:
    yield f"# Weights of auto_spread, of {safe(found.plan)}"
    yield ""
    yield f"{found.rows} rows of {found.interval_min} minutes that follow an hour of others."
    if found.gross_bps is not None:
        yield f"A weight is a share of their gross, {found.gross_bps} bps."
    yield ""
    if found.reason:
        yield f"There are none: {safe(found.reason)}."
        return
    heads = ("condition", "weight", "estimate", "half width of its interval")
    rows = [
        (safe(name), str(one.weight), _or_none(one.estimate), _or_none(one.half_width))
        for name, one in found.weights.items()
    ]
    yield from table([heads, *rows])
    yield ""
    yield "A weight is 0 where its interval has 0 in it: it would be made of noise."


def _or_none(value: float | None) -> str:
    return "never varied" if value is None else str(value)
