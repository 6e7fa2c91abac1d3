"""The tables of docs/KPIS.md, from the KPI table: made by `python -m benchmarks.reference`."""

from __future__ import annotations

import math
from pathlib import Path

from benchmarks.reference_text import told
from pytest_soak.commands.config_kpis import null_when
from pytest_soak.gates.model import gate_shelf, load_gate
from pytest_soak.kpi.definitions import (
    EXCHANGE_KPIS,
    KPIS,
    PROCESS_KPIS,
    RESOURCE_KPIS,
    Kpi,
)
from pytest_soak.kpi.formulas import FORMULAS
from pytest_soak.kpi.spans import SPAN_KPIS
from pytest_soak.kpi.units import unit

_NOWHERE = Path("/nowhere")
_GOOD = {"up": "high", "down": "low"}
_HEAD = ["KPI", "meaning", "formula", "unit, range", "wished", "least it rests on", "null when"]


def kpis_text() -> str:
    """The whole document."""
    parts = [
        "# KPIs",
        "Written by `python -m benchmarks.reference` from the table by which they are reckoned. "
        "The columns of the formulas are those of an Observation "
        "([REFERENCE.md](REFERENCE.md#observation)); `ticks`, `acks` and so on are its arrays. "
        "What is null has its reason in "
        "`reasons` beside it, and a gate that asks for it says no. A gate may ask for more samples "
        "(`min_samples`); a bot of your own may give KPIs of other names.",
        "## Of an iteration",
        _table(KPIS),
        "## Of a bot that is a program",
        _table(PROCESS_KPIS | RESOURCE_KPIS),
        "## Of a bot on an exchange",
        "See [EXCHANGE_FAULTS.md](EXCHANGE_FAULTS.md).",
        _table(EXCHANGE_KPIS),
        "## Of the end of a lane",
        "All others are the median of the judged iterations; growth is that of the newest.",
        _table({name: span.kpi for name, span in SPAN_KPIS.items()}),
        "## Samples that gates ask for",
        _floors(),
    ]
    return "\n\n".join(parts) + "\n"


def _table(kpis: dict[str, Kpi]) -> str:
    return told(_HEAD, [_row(kpi) for kpi in kpis.values()])


def _row(kpi: Kpi) -> list[str]:
    low, high = ("" if math.isinf(end) else f"{end:g}" for end in (kpi.low, kpi.high))
    span = f"{low} to {high}" if low and high else f"{low} or more" if low else ""
    formula = FORMULAS[kpi.name]
    return [
        f"`{kpi.name}`",
        kpi.meaning,
        formula.text,
        ", ".join(filter(None, (unit(kpi.name), span))),
        _GOOD[kpi.better],
        formula.floor,
        null_when(kpi, "`{}`".format),
    ]


def _floors() -> str:
    shelf = gate_shelf(_NOWHERE)
    gates = [load_gate(name, shelf, _NOWHERE, "reference") for name in shelf.names()]
    rows = [
        [f"`{gate.name}`", f"`{one.metric}`", one.min_samples]
        for gate in gates
        for one in gate.thresholds
        if one.min_samples is not None
    ]
    return told(["gate", "KPI", "samples"], rows)
