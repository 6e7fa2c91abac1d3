"""`pytest-soak rotate` after real soaks; every reader works on what it leaves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from harness import INSTANT, Workbench, wait_for
from warm import Warm

from pytest_soak.storage.lock import LOCK

ROOT = "artifacts/soak"


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory, warm: Warm | None) -> Path:
    """Archived runs of one lane and of two; a latest of which the snapshot is compressed."""
    bench = Workbench(tmp_path_factory.mktemp("archived"), warm)
    bench.soak(6, INSTANT, "--soak-set=tail_age_ms=700")
    bench.soak(6, INSTANT, "--soak-seed=1,2")
    bench.soak(6, INSTANT, "--soak-set=tail_age_ms=600")
    done = bench.command("rotate", "--ttl-days=0", "--keep-latest=3")
    assert done.returncode == 0, done.everything
    return bench.directory


@pytest.fixture
def rotated(bench: Workbench, archived: Path) -> Workbench:
    shutil.copytree(archived, bench.directory, dirs_exist_ok=True)
    return bench


def runs(bench: Workbench) -> list[str]:
    """The archives, those of fewer lanes first."""
    found = list((bench.directory / ROOT / "runs").iterdir())
    assert all(path.name.endswith(".tar.gz") for path in found)
    return [path.name for path in sorted(found, key=lanes)]


def lanes(archive: Path) -> int:
    with tarfile.open(archive) as tar:
        return sum("ITER_SUMMARY_final" in name for name in tar.getnames())


@pytest.mark.parametrize("suffix", [0, len(".tar.gz")])
def test_gate_and_freeze_read_an_archived_run(rotated: Workbench, suffix: int) -> None:
    one, two = (f"{ROOT}/runs/{name[: len(name) - suffix]}" for name in runs(rotated))
    gate = rotated.command("gate", "release", one)
    assert (gate.returncode, gate.last_line.startswith("PASS: gate release on")) == (0, True)
    assert rotated.command("gate", "release", f"{two}/default-calm-2").returncode == 0
    assert "give the folder of a lane" in rotated.command("gate", "release", two).stderr
    made = rotated.command("freeze", "--input", one, "--output", "snap.json")
    assert made.returncode == 0, made.everything
    again = rotated.soak(1, INSTANT, "--soak-profile=snap.json")
    assert again.artifact("ITER_SUMMARY_1.json")["overrides"]["tail_age_ms"] == 700


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_compressed_snapshot_is_a_profile(rotated: Workbench, suffix: str) -> None:
    snapshot = f"{ROOT}/latest/PRODUCTION_SNAPSHOT.json{suffix}"
    assert not (rotated.directory / ROOT / "latest/PRODUCTION_SNAPSHOT.json").exists()
    done = rotated.soak(1, INSTANT, f"--soak-profile={snapshot}", "--soak-dir=other")
    assert done.returncode == 0, done.everything
    assert done.last_line.startswith("WARN for PRODUCTION_SNAPSHOT on calm (1 iteration, ")


def test_a_second_rotation_and_the_next_soak_find_nothing_odd(rotated: Workbench) -> None:
    before = rotated.files()
    done = rotated.command("rotate", "--ttl-days=0", "--keep-latest=3")
    assert (done.returncode, len(done.lines)) == (0, 1)
    assert rotated.files() == before
    assert rotated.soak(1, INSTANT).returncode == 0
    assert len(list((rotated.directory / ROOT / "runs").iterdir())) == 3


def test_over_size_exits_2_and_a_missing_folder_4(bench: Workbench) -> None:
    bench.soak(1, INSTANT)
    assert bench.command("rotate", "--max-size-mb=0.001").returncode == 2
    assert bench.command("rotate", "--max-size-mb=0.001", "--dry-run").returncode == 2
    missing = bench.command("rotate", "--path", "elsewhere")
    assert missing.returncode == 4
    assert missing.stderr == ("ERROR: --path: expected an artifact folder, elsewhere is none\n")
    assert bench.command("rotate", "--ttl-days=nan").returncode == 4
    assert bench.command("rotate", "--keep-latest=0").returncode == 4
    assert bench.command("rotate", SOAK_DIR="elsewhere").returncode == 4


def test_a_held_root_is_left_alone_with_one_line_and_0(bench: Workbench) -> None:
    bench.soak(2, INSTANT)
    hold = (
        f"import sys, filelock; lock = filelock.FileLock('{ROOT}/{LOCK}'); lock.acquire();"
        "print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold],
        cwd=bench.directory,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        done = bench.command("rotate", "--keep-latest=1")
    finally:
        holder.communicate()
    assert done.returncode == 0
    assert done.stdout.startswith("leave artifacts/soak: in use by another session")
    assert len(done.everything.splitlines()) == 1
    assert (bench.directory / ROOT / "latest/ITER_SUMMARY_1.json").exists()


HALF_DONE = """
import tarfile, time
from pathlib import Path
from pytest_soak.cli import main

copy = tarfile.copyfileobj

def copy_and_hang(*given, **named):
    copy(*given, **named)
    Path("half-done").touch()
    time.sleep(600)

tarfile.copyfileobj = copy_and_hang
main()
"""


def test_a_killed_rotation_is_finished_by_the_next(bench: Workbench) -> None:
    bench.soak(2, INSTANT)
    feed = bench.write(f"{ROOT}/runs/big/feeds/fills.jsonl", "")
    feed.write_bytes(os.urandom(300_000))
    bench.write(f"{ROOT}/runs/big/RESULT.json", "{}")
    before = feed.read_bytes()
    command = [sys.executable, "-c", HALF_DONE, "rotate", "--ttl-days=0"]
    process = subprocess.Popen(command, cwd=bench.directory, stdout=subprocess.DEVNULL)
    half = bench.directory / ROOT / "rotation/.half"
    wait_for(bench.directory / "half-done")
    process.kill()
    process.wait()
    assert half.exists()
    assert feed.read_bytes() == before
    assert bench.command("rotate", "--ttl-days=0").returncode == 0
    assert not half.exists()
    assert runs(bench) == ["big.tar.gz"]
