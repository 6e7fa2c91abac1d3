"""The KPIs of one iteration, each with its value or the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from pytest_soak.config.documents import show
from pytest_soak.errors import nearest, one_line
from pytest_soak.kpi.curves import Curves
from pytest_soak.kpi.definitions import COSTS, DRIVER_SHARE, KNOWN, KPIS
from pytest_soak.number import number

_ROUNDING = 1e-12  # 0.2 * 3.0 is a little more than 0.6
_ABSURD = 1e100  # beyond it medians and deviations leave the range of a float


class Summary(BaseModel):
    """KPIs by name; a missing one is None and has a reason.

    Attributes:
        kpis: Values in the unit that the name ends in; None where there is none.
        reasons: Why there is none, by KPI.
        samples: How many events a KPI rests on, where that is known.
        block_counts: How many intended changes each reason stopped.
        market: What happened in the market, such as `spike_count`.
        faults: Measurements that cannot be true (NaN, out of range): they fail the iteration.
        notes: What to know of how it was measured.
        curves: What is kept of an Observation's events to be drawn; None of ready-made KPIs.
    """

    model_config = ConfigDict(frozen=True)

    kpis: dict[str, float | None]
    reasons: dict[str, str] = {}
    samples: dict[str, int] = {}
    block_counts: dict[str, int] = {}
    market: dict[str, int] = {}
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    curves: Curves | None = None

    @field_validator("kpis", mode="before")
    @classmethod
    def _are_numbers(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        kpis = {name: None if value is None else number(value) for name, value in given.items()}
        for name, value in given.items():
            if value is not None and kpis[name] is None:
                raise ValueError(f"{name}: expected a number, got {_told(value)}")
        return kpis


def summary_of(given: Mapping[Any, Any], declared: Collection[str] | None) -> Summary:
    """A summary of ready-made KPIs.

    `declared` are the names the target said it gives: one that is not given is a fault. Without
    them the KPI table's names are expected, and what is not given is null.
    """
    names = list(KPIS) if declared is None else list(declared)
    known = {*KNOWN, *names}
    kpis: dict[str, float | None] = dict.fromkeys(names)
    reasons = {name: "not given by the target" for name in names if name not in given}
    faults = [] if declared is None else [f"{name}: declared, but not given" for name in reasons]
    for name, value in given.items():
        if name not in known:
            meant = nearest(str(name), known)
            meant = meant if meant.startswith("did") else "see pytest-soak config kpis"
            faults.append(f"unknown KPI {str(name)!r}; {meant} (or declare it in `kpis`)")
            continue
        kpis[name], fault = _measured(name, value)
        if fault is not None:
            faults.append(fault)
            reasons[name] = fault
        elif value is None:
            reasons[name] = "the target gave none"
    return Summary(kpis=kpis, reasons=reasons, faults=tuple(faults))


def checked(summary: Summary) -> Summary:
    """`summary` with every value that cannot be true made null, told as its reason and a fault."""
    found = {name: _measured(name, value) for name, value in summary.kpis.items()}
    kpis = {name: value for name, (value, _) in found.items()}
    faults = {name: fault for name, (_, fault) in found.items() if fault is not None}
    missing = {name: "the target gave none" for name, value in kpis.items() if value is None}
    return summary.model_copy(
        update={
            "kpis": kpis,
            "reasons": missing | summary.reasons | faults,
            "faults": (*map(one_line, summary.faults), *faults.values()),
            "notes": tuple(map(one_line, summary.notes)),
        }
    )


def unmeasured(names: Collection[str], faults: tuple[str, ...], notes: tuple[str, ...]) -> Summary:
    """The summary of a window whose measurement cannot be true: it has no KPI of `names`."""
    reasons = dict.fromkeys(names, "what the target handed over cannot be true")
    return Summary(kpis=dict.fromkeys(names), reasons=reasons, faults=faults, notes=notes)


def _measured(name: str, value: object) -> tuple[float | None, str | None]:
    """A KPI as a float, None without one; and what is wrong with it."""
    if value is None:
        return None, None
    given = number(value)
    low, high = (KNOWN[name].low, KNOWN[name].high) if name in KNOWN else (-math.inf, math.inf)
    if given is not None and low <= given <= high and abs(given) <= _ABSURD:
        return given, None
    span = "a number" if (low, high) == (-math.inf, math.inf) else f"{low:g} to {high:g}"
    if given is not None and _ABSURD < abs(given) < math.inf:
        span = f"at most {_ABSURD:g} either side of 0"
    return (
        None,
        f"{name}: expected {span}, got {show(value) if given is not None else _told(value)}",
    )


def _told(value: object) -> str:
    return f"{type(value).__name__} {show(value)}"


def drivers(kpis: Mapping[str, float | None]) -> list[str]:
    """The cost components that eat at least a fifth of gross, largest first."""
    gross = kpis.get("gross_bps")
    if gross is None:
        return []
    costs = {name: cost for name in COSTS if (cost := cost_of(name, kpis.get(name))) > 0}
    return sorted(
        (name for name, cost in costs.items() if cost >= DRIVER_SHARE * gross * (1 - _ROUNDING)),
        key=lambda name: -costs[name],
    )


def cost_of(name: str, value: float | None) -> float:
    """What a cost component costs, a cost being positive; 0 without a value."""
    if value is None:
        return 0.0
    return value if name == "adverse_bps" else -value
