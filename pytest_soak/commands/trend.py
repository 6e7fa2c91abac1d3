"""`pytest-soak trend`: the trend of a run's KPIs."""

from __future__ import annotations

from pathlib import Path

from pytest_soak.report.markdown import trend_text
from pytest_soak.report.read import read_run
from pytest_soak.storage.files import write_text


def trend(source: Path, output: Path | None) -> str:
    """The trend of the run at `source` as Markdown; also written to `output`.

    Raises SoakUsageError when there is no run, ArtifactError when `output` cannot be written.
    """
    text = trend_text(read_run(source))
    if output is not None:
        write_text(output, text)
    return text
