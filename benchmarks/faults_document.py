"""The tables of docs/EXCHANGE_FAULTS.md, from the code: python -m benchmarks.faults_document."""

from __future__ import annotations

from pathlib import Path

from benchmarks.described import attributes_of
from benchmarks.lanes import ROOT, put_section
from benchmarks.reference_text import told
from pytest_soak.exchange.faults.kinds import FAULTS, Kind
from pytest_soak.exchange.faults.schedule import FaultRow, fault_shelf, load_schedule
from pytest_soak.exchange.invariants.tolerances import Tolerances

DOCUMENT = ROOT / "docs" / "EXCHANGE_FAULTS.md"
_NOWHERE = Path("/nowhere")


def kinds_section() -> str:
    """Every kind of fault, with its keys."""
    return told(
        ["kind", "what it does", "keys", "where nothing is said"],
        [[f"`{name}`", kind.meaning, _keys(kind), _usual(kind)] for name, kind in FAULTS.items()],
    )


def _keys(kind: Kind) -> str:
    return ", ".join(f"**`{key}`**" if key in kind.needs else f"`{key}`" for key in kind.keys)


def _usual(kind: Kind) -> str:
    usual = {"endpoints": kind.endpoints, "topics": kind.topics}
    return ", ".join(f"`{one}`" for key in usual if key in kind.keys for one in usual[key])


def storm_section() -> str:
    """What storm does when."""
    storm = load_schedule("storm", fault_shelf(_NOWHERE), _NOWHERE, "storm")
    rows = [
        [_minutes(row.at_us // 1_000_000), f"`{row.name}`", f"`{row.kind}`", _length(row)]
        for row in storm.faults
    ]
    return told(["at", "fault", "kind", "for"], rows)


def _length(row: FaultRow) -> str:
    waits = f", waits {row.waits}" if row.waits else ""
    return f"{row.for_ or 'at once'}{waits}"


def _minutes(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"


def tolerances_section() -> str:
    """What a bot is allowed."""
    meanings = attributes_of(Tolerances)
    rows = [
        [f"`{name}`", field.default, meanings[name]]
        for name, field in Tolerances.model_fields.items()
    ]
    return told(["key", "default", "what"], rows)


SECTIONS = {"kinds": kinds_section, "storm": storm_section, "tolerances": tolerances_section}


if __name__ == "__main__":
    for name, section in SECTIONS.items():
        put_section(DOCUMENT, name, section())
    print(f"wrote the tables of {DOCUMENT.relative_to(ROOT)}")
