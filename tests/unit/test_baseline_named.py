"""Which run is meant by a path, the name of a baseline, or a production snapshot."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from baselines import stored
from builders import usage_error

from pytest_soak.artifacts.models import ProductionSnapshot
from pytest_soak.artifacts.stored_run import read
from pytest_soak.baseline.named import find_baseline
from pytest_soak.commands.freeze import freeze
from pytest_soak.errors import SoakUsageError
from pytest_soak.storage.files import write_json


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An artifact root beside a working directory's baselines."""
    stored(tmp_path / "baseline/main", [1])
    stored(tmp_path / "baseline/release", [1])
    return stored(tmp_path / "root", [1, 2], meta={"run": "20250101T000000Z-0000000a"})


def packed(run: Path) -> Path:
    """The archive that a run's folder becomes."""
    shutil.make_archive(str(run), "gztar", run)
    shutil.rmtree(run)
    return run.with_name(f"{run.name}.tar.gz")


def test_a_baseline_is_looked_for_in_the_artifact_root_then_in_the_working_directory(
    tmp_path: Path, root: Path
) -> None:
    assert find_baseline("main", root, tmp_path) == tmp_path / "baseline/main"
    nearer = stored(root / "baseline/main", [1])
    assert find_baseline("main", root, tmp_path) == nearer
    assert find_baseline("release", root, tmp_path) == tmp_path / "baseline/release"


def test_a_path_with_a_run_wins_over_a_name_and_one_without_does_not(
    tmp_path: Path, root: Path
) -> None:
    (tmp_path / "main").mkdir()
    assert find_baseline("main", root, tmp_path) == tmp_path / "baseline/main"
    stored(tmp_path / "main", [1])
    assert find_baseline("main", root, tmp_path) == tmp_path / "main"


def test_a_baseline_may_hold_one_run_or_archive_and_be_an_archive(
    tmp_path: Path, root: Path
) -> None:
    home = tmp_path / "baseline"
    (home / "held").mkdir()
    (stored(tmp_path / "one", [1]) / "latest").rename(home / "held/monday")
    assert find_baseline("held", root, tmp_path) == home / "held/monday"
    archive = packed(home / "held/monday")
    assert find_baseline("held", root, tmp_path) == archive
    (stored(tmp_path / "two", [1]) / "latest").rename(home / "packed")
    packed(home / "packed")
    assert find_baseline("packed", root, tmp_path) == home / "packed"
    stored(home / "held/tuesday", [1])
    assert usage_error(lambda: find_baseline("held", root, tmp_path)) == (
        f"{home / 'held'}: has several runs (monday.tar.gz, tuesday); give the path of one"
    )
    (home / "empty").mkdir()
    assert usage_error(lambda: find_baseline("empty", root, tmp_path)) == (
        f"{home / 'empty'}: no run in it; put a run's folder or archive there"
    )


def test_what_is_neither_says_which_names_there_are(tmp_path: Path, root: Path) -> None:
    stored(root / "baseline/nightly", [1])
    message = usage_error(lambda: find_baseline("mian", root, tmp_path))
    assert message == (
        f"{tmp_path / 'mian'}: no run in it: RESULT.json is neither there nor in latest; "
        "baselines by name: main, nightly, release"
    )
    message = usage_error(lambda: find_baseline("main", root, tmp_path / "elsewhere"))
    assert message.endswith("; baselines by name: nightly")


def test_a_name_is_no_way_out_of_the_folder(tmp_path: Path, root: Path) -> None:
    stored(tmp_path / "work/secret", [1])
    (tmp_path / "work/baseline").mkdir()
    with pytest.raises(SoakUsageError, match="no run in it"):
        find_baseline("../secret", root, tmp_path / "work")


def snapshot(root: Path, output: Path) -> Path:
    freeze(root / "latest/steady_safe-calm-2", output, None)
    return output


def test_a_snapshot_is_the_run_that_it_names_wherever_that_has_gone(
    tmp_path: Path, root: Path
) -> None:
    proven = snapshot(root, tmp_path / "profiles/PRODUCTION_SNAPSHOT_proven.json")
    given = str(proven.relative_to(tmp_path))
    assert read(ProductionSnapshot, proven).run == "20250101T000000Z-0000000a"
    assert find_baseline(given, root, tmp_path) == root / "latest"
    moved = root / "runs/20250101T000000Z-0000000a"
    moved.parent.mkdir()
    (root / "latest").rename(moved)
    assert find_baseline(given, root, tmp_path) == moved
    archive = packed(moved)
    assert find_baseline(given, root, tmp_path) == archive
    archive.rename(tmp_path / "baseline/proven.tar.gz")
    assert find_baseline(given, root, tmp_path) == tmp_path / "baseline/proven.tar.gz"
    (tmp_path / "baseline/proven.tar.gz").unlink()
    assert usage_error(lambda: find_baseline(given, root, tmp_path)) == (
        f"{proven}: its run 20250101T000000Z-0000000a is neither in {root} nor a baseline; "
        "give the run's folder"
    )


def test_a_snapshot_that_names_no_run_is_of_the_one_that_it_lies_in(
    tmp_path: Path, root: Path
) -> None:
    proven = snapshot(root, tmp_path / "proven.json")
    data = read(ProductionSnapshot, proven).model_copy(update={"run": None}).data()
    for where in ("latest", "latest/steady_safe-calm-2"):
        write_json(root / where / "PRODUCTION_SNAPSHOT.json", data)
        found = find_baseline(f"root/{where}/PRODUCTION_SNAPSHOT.json", root, tmp_path)
        assert found == root / "latest"
    write_json(proven, data)
    assert usage_error(lambda: find_baseline("proven.json", root, tmp_path)) == (
        f"{proven}: names no run and lies in none; give the run's folder, or freeze it anew"
    )
    assert usage_error(lambda: find_baseline("lost.json", root, tmp_path)).startswith(
        f"{tmp_path / 'lost.json'}: "
    )
