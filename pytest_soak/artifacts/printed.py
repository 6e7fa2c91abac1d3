"""What a bot printed and logged in an iteration, kept whether it passed or not."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_soak.artifacts.layout import LaneFiles
from pytest_soak.storage.files import write_bytes, writing

MOST_BYTES = 1 << 20
"""Of an iteration; of more the beginning and the end are kept."""


def keep_printed(files: LaneFiles, iteration: int, sections: Iterable[tuple[str, str]]) -> None:
    """Write the named `sections` of an iteration's output to a file, if there are any.

    Raises ArtifactError where that fails.
    """
    text = "".join(f"--- {name} ---\n{content.rstrip()}\n" for name, content in sections)
    if not text:
        return
    path = files.printed(iteration)
    with writing(path):
        path.parent.mkdir(exist_ok=True)
    write_bytes(path, _bounded(text.encode("utf-8", "backslashreplace")))


def _bounded(data: bytes) -> bytes:
    left_out = len(data) - MOST_BYTES
    if left_out <= 0:
        return data
    half = MOST_BYTES // 2
    return b"%b\n[... %d bytes left out ...]\n%b" % (data[:half], left_out, data[-half:])
