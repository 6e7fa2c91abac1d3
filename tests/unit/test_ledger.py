"""LEDGER.jsonl: a chain of events that a torn end does not break, and an edit does."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.artifacts.ledger import LEDGER, Ledger
from pytest_soak.errors import ArtifactError
from pytest_soak.storage.journal import encode

EVENTS = ("started", "interrupted", "started", "promoted")


def written(folder: Path, count: int = len(EVENTS)) -> Ledger:
    ledger = Ledger(folder, pytest.fail)
    for stage, event in enumerate(EVENTS[:count]):
        ledger.add(event, "ab", stage=stage, plan={"x": [stage, "é"]})  # type: ignore[arg-type]
    return ledger


def read(folder: Path) -> tuple[Ledger, list[str]]:
    said: list[str] = []
    return Ledger(folder, said.append), said


def test_events_are_read_as_they_were_added(tmp_path: Path) -> None:
    ledger = written(tmp_path)
    again, said = read(tmp_path)
    assert again.entries == ledger.entries
    assert [e.seq for e in again.entries] == [1, 2, 3, 4]
    assert len({e.prev for e in again.entries}) == 4
    assert said == []
    assert read(tmp_path / "none")[0].entries == []


@given(st.data())
def test_a_torn_end_is_cut_off_and_told(data: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        written(folder)
        path = folder / LEDGER
        lines = path.read_bytes().splitlines(keepends=True)
        kept = data.draw(st.integers(1, 3))
        torn = lines[kept][: data.draw(st.integers(0, len(lines[kept]) - 1))]
        path.write_bytes(b"".join(lines[:kept]) + torn)
        ledger, said = read(folder)
        assert len(ledger.entries) == kept
        assert bool(said) == bool(torn)
        assert path.read_bytes() == b"".join(lines[:kept])
        ledger.add("held", "ab")
        assert len(read(folder)[0].entries) == kept + 1


def test_who_only_reads_leaves_an_unfinished_line_to_its_writer(tmp_path: Path) -> None:
    written(tmp_path)
    path = tmp_path / LEDGER
    torn = path.read_bytes()[:-1]
    path.write_bytes(torn)
    said: list[str] = []
    assert len(Ledger(tmp_path, said.append, only_read=True).entries) == 3
    assert said == [f"{path}: line 4 was not finished, and is passed over"]
    assert path.read_bytes() == torn


@given(st.integers(0, 2), st.data())
def test_an_edited_byte_is_refused(line: int, data: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        written(folder)
        path = folder / LEDGER
        lines = path.read_bytes().splitlines(keepends=True)
        place = data.draw(st.integers(0, len(lines[line]) - 2))
        changed = bytearray(lines[line])
        changed[place] ^= 1
        path.write_bytes(b"".join([*lines[:line], bytes(changed), *lines[line + 1 :]]))
        with pytest.raises(ArtifactError, match=r"damaged|edited|no event"):
            read(folder)


def test_an_edit_with_a_good_checksum_is_refused_too(tmp_path: Path) -> None:
    written(tmp_path)
    path = tmp_path / LEDGER
    lines = path.read_bytes().splitlines(keepends=True)
    first = json.loads(lines[0].partition(b" ")[2])
    lines[0] = encode(json.dumps(first | {"stage": 7}))
    path.write_bytes(b"".join(lines))
    with pytest.raises(ArtifactError, match="line 2 does not follow from the line before"):
        read(tmp_path)
    path.write_bytes(b"".join(lines[1:]))
    with pytest.raises(ArtifactError, match="line 1 does not follow"):
        read(tmp_path)
    for payload in ('{"seq": true}', "[" * 100_000):
        path.write_bytes(encode(payload))
        with pytest.raises(ArtifactError, match="line 1 is no event of a ledger"):
            read(tmp_path)


@pytest.mark.parametrize("order", [(0, 2), (1, 2), (1, 0, 2), (0, 2, 1), (0, 0, 1, 2)])
def test_lines_that_are_removed_swapped_or_doubled_are_refused(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    written(tmp_path)
    path = tmp_path / LEDGER
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[n] for n in order))
    with pytest.raises(ArtifactError, match="does not follow from the line before"):
        read(tmp_path)


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    written(other, 1)
    before = (other / LEDGER).read_bytes()
    (tmp_path / LEDGER).symlink_to(other / LEDGER)
    ledger = Ledger(tmp_path, pytest.fail)
    with pytest.raises(ArtifactError, match="symbolic link"):
        ledger.add("held", "ab")
    assert (other / LEDGER).read_bytes() == before
