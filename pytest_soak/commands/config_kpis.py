"""`pytest-soak config kpis`: what each KPI is, as far as a terminal has room."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pytest_soak.gates.model import gate_shelf, load_gate
from pytest_soak.kpi.definitions import KNOWN, Kpi
from pytest_soak.kpi.fed_by import null_unless_told
from pytest_soak.kpi.formulas import FORMULAS
from pytest_soak.kpi.spans import SPAN_KPIS
from pytest_soak.kpi.units import unit
from pytest_soak.report.fitted import wrapped

_GOOD = {"up": "higher is better", "down": "lower is better"}
_LABEL = 11


def kpis(folder: Path) -> list[dict[str, Any]]:
    """Every KPI that has a definition; `min_samples` is by the gates that ask for them.

    Raises SoakUsageError where a gate in the user's `folder` cannot be read.
    """
    asked = _asked(folder)
    every = KNOWN | {name: span.kpi for name, span in SPAN_KPIS.items()}
    return [_facts(kpi) | {"min_samples": asked.get(kpi.name, {})} for kpi in every.values()]


def kpis_json(folder: Path) -> str:
    """The same as JSON."""
    return json.dumps(kpis(folder), indent=2)


def kpi_lines(folder: Path, width: int) -> Iterator[str]:
    """A paragraph a KPI."""
    for one in kpis(folder):
        what = ", ".join(filter(None, (one["unit"], one["range"], _GOOD[one["better"]])))
        yield from wrapped(f"{one['name']}: {what}", width)
        yield from wrapped(one["meaning"], width, "  is", _LABEL)
        yield from wrapped(one["formula"].replace("`", ""), width, "  formula", _LABEL)
        yield from wrapped(
            f"{one['rests_on']}{_more(one['min_samples'])}", width, "  needs", _LABEL
        )
        yield from wrapped(one["null_when"], width, "  null:", _LABEL)


def _more(asked: dict[str, int]) -> str:
    """What gates want beyond the least."""
    return "".join(f"; the gate {gate} {count:,}" for gate, count in asked.items())


def _facts(kpi: Kpi) -> dict[str, Any]:
    low, high = (None if math.isinf(end) else end for end in (kpi.low, kpi.high))
    span = "" if low is None else f"{low:g} or more" if high is None else f"{low:g} to {high:g}"
    formula = FORMULAS[kpi.name]
    return {
        "name": kpi.name,
        "unit": unit(kpi.name),
        "range": span,
        "better": kpi.better,
        "meaning": kpi.meaning,
        "formula": formula.text,
        "rests_on": formula.floor,
        "null_when": null_when(kpi),
    }


def null_when(kpi: Kpi, quoted: Callable[[str], str] = str) -> str:
    """Why a KPI may be null, with what a bot has to tell for it."""
    rests = ", ".join(map(quoted, null_unless_told(kpi.name)))
    return f"{kpi.missing}; or not told: {rests}" if rests else kpi.missing


def _asked(folder: Path) -> dict[str, dict[str, int]]:
    """By KPI and gate, how many samples the gate asks for."""
    shelf, found = gate_shelf(folder), dict[str, dict[str, int]]()
    for name in shelf.names():
        for one in load_gate(name, shelf, folder, f"gate {name}").thresholds:
            if one.min_samples is not None:
                found.setdefault(one.metric, {})[name] = one.min_samples
    return found
