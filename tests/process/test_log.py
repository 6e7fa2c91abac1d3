"""The log of a bot keeps head and tail, whatever is written to it."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_soak.process.log import HEAD, SEGMENT, BoundedLog

CUT = re.compile(rb"\n\[\.\.\. (\d+) bytes left out \.\.\.\]\n")
ROOM, PART = 40, 10
pieces = st.lists(st.binary(max_size=60).map(lambda data: data.replace(b"[", b"(")), max_size=12)


@given(pieces, pieces)
@example([b"0" * 41], [b"1"])
def test_head_and_tail_are_there_in_order(first: list[bytes], second: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bot.log")
        for session in (first, second):
            log = BoundedLog(path, ROOM, PART)
            for piece in session:
                log.write(piece)
                assert sum(file.stat().st_size for file in Path(folder).iterdir()) <= 3 * ROOM
            log.close()
        given, kept = b"".join(first + second), path.read_bytes()
        assert [file.name for file in Path(folder).iterdir()] == ["bot.log"]
        fits = len(b"".join(first)) <= ROOM or not b"".join(second)  # a tail makes room for another
        if len(given) <= ROOM + PART and fits:
            assert kept == given
            return
        assert kept[:ROOM] == given[:ROOM]
        newest = min(PART, len(b"".join(second)) or PART)
        assert kept.endswith(given[-newest:])
        assert len(CUT.sub(b"", kept)) <= ROOM + 2 * PART


@given(pieces)
def test_what_is_left_out_is_counted(written: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = BoundedLog(Path(folder, "bot.log"), ROOM, PART)
        for piece in written:
            log.write(piece)
        log.close()
        kept = Path(folder, "bot.log").read_bytes()
        cuts = CUT.findall(kept)
        assert len(CUT.sub(b"", kept)) + sum(map(int, cuts)) == len(b"".join(written))


def test_it_never_takes_more_than_64_mb() -> None:
    assert HEAD + 3 * SEGMENT < 64e6


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("precious")
    (tmp_path / "bot.log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        BoundedLog(tmp_path / "bot.log")
    assert (tmp_path / "elsewhere").read_text() == "precious"
