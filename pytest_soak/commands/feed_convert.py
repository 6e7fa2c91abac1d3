"""`pytest-soak feed convert` and `export`: recordings and the built-in market as one format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pytest_soak.commands.feed_recordings import Given, opened
from pytest_soak.commands.output import output_file
from pytest_soak.config.scenarios import load_scenario, scenario_shelf
from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.market.announced import compile_announced
from pytest_soak.replay.export import exported
from pytest_soak.replay.hftbacktest import write_npz
from pytest_soak.replay.terms import Terms, fees_of
from pytest_soak.storage.files import replacing

END = ".npz"
HOURS = (0.001, 48.0)


def feed_convert(given: Given, output: str, folder: Path, say: Callable[[str], None]) -> None:
    """Write a recording as hftbacktest's rows.

    Raises SoakUsageError for what is no recording, ArtifactError for a file that cannot be written.
    """
    file = _output(output, folder)
    recording, units, terms, _ = opened(given, folder, needs_receipt=True)
    with replacing(file, durable=False) as opened_file:
        write_npz(opened_file, recording.pieces(), len(recording.rows), terms)
    for remark in recording.told.remarks:
        say(one_line(f"remark: {remark}"))
    shift = recording.clock.shift * 1e-6
    say(
        one_line(
            f"{output}: {len(recording.rows):,} rows, tick {units.tick:g}, lot {units.lot:g}, "
            f"local times moved by {shift:+,.1f} ms"
        )
    )


def feed_export(
    market: str,
    seed: int,
    hours: float,
    output: str,
    folder: Path,
    say: Callable[[str], None],
    warn: Callable[[str], None],
) -> None:
    """Write the built-in market, without a maker, as hftbacktest's rows; raises as `convert`."""
    file = _output(output, folder)
    low, high = HOURS
    if not low <= hours <= high:
        raise SoakUsageError("--hours", f"expected {low:g} to {high:g}, got {hours:g}")
    scenario = load_scenario(market, scenario_shelf(folder), folder, "MARKET")
    compile_announced(warn)
    rows = exported(scenario, seed, hours)
    instrument = scenario.instrument
    terms = Terms(
        kind="linear", tick=instrument.tick, lot=instrument.lot_base, **fees_of(instrument)
    )
    with replacing(file, durable=False) as opened_file:
        write_npz(opened_file, [rows], len(rows), terms)
    say(one_line(f"{output}: {len(rows):,} rows, tick {instrument.tick:g}, "
                 f"lot {instrument.lot_base:g}"))  # fmt: skip


def _output(text: str, folder: Path) -> Path:
    if not text.endswith(END):
        raise SoakUsageError("--output", f"expected a file that ends with {END}, got {text!r}")
    return output_file(text, folder, "--output")
