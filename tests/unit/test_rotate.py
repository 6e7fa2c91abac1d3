"""Rotations of real folders: the same text dry, nothing lost, nothing else touched."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_soak.artifacts.names import PRODUCTION_SNAPSHOT as SNAPSHOT
from pytest_soak.artifacts.rotation import apply
from pytest_soak.artifacts.rotation.apply import perform, sweep
from pytest_soak.artifacts.rotation.listing import list_root
from pytest_soak.artifacts.rotation.plan import DAY, FOLDER, LOG, Limits, plan_rotation
from pytest_soak.clock import SystemClock
from pytest_soak.commands.rotate import rotate
from pytest_soak.errors import ArtifactError
from pytest_soak.storage.lock import LOCK
from pytest_soak.storage.readers import read_bytes

NAMES = [SNAPSHOT, "RESULT.json", "lane/ITER_SUMMARY_final.json", "lane/feeds/a.jsonl"]
NAMES += [f"lane/ITER_SUMMARY_{n}.json" for n in range(1, 5)]


def put(root: Path, name: str, content: bytes = b"{}", days: float = 30.0) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    when = path.stat().st_mtime - days * DAY
    os.utime(path, (when, when))
    return path


def run(root: Path, *, dry: bool = False, max_mb: float = 900.0, keep: int = 2) -> tuple[int, str]:
    """The exit status and what was said."""
    said: list[str] = []
    status = rotate(root, 7.0, max_mb, keep, said.append, SystemClock(), dry=dry)
    return status, "\n".join(said)


def contents(root: Path) -> dict[str, bytes]:
    """Every file's content by its path; a link's is where it leads."""
    return {
        str(path.relative_to(root)): (
            str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        )
        for path in root.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def artifacts(root: Path) -> dict[str, bytes]:
    """The same without what rotations keep for themselves."""
    own = (FOLDER, LOCK)
    return {name: text for name, text in contents(root).items() if not name.startswith(own)}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "soak"
    for name in NAMES:
        put(root, f"latest/{name}", name.encode() * 9)
        put(root, f"runs/old/{name}", name.encode() * 99)
        put(root, f"runs/young/{name}", days=1)
    return root


def test_a_rotation_says_what_it_does_logs_it_and_keeps_the_rest(root: Path) -> None:
    before = artifacts(root)
    status, said = run(root)
    assert status == 0
    assert [line.partition(":")[0] for line in said.splitlines()] == [
        "remove latest/lane/ITER_SUMMARY_1-2.json",
        f"compress latest/{SNAPSHOT} into {SNAPSHOT}.gz",
        "remove runs/old/lane/ITER_SUMMARY_1-2.json",
        "archive runs/old into old.tar.gz",
        "remove runs/young/lane/ITER_SUMMARY_1-2.json",
        f"disk use of {root}",
    ]
    log = (root / FOLDER / "ROTATION_LOG.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in log]
    assert [entry["action"] for entry in entries] == [
        line.split()[0] for line in said.splitlines()[:-1]
    ]
    size = sum(map(len, before.values()))
    size += sum(entry["bytes_after"] - entry["bytes_before"] for entry in entries)
    assert size == sum(map(len, artifacts(root).values()))
    gone = {f"{run}/lane/ITER_SUMMARY_{n}.json" for run in ("latest", "runs/young") for n in (1, 2)}
    gone |= {f"latest/{SNAPSHOT}", *(name for name in before if name.startswith("runs/old/"))}
    made = {f"latest/{SNAPSHOT}.gz", "runs/old.tar.gz"}
    assert set(artifacts(root)) == set(before) - gone | made


def test_disk_use_counts_the_whole_root(root: Path) -> None:
    put(root, "legacy/old.json", bytes(3_000_000))
    put(root, "rotation/.half", bytes(9_000_000))
    dry, said = run(root, dry=True, max_mb=3.0)
    assert f"disk use of {root}: 3.0 MB" in said
    assert (dry, said) == run(root, max_mb=3.0)
    assert dry == 2


def test_what_was_compressed_reads_as_before_under_its_old_name(root: Path) -> None:
    before = artifacts(root)
    run(root)
    for name, content in before.items():
        if "ITER_SUMMARY_1." not in name and "ITER_SUMMARY_2." not in name:
            assert read_bytes(root / name) == content


def test_what_was_compressed_keeps_its_age(root: Path) -> None:
    put(root, f"runs/young/{SNAPSHOT}")
    before = {name: (root / name).stat().st_mtime for name in artifacts(root)}
    run(root)
    for name in (f"latest/{SNAPSHOT}", f"runs/young/{SNAPSHOT}"):
        assert (root / f"{name}.gz").stat().st_mtime == pytest.approx(before[name], abs=1)
    newest = max(when for name, when in before.items() if name.startswith("runs/old/"))
    assert (root / "runs/old.tar.gz").stat().st_mtime == pytest.approx(newest, abs=1)


def test_a_second_rotation_does_nothing(root: Path) -> None:
    run(root)
    before = contents(root)
    status, said = run(root)
    assert (status, len(said.splitlines())) == (0, 1)
    assert contents(root) == before


def test_the_same_content_gives_the_same_bytes(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    for name, content in artifacts(root).items():
        put(other, name, content, days=1 if "young" in name else 55)
    run(root)
    run(other)
    assert artifacts(root) == artifacts(other)


def test_over_size_is_2_as_it_will_be_after_the_rotation(root: Path) -> None:
    after = sum(map(len, artifacts(root).values())) / 1e6
    assert run(root, dry=True, max_mb=after)[0] == 0
    run(root)
    size = sum(map(len, contents(root).values())) / 1e6
    assert run(root, max_mb=size)[0] == 0
    assert run(root, max_mb=size - 1e-6)[0] == 2


def test_a_running_run_is_left_alone_and_named(root: Path) -> None:
    put(root, "latest/RESULT.json", b'{"status": "running"}')
    before = artifacts(root)
    _, said = run(root)
    assert "leave latest: its RESULT.json says that it is running" in said
    after = artifacts(root)
    assert {n for n in before if n.startswith("latest")} == {
        n for n in after if n.startswith("latest")
    }


def test_a_killed_run_that_was_given_up_ages_like_any_other(root: Path) -> None:
    put(root, "runs/old/RESULT.json", b'{"status": "running"}', days=55)
    _, said = run(root)
    assert "leave runs/old" not in said
    assert (root / "runs/old.tar.gz").exists()
    assert not (root / "runs/old").exists()


def test_no_link_is_followed_and_a_run_that_has_one_is_left_alone(
    root: Path, tmp_path: Path
) -> None:
    put(tmp_path, f"outside/{SNAPSHOT}")
    for name in ("latest/lane/link", "runs/whole"):
        (root / name).symlink_to(tmp_path / "outside")
    outside = contents(tmp_path / "outside")
    _, said = run(root)
    assert "leave latest: latest/lane/link is no regular file" in said
    assert "leave runs/whole: runs/whole is no regular file" in said
    assert (root / "runs/whole").is_symlink()
    assert contents(tmp_path / "outside") == outside


@pytest.mark.parametrize("folder", ["latest", "runs"])
def test_a_linked_folder_of_runs_is_not_entered(root: Path, tmp_path: Path, folder: str) -> None:
    (root / folder).rename(tmp_path / "moved")
    (root / folder).symlink_to(tmp_path / "moved")
    before = contents(tmp_path / "moved")
    run(root)
    assert contents(tmp_path / "moved") == before


@pytest.mark.parametrize("name", [FOLDER, f"{FOLDER}/{LOG}"])
def test_a_linked_log_is_refused(root: Path, tmp_path: Path, name: str) -> None:
    outside = put(tmp_path, "outside/file").parent
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).symlink_to(outside if name == FOLDER else outside / "file")
    before = contents(tmp_path)
    with pytest.raises(ArtifactError, match="symbolic link"):
        run(root)
    assert contents(tmp_path).items() >= before.items()


def test_where_there_is_nothing_to_do_nothing_is_made(tmp_path: Path) -> None:
    assert run(tmp_path)[0] == 0
    assert set(contents(tmp_path)) <= {LOCK}
    assert not (tmp_path / FOLDER).exists()


@pytest.mark.parametrize("dry", [True, False])
def test_a_root_that_a_session_holds_is_left_alone(root: Path, dry: bool) -> None:
    with FileLock(root / LOCK):
        before = contents(root)
        status, said = run(root, dry=dry)
        assert (status, said.startswith(f"leave {root}: in use by another session")) == (0, True)
        assert contents(root) == before


def test_an_archive_of_other_content_is_never_replaced(root: Path) -> None:
    put(root, "runs/old.tar.gz", b"precious")
    before = artifacts(root)
    for dry in (True, False):
        with pytest.raises(ArtifactError, match="there already, with other content"):
            run(root, dry=dry)
    kept = {name: text for name, text in before.items() if name.startswith("runs/old")}
    assert kept.items() - artifacts(root).items() <= {
        (f"runs/old/lane/ITER_SUMMARY_{n}.json", before[f"runs/old/lane/ITER_SUMMARY_{n}.json"])
        for n in (1, 2)
    }


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("runs/old/new", b"", "came while its run was archived"),
        ("runs/old/RESULT.json", b"longer" * 999, "changed while it was compressed"),
        ("runs/old/RESULT.json", b"", "cannot be written: unexpected end of data"),
    ],
)
def test_a_run_that_changes_meanwhile_stays(
    root: Path, name: str, content: bytes, problem: str
) -> None:
    listing = list_root(root)
    actions = plan_rotation(listing, time.time(), Limits(7 * DAY, 0, 99))
    (packing,) = (action for action in actions if action.kind == "archive")
    put(root, name, content)
    before = artifacts(root)
    sweep(root)
    with pytest.raises(ArtifactError, match=problem):
        perform(root, packing)
    assert artifacts(root).items() >= before.items()


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def kill_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A countdown: the n-th step that changes the disk is the first that is not done."""
    left = [10**6]

    def counted(owner: object, name: str) -> None:
        real = getattr(owner, name)

        def step(*args: object, **kwargs: object) -> object:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return real(*args, **kwargs)

        monkeypatch.setattr(owner, name, step)

    for owner, name in (
        (os, "fsync"),
        (os, "utime"),
        (Path, "replace"),
        (Path, "rename"),
        (Path, "unlink"),
        (os, "unlink"),
        (os, "rmdir"),
        (apply._Meter, "write"),
    ):
        counted(owner, name)
    yield left
    left[0] = 10**6


