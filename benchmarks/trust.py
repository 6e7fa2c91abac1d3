"""The error rates of the gates that the package ships, as tables in docs/TRUST.md.

They are those of `pytest-soak calibrate --output=pytest_soak/calibration/shipped/CALIBRATION.json`.
Run: python -m benchmarks.trust
"""

from __future__ import annotations

from typing import Any

from benchmarks.lanes import ROOT, put_section, table
from pytest_soak.artifacts.calibration import CalibratedGate, Detectable
from pytest_soak.calibration.power import POWERS
from pytest_soak.calibration.shelf import SHIPPED, calibrated
from pytest_soak.calibration.words import alarms_text, change_text, length, rate_text
from pytest_soak.text import number

DOCUMENT = ROOT / "docs" / "TRUST.md"


def figures(found: CalibratedGate) -> str:
    """What is known of one gate on one kind of lane."""
    key = found.key
    parts = [
        f"### `{key.gate}` on {key.market}",
        "",
        f"Lanes of {length(key)} of `{key.profile}` ({key.target} {str(key.target_version)[:12]}, "
        f"gate mode {key.gate_mode}), "
        f"seeds {found.seeds[0]} to {found.seeds[-1]}: {alarms_text(found)}.",
        "",
        table(
            ["KPI", "median", *(f"caught in {100 * power:g} % of lanes" for power in POWERS)],
            [row(one) for one in found.detectable],
        ),
    ]
    if found.causes:
        rows = [
            [one.cause, f"{one.size:g} {one.unit}", rate_text(one.rate)] for one in found.causes
        ]
        parts += ["", table(["cause", "size", "lanes that FAIL"], rows)]
    return "\n".join(parts)


def row(one: Detectable) -> list[Any]:
    if one.reason is not None:
        return [f"`{one.kpi}`", f"left out: it {one.reason}", *[""] * len(POWERS)]
    return [
        f"`{one.kpi}`",
        number(one.median),
        *(change_text(value, one.median) for value in one.changes.values()),
    ]


def main() -> None:
    text = "\n\n".join(figures(gate) for gate in calibrated((SHIPPED,)))
    put_section(DOCUMENT, "figures", f"\n{text}\n")
    print(f"wrote {DOCUMENT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
