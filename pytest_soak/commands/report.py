"""`pytest-soak report`: the HTML report of a stored run, made anew."""

from __future__ import annotations

from pathlib import Path

from pytest_soak.artifacts.names import LATEST, REPORT
from pytest_soak.artifacts.stored_run import find_run
from pytest_soak.calibration.stored import run_rates
from pytest_soak.commands.output import output_file
from pytest_soak.errors import SoakUsageError
from pytest_soak.report.page import report_text
from pytest_soak.report.read import read_run
from pytest_soak.storage.files import write_text

OUTPUT = "--output"


def make_report(source: Path, output: str | None, folder: Path) -> Path:
    """Write the report of the run at `source`, paths being from `folder`; where it went.

    Raises SoakUsageError where there is no run, a file of it is damaged, or the report would go
    where no file can be; ArtifactError when it cannot be written.
    """
    run = read_run(source)
    path = _beside(source, folder) if output is None else output_file(output, folder, OUTPUT)
    write_text(path, report_text(run, rates_of(source, folder)))
    return path


def rates_of(source: Path, folder: Path) -> dict[str, str]:
    """How often the gates are wrong that judged its lanes, as far as that is known."""
    stored = find_run(source)
    return {} if stored is None else run_rates(stored, folder)


def _beside(source: Path, folder: Path) -> Path:
    """Where the report of a run lies that is a folder."""
    latest = source / LATEST
    home = latest if latest.is_dir() else source
    if not home.is_dir():
        raise SoakUsageError(str(source), f"is packed; say where the report goes, with {OUTPUT}")
    return output_file(str(home / REPORT), folder, str(source))