def survivors(root: Path) -> dict[str, bytes]:
    """What readers get of all that a rotation has to keep."""
    names = [f"{run}/{name}" for run in ("latest", "runs/old", "runs/young") for name in NAMES]
    kept = [name for name in names if "SUMMARY_1" not in name and "SUMMARY_2" not in name]
    return {name: read_bytes(root / name) for name in kept}


# From Python 3.12 on gzip writes at the end of a writer's life what a kill kept it from writing.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_kill_at_any_step_loses_nothing_and_the_next_rotation_ends_the_work(
    root: Path, kill_at: list[int], tmp_path: Path
) -> None:
    undisturbed = tmp_path / "undisturbed"
    shutil.copytree(root, undisturbed)
    wanted = survivors(root)
    run(undisturbed)
    for steps in range(1000):
        disturbed = tmp_path / f"killed{steps}"
        shutil.copytree(root, disturbed)
        kill_at[0] = steps
        try:
            run(disturbed)
        except Killed:
            kill_at[0] = 10**6
            assert survivors(disturbed) == wanted, steps
            run(disturbed)
            assert artifacts(disturbed) == artifacts(undisturbed), steps
        else:
            break
    assert 20 < steps < 1000


contents_of = st.binary(max_size=60)
trees = st.dictionaries(
    st.builds(
        "{}/{}".format,
        st.sampled_from(["latest", "latest/lane", "runs/a", "runs/b", "runs/b/lane"]),
        st.sampled_from([*NAMES[:2], *(f"ITER_SUMMARY_{n}.json" for n in range(1, 9))]),
    ),
    st.tuples(contents_of | st.just(b'{"status": "running"}'), st.floats(0, 20)),
)


