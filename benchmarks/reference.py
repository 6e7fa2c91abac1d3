"""docs/REFERENCE.md and docs/KPIS.md, from the code: python -m benchmarks.reference."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.lanes import ROOT
from benchmarks.reference_kpis import kpis_text
from benchmarks.reference_text import prose, record, signature, told
from pytest_soak import (
    Check,
    IterationRecord,
    Judgement,
    LaneInfo,
    LaneResult,
    SoakConfig,
    SoakResult,
    Summary,
    Transition,
    Window,
    hookspecs,
    plugin,
)
from pytest_soak.commands.config import shelves
from pytest_soak.commands.user_schemas import USER_FILES
from pytest_soak.config.documents import read_document
from pytest_soak.config.parameters import reference_table
from pytest_soak.engine import events
from pytest_soak.engine.control import TuningRecord
from pytest_soak.gates.criteria import criteria_shelf
from pytest_soak.gates.model import load_gate
from pytest_soak.observation import tables
from pytest_soak.options import OPTIONS, RELEASE_DIR, Option
from pytest_soak.session import fixtures

NOWHERE = Path("/nowhere")
RECORDS = (IterationRecord, Summary, Judgement, Check, LaneResult, Transition, TuningRecord)
TOLD = (LaneInfo, Window)
RESULTS = (SoakConfig, SoakResult)


def reference_text() -> str:
    """The whole of docs/REFERENCE.md."""
    return "\n\n".join(_parts()) + "\n"


def _parts() -> Iterator[str]:
    yield "# Reference"
    yield (
        "Written by `python -m benchmarks.reference` from the code. Elsewhere: "
        "[KPIs](KPIS.md), [lines of feeds](FEEDS.md), [files of a run](ARTIFACTS.md)."
    )
    yield "## Options"
    yield (
        "A value comes from the command line, else the environment, else the ini file, else it "
        "is the default. `pytest_soak.soak` takes them by the name of the ini key without `soak_`."
    )
    yield _options()
    yield "## Fixtures"
    yield from _fixtures()
    yield "## Hooks"
    yield prose(hookspecs)
    yield from _hooks()
    yield "## Records"
    yield from map(record, RECORDS)
    yield "## What a target is told"
    yield from map(record, TOLD)
    yield "## Events"
    yield "What handlers are told, in this order as far as a lane has them. Each is an `Event`."
    yield from map(record, _events())
    yield "## Settings and results"
    yield from map(record, RESULTS)
    yield "## Observation"
    yield "Arrays are one-dimensional. All but the first seven fields may be left away."
    yield _observation()
    yield from map(_columns, tables.EVERY)
    yield "## Files that you write"
    yield _user_files()
    yield "## Parameters of the reference maker"
    yield _parameters()
    yield "## What ships by name"
    yield "`pytest-soak config list` has these and yours, `pytest-soak config show NAME` the file."
    yield _shipped()
    yield "## Gates that ship"
    yield "On calm; [GATES.md](GATES.md) has the other markets, and where the figures come from."
    yield from _gates()


def _options() -> str:
    head = ["option", "what", "default", "environment", "ini"]
    rows = [_option(option, f"{option.flag_text}{_value(option)}") for option in OPTIONS]
    return told(head, [*rows, _option(RELEASE_DIR, "`pytest-soak release ... --release-dir=DIR`")])


def _option(option: Option, typed: str) -> list[str]:
    opposite = f", `{option.spellings[1]}`" if option.negatable else ""
    again = "; may be repeated" if option.repeatable else ""
    return [
        f"`{typed}`{opposite}" if typed.startswith("--") else typed,
        f"{option.help}{again}",
        f"`{option.default}`" if option.default else "",
        f"`{option.env}`" if option.env else "",
        f"`{option.dest}`" if option.ini else "",
    ]


def _value(option: Option) -> str:
    return f"={option.metavar}" if option.metavar else ""


def _fixtures() -> Iterator[str]:
    yield (
        "`soak_target` -> `TargetFactory`: The factory of what is soaked; override it with yours, "
        "which returns a class or a function `LaneInfo -> Target`."
    )
    found = {**vars(plugin), **vars(fixtures)}
    for name in sorted(found):
        if type(found[name]).__name__ == "FixtureFunctionDefinition":
            function = found[name]._get_wrapped_function()
            gives = inspect.signature(function).return_annotation
            text = (inspect.getdoc(function) or "").replace("\n", " ")
            yield f"`{name}` -> `{gives}`: {text}"


def _hooks() -> Iterator[str]:
    for name, function in vars(hookspecs).items():
        if name.startswith("pytest_soak_"):
            yield f"### {name}"
            yield f"```python\ndef {signature(function)}\n```"
            yield prose(function)


def _events() -> list[type]:
    return [one for one in vars(events).values() if inspect.isclass(one) and _is_event(one)]


def _is_event(kind: type) -> bool:
    return issubclass(kind, events.Event) and kind is not events.Event


def _observation() -> str:
    rows = [[f"`{part.name}`", part.holds, part.unit, part.meaning] for part in tables.PARTS]
    return told(["field", "holds", "unit", "what"], rows)


def _columns(table: tables.Columns) -> str:
    rows = [
        [f"`{one.name}`", tables.DTYPES[one.dtype], one.unit, one.meaning] for one in table.columns
    ]
    head = told(["column", "dtype", "unit", "what, and its sign"], rows)
    return f"**{table.name}**: {table.meaning}.\n\n{head}"


def _user_files() -> str:
    rows = [[f"`{name}`", where] for name, (where, _) in USER_FILES.items()]
    text = (
        "`pytest-soak config schema NAME` prints the JSON Schema of each; "
        "[REPOSITORY.md](REPOSITORY.md#schemas-in-your-editor) shows how an editor takes it."
    )
    return f"{text}\n\n{told(['schema', 'of'], rows)}"


def _parameters() -> str:
    rows: list[list[Any]] = [
        [
            f"`{name}`",
            row.unit,
            f"{row.default:g}",
            _span(row.bounds),
            _span(row.tuner_range),
            "" if row.max_change_per_hour is None else f"{row.max_change_per_hour:g}",
            ", ".join(f"{kpi} {way}" for kpi, way in row.raises.items()),
        ]
        for name, row in reference_table().items()
    ]
    head = ["parameter", "unit", "default", "bounds", "tuner", "change an hour", "raising it moves"]
    return f"{told(head, rows)}\n\n[SENSITIVITY.md](SENSITIVITY.md) has how far each moves what."


def _span(ends: list[float | None] | None) -> str:
    if ends is None or ends == [None, None]:
        return ""
    low, high = ("open" if end is None else f"{end:g}" for end in ends)
    return f"{low} to {high}"


def _shipped() -> str:
    rows = []
    for kind, shelf in {**shelves(NOWHERE), "criteria": criteria_shelf(NOWHERE)}.items():
        for name in shelf.names():
            data = read_document(shelf.find(name, NOWHERE, kind)).data
            rows.append([kind, f"`{name}`", data.get("description", "")])
    return told(["kind", "name", "what"], rows)


def _gates() -> Iterator[str]:
    shelf = shelves(NOWHERE)["gate"]
    for name in shelf.names():
        gate = load_gate(name, shelf, NOWHERE, "reference")
        rows = [
            [f"`{one.metric}`", one.fail_unless or "", one.warn_unless or "", one.baseline]
            for one in gate.thresholds
        ]
        head = ["metric", "FAIL unless", "WARN unless", "of"]
        yield f"**{name}** (grace {gate.grace}): {gate.description}\n\n{told(head, rows)}"


MADE = {"REFERENCE.md": reference_text, "KPIS.md": kpis_text}
"""The documents that are made as a whole, and how."""


if __name__ == "__main__":
    for document, text in MADE.items():
        (ROOT / "docs" / document).write_text(text(), encoding="utf-8")
        print(f"wrote docs/{document}")
