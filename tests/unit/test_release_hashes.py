"""Hashes of a release's files: of large ones kept, and never of what has changed."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest

from pytest_soak.release import hashes
from pytest_soak.release.hashes import KEPT, LARGE, file_hashes


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.jsonl"
    path.write_bytes(b"x" * LARGE)
    return path


def read(folder: Path, anew: bool = False) -> str:
    return file_hashes(folder, ["feeds.jsonl"], anew=anew)["feeds.jsonl"]


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def test_hashes_are_of_the_bytes_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    (tmp_path / "through").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    names = ["a", "b", "folder", "link", "pipe", "through/a", "x\0"]
    found = file_hashes(tmp_path, names)
    assert found == {"a": digest(tmp_path / "a")}
    assert not (tmp_path / KEPT).exists()


def test_a_large_file_is_read_once(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, expected = large.parent, digest(large)
    assert read(folder) == expected
    monkeypatch.setattr(hashes, "_digest", lambda _: pytest.fail("read again"))
    assert read(folder) == expected


def test_what_looks_otherwise_is_read_again(large: Path) -> None:
    folder = large.parent
    read(folder)
    large.write_bytes(b"y" * LARGE)
    os.utime(large, ns=(1, 1))
    assert read(folder) == digest(large)
    large.write_bytes(b"z" * (LARGE + 1))
    os.utime(large, ns=(1, 1))
    assert read(folder) == digest(large)
    other = folder / "other"
    other.write_bytes(b"w" * (LARGE + 1))
    os.utime(other, ns=(1, 1))
    other.replace(large)
    assert read(folder) == digest(large)


def test_who_asks_anew_is_told_of_an_edit_that_cannot_be_seen(large: Path) -> None:
    folder = large.parent
    os.utime(large, ns=(1, 1))
    before = read(folder)
    with large.open("r+b") as file:
        file.write(b"y")
    os.utime(large, ns=(1, 1))
    assert read(folder) == before
    assert read(folder, anew=True) == digest(large) != before
    assert read(folder) == digest(large)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"feeds.jsonl": 3}', '{"feeds.jsonl": [1]}'])
def test_what_was_kept_and_cannot_be_read_is_made_anew(large: Path, text: str) -> None:
    kept = large.parent / KEPT
    kept.parent.mkdir()
    kept.write_text(text)
    assert read(large.parent) == digest(large)
    assert digest(large) in kept.read_text()
