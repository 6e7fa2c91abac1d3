"""Files under their old names; damage and bombs are told, not suffered."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest
from builders import attempt, usage_error
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_soak.artifacts.stored_run import final_of
from pytest_soak.config.documents import read_document
from pytest_soak.storage import archives
from pytest_soak.storage.readers import contents, is_file, is_folder, read_bytes

FINAL = "ITER_SUMMARY_final.json"


def archive(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz", format=tarfile.GNU_FORMAT) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    files = {
        f"r/{FINAL}": b'{"a": 1}',
        "r/lane/x.json": b"[2]",
        "r/lane/y.json.gz": gzip.compress(b"[3]"),
        "r/" + "n" * 200: b"4",
    }
    archive(tmp_path / "r.tar.gz", files)
    archive(tmp_path / "lanes.tar.gz", {f"lanes/one/{FINAL}": b"{}"})
    (tmp_path / "s.json.gz").write_bytes(gzip.compress(b'{"b": 5}'))
    return tmp_path


@pytest.mark.parametrize("run", ["r", "r.tar.gz"])
def test_files_of_an_archived_run_have_their_old_names(runs: Path, run: str) -> None:
    found = [read_bytes(runs / run / name) for name in (FINAL, "lane/x.json", "lane/y.json")]
    assert found == [b'{"a": 1}', b"[2]", b"[3]"]
    assert read_bytes(runs / run / ("n" * 200)) == b"4"
    assert is_folder(runs / run)
    assert is_folder(runs / run / "lane")
    assert is_file(runs / run / "lane" / "y.json")
    assert not is_folder(runs / run / "lan")
    assert not is_folder(runs / run / "lane" / "x.json")
    assert not is_file(runs / run / "lane")
    assert final_of(runs / run) == runs / run / FINAL


@pytest.mark.parametrize("run", ["r", "r.tar.gz"])
def test_all_that_a_run_holds_is_the_same_in_an_archive(runs: Path, run: str) -> None:
    found = {name: content.read() for name, content in contents(runs / run)}
    assert sorted(found) == sorted([FINAL, "lane/x.json", "lane/y.json.gz", "n" * 200])
    assert found["lane/x.json"] == b"[2]"
    for name, content in found.items():
        (runs / "unpacked" / name).parent.mkdir(parents=True, exist_ok=True)
        (runs / "unpacked" / name).write_bytes(content)
    assert {name: content.read() for name, content in contents(runs / "unpacked")} == found


@pytest.mark.parametrize(
    "name", ["r/../x", "r/..", "r/.", "r/a/../../x", "r/a/..", "r//etc/x", "r/a\\..\\x", "r/c:x"]
)
def test_a_name_in_an_archive_that_leads_elsewhere_is_damage(tmp_path: Path, name: str) -> None:
    archive(tmp_path / "bad.tar.gz", {name: b"x"})
    with pytest.raises(ValueError, match="damaged"):
        list(contents(tmp_path / "bad.tar.gz"))


@pytest.mark.parametrize("name", ["s.json", "s.json.gz"])
def test_a_compressed_file_reads_under_both_names(runs: Path, name: str) -> None:
    assert is_file(runs / name)
    assert not is_folder(runs / name)
    assert final_of(runs / name) == runs / name
    assert read_document(runs / name).data == {"b": 5}


def test_the_plain_file_goes_before_a_compressed_one(runs: Path) -> None:
    (runs / "s.json").write_bytes(b"[]")
    (runs / "r").mkdir()
    (runs / "r" / FINAL).write_bytes(b"[]")
    assert read_bytes(runs / "s.json") == read_bytes(runs / "r" / FINAL) == b"[]"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("gone.json", "cannot be read: No such file"),
        ("r/gone.json", "cannot be read: r.tar.gz holds no gone.json"),
        ("r.tar.gz", "cannot be read: r.tar.gz holds no such file"),
    ],
)
def test_what_is_not_there_is_a_usage_error(runs: Path, name: str, problem: str) -> None:
    assert not is_file(runs / name)
    assert problem in usage_error(lambda: read_document(runs / name))


@pytest.mark.parametrize("name", ["lanes", "lanes.tar.gz", "empty"])
def test_a_folder_without_a_final_summary_asks_for_a_lane(runs: Path, name: str) -> None:
    (runs / "empty").mkdir()
    message = usage_error(lambda: final_of(runs / name))
    assert f"has no {FINAL}; give the folder of a lane" in message


def test_a_document_that_unpacks_without_end_is_refused(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_BYTES", 2**20)
    archive(runs / "bomb.tar.gz", {"bomb/x.json": bytes(2**20 + 1)})
    (runs / "bomb.json.gz").write_bytes(gzip.compress(bytes(2**20 + 1)))
    for name in ("bomb.json", "bomb/x.json"):
        message = usage_error(lambda name=name: read_document(runs / name))  # type: ignore[misc]
        assert "larger than 1 MB" in message


def header(**fields: object) -> bytes:
    info = tarfile.TarInfo("r/x")
    for name, value in fields.items():
        setattr(info, name, value)
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    "content",
    [
        header(size=2**62),
        header(size=-512),
        header(size=10**6),
        header(type=tarfile.GNUTYPE_LONGNAME, size=2**40),
        header(type=tarfile.XHDTYPE, size=2**40),
        header()[:300],
        b"x" * 512,
        header(size=5) + b"abc",
    ],
)
def test_an_archive_that_lies_about_sizes_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "r.tar.gz").write_bytes(gzip.compress(content))
    for name in ("r/x", "r/y"):
        message = usage_error(lambda name=name: read_document(tmp_path / name))  # type: ignore[misc]
        assert "cannot be read: damaged" in message
    assert "cannot be read: damaged" in usage_error(lambda: final_of(tmp_path / "r"))


@settings(max_examples=150)
@given(data=st.data())
def test_a_damaged_archive_gives_its_bytes_or_one_line(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = archive(tmp_path_factory.mktemp("x") / "r.tar.gz", {"r/a.json": b"[1]", "r/b": b"2"})
    packed = data.draw(st.booleans())
    raw = bytearray(path.read_bytes() if packed else gzip.decompress(path.read_bytes()))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    del raw[data.draw(st.integers(1, len(raw))) :]
    path.write_bytes(raw if packed else gzip.compress(raw))
    document, message = attempt(lambda: read_document(path.parent / "r" / "a.json"))
    assert document is not None or "a.json" in message


@pytest.mark.parametrize(
    ("name", "most"),
    [("ITER_SUMMARY_7.json", 16), ("ITER_SUMMARY_final.json.gz", 16), ("mine.json", 64)],
)
def test_a_document_has_the_limit_of_its_kind(tmp_path: Path, name: str, most: int) -> None:
    for extra in (0, 1):
        content = b"[" + b" " * (most * 2**20 - 2 + extra) + b"]"
        packed = gzip.compress(content) if name.endswith(".gz") else content
        archive(tmp_path / f"r{extra}.tar.gz", {f"r/{name}": packed})
    asked = name.removesuffix(".gz")
    assert read_document(tmp_path / "r0" / asked).data == []
    message = usage_error(lambda: read_document(tmp_path / "r1" / asked))
    assert f"larger than {most} MB" in message


def test_an_archive_is_unpacked_once(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    real = gzip.open

    def counted(file: str) -> object:
        opened.append(file)
        return real(file)

    monkeypatch.setattr(gzip, "open", counted)
    for _ in range(3):
        assert final_of(runs / "r") == runs / "r" / FINAL
        assert not is_file(runs / "r" / "gone.json")
        assert read_bytes(runs / "r" / "lane" / "x.json") == b"[2]"
    assert len(opened) == 1


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_SPARE", 2**20)
    monkeypatch.setattr(archives, "MOST_FILES", 20)
    size = 8 * 2**20
    small = {"r/feeds/x.jsonl": bytes(size), f"r/{FINAL}": b"{}"}
    many = {f"r/{n}": b"" for n in range(30)} | {f"r/{FINAL}": b"{}"}
    for files, problem in ((small, "more than 2 MB unpacked"), (many, "more than 20 files")):
        archive(tmp_path / "r.tar.gz", files)
        assert problem in usage_error(lambda: final_of(tmp_path / "r"))
        (tmp_path / "r.tar.gz").unlink()


def test_documents_are_read_also_behind_a_large_feed_that_does_not_shrink_oddly(
    tmp_path: Path,
) -> None:
    feed = b"".join(b'{"time":%d}\n' % n for n in range(100_000))
    archive(tmp_path / "r.tar.gz", {"r/feeds/x.jsonl": feed, f"r/{FINAL}": b"{}"})
    assert read_bytes(tmp_path / "r" / FINAL) == b"{}"
