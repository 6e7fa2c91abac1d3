"""`pytest-soak report`: the HTML report of a stored run, or the pages of A/Bs, made anew."""

from __future__ import annotations

from pathlib import Path

from pytest_soak.artifacts.ab_found import abs_stamp
from pytest_soak.artifacts.ledger import LEDGER
from pytest_soak.artifacts.names import LATEST, REPORT
from pytest_soak.artifacts.stored_run import find_run
from pytest_soak.calibration.stored import run_rates
from pytest_soak.commands.ab_pages import PAGE, page_of, write_pages
from pytest_soak.commands.ab_pages import REPORT as AB_REPORT
from pytest_soak.commands.output import output_file
from pytest_soak.config.names import user_path
from pytest_soak.errors import SoakUsageError
from pytest_soak.report.page import report_text
from pytest_soak.report.read import read_run
from pytest_soak.storage.files import write_text
from pytest_soak.storage.readers import is_file

OUTPUT, ABS = "--output", "--ab"


def make_reports(source: Path, output: str | None, folder: Path, abs_at: str | None) -> list[Path]:
    """Write the report of the run at `source`, or the pages of the A/Bs there; where they went.

    Paths are from `folder`, `abs_at` is where the A/Bs of a run are. Raises SoakUsageError where
    there is nothing, a file of it is damaged, or the report would go where no file can be;
    ArtifactError when it cannot be written.
    """
    if is_file(source) and source.suffix == AB_REPORT:
        path = source.with_suffix(PAGE) if output is None else output_file(output, folder, OUTPUT)
        write_text(path, page_of(source))
        return [path]
    if find_run(source) is None and abs_stamp(source) is not None:
        if output is not None:
            raise SoakUsageError(OUTPUT, f"{source} may have several A/Bs; give one AB_*.json")
        return write_pages(source)
    return [make_report(source, output, folder, _abs_folder(abs_at, folder))]


def _abs_folder(given: str | None, folder: Path) -> Path | None:
    """Where A/Bs are, None where nothing is said; SoakUsageError where there are none."""
    if given is None:
        return None
    path = user_path(given, folder, ABS)
    if abs_stamp(path) is None:
        problem = f"{given}: expected the --dir of pytest-soak ab, which has a {LEDGER}"
        raise SoakUsageError(ABS, problem)
    return path


def make_report(
    source: Path, output: str | None, folder: Path, abs_folder: Path | None = None
) -> Path:
    """Write the report of the run at `source`; where it went. Errors as of `make_reports`."""
    run = read_run(source, abs_folder)
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
