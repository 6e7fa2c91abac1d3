"""Where calibrations are kept: the artifact root, the user's `gates/`, the wheel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_soak.artifacts.calibration import CALIBRATION, CalibratedGate, Calibration
from pytest_soak.artifacts.stored_run import is_there, read
from pytest_soak.version import __version__

SHIPPED = Path(__file__).parent / "shipped" / CALIBRATION


def places(root: Path, folder: Path) -> tuple[Path, ...]:
    """The files that are asked, in their order, for runs in the artifact root `root`."""
    return root / CALIBRATION, folder / "gates" / "calibration" / CALIBRATION, SHIPPED


def calibrated(files: tuple[Path, ...]) -> Iterator[CalibratedGate]:
    """All that files say that are there; SoakUsageError for one that says nothing."""
    for file in files:
        if is_there(file):
            yield from read(Calibration, file).gates


def with_gate(file: Path, found: CalibratedGate) -> Calibration:
    """What a file is to say that tells of `found` in place of what it said of other versions."""
    kept = [gate for gate in calibrated((file,)) if _lasting(gate) != _lasting(found)]
    gates = sorted([*kept, found], key=lambda gate: gate.key.model_dump_json())
    return Calibration(source=found.key.target, gates=gates, meta={"pytest_soak": __version__})


def _lasting(gate: CalibratedGate) -> dict[str, Any]:
    """What of a key is the same in later versions of the target, of the package and of the gate."""
    return gate.key.model_dump(exclude={"target_version", "pytest_soak", "gate_hash"})