@settings(max_examples=60)
@given(tree=trees, keep=st.integers(1, 4), max_mb=st.sampled_from([0.0, 0.0001, 900]))
def test_a_dry_run_prints_what_the_real_one_does_and_changes_nothing(
    tree: dict[str, tuple[bytes, float]],
    keep: int,
    max_mb: float,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root = tmp_path_factory.mktemp("root")
    for name, (content, days) in tree.items():
        put(root, name, content, days)
    before = contents(root)
    foretold = run(root, dry=True, keep=keep, max_mb=max_mb)
    assert contents(root) == before
    assert run(root, keep=keep, max_mb=max_mb) == foretold
    again = contents(root)
    run(root, keep=keep, max_mb=max_mb)
    assert contents(root) == again


def test_an_archive_unpacks_with_tar_into_the_runs_folder(root: Path, tmp_path: Path) -> None:
    long_name = "runs/old/" + "l" * 90 + "/" + "n" * 90 + "\u00e9.json"
    put(root, long_name, b"[1]")
    before = artifacts(root)
    run(root)
    with tarfile.open(root / "runs/old.tar.gz") as archive:
        members = archive.getmembers()
        archive.extractall(tmp_path / "unpacked", filter="data")
    documents = [m.name.endswith(".json") for m in members]
    assert documents == sorted(documents, reverse=True)
    assert all(m.mtime == 0 and m.uid == m.gid == 0 and not m.uname for m in members)
    assert (tmp_path / "unpacked" / long_name.removeprefix("runs/")).read_bytes() == b"[1]"
    assert read_bytes(root / long_name) == before[long_name]
    raw = (root / "runs/old.tar.gz").read_bytes()
    assert raw[4:8] == bytes(4)
    assert gzip.decompress(raw)
