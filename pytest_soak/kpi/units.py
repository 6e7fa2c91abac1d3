"""The unit of a KPI, which is the end of its name."""

from __future__ import annotations

_UNITS = {
    "_bps": "bps",
    "_bps_p95": "bps",
    "_quote": "quote",
    "_pct": "%",
    "_pct_p95": "% of a processor",
    "_ratio": "share",
    "_share": "share",
    "_ms": "ms",
    "_s": "s",
    "_base": "base",
    "_mb_max": "MB",
    "_mb_per_h": "MB/h",
    "_per_h": "1/h",
}


def unit(name: str) -> str:
    """The unit of a KPI; empty of a number of things."""
    fits = [ending for ending in _UNITS if name.endswith(ending)]
    return _UNITS[max(fits, key=len)] if fits else ""
