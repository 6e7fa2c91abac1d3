"""The artifact root made ready for a session, by a process that is killed at any step of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import FakeClock, inputs, usage_error
from crashes import Killed, Steps

from pytest_soak.artifacts.feed_index import LaneIndex
from pytest_soak.artifacts.feeds import Feeds
from pytest_soak.artifacts.lane_journal import LaneJournal
from pytest_soak.artifacts.layout import Layout
from pytest_soak.artifacts.models import RunResult
from pytest_soak.errors import ArtifactError
from pytest_soak.run.folder import RunFolder
from pytest_soak.run.resolve import resolve_settings
from pytest_soak.run.result import ResultFile


def folder(root: Path, **cli: str) -> RunFolder:
    settings = resolve_settings(inputs(root, {"dir": "soak", **cli}))
    layout = Layout(settings.directory, several_lanes=len(settings.lanes()) > 1)
    return RunFolder(settings, layout, ResultFile(settings, layout, FakeClock()))


def unfinished(root: Path) -> Layout:
    """A root with a run that was killed."""
    made = folder(root)
    assert made.prepare() == []
    made.release()
    layout = Layout(root / "soak", several_lanes=False)
    files = layout.lane("default-calm-42")
    LaneJournal(files, {}, Feeds(files, LaneIndex("x", "sim"), kept=False)).begin()
    files.runtime.write_text("{}")
    (layout.root / ".runtime_overrides.json.1.tmp").write_text("")
    return layout


def killed_at(made: RunFolder, step: int) -> bool:
    """Whether `made` was killed after so many steps; the system takes its lock back."""
    killed = False
    with pytest.MonkeyPatch.context() as patcher:
        Steps(last=step).patch(patcher)
        try:
            made.prepare()
        except Killed:
            killed = True
    made.release()
    return killed


def test_a_new_run_that_is_killed_while_it_makes_room_loses_nothing(tmp_path: Path) -> None:
    for step in range(100):
        root = tmp_path / str(step)
        root.mkdir()
        layout = unfinished(root)
        killed = killed_at(folder(root), step)
        runs = [layout.latest, *layout.root.glob("runs/*")]
        [kept] = [run for run in runs if (run / "journal").exists()]
        assert RunResult.model_validate_json((kept / "RESULT.json").read_bytes())
        assert (kept / "runtime_overrides.json").exists() or layout.lane("x").runtime.exists()
        if not killed:
            break
        again = folder(root)
        again.prepare()
        again.release()
        assert len(list(layout.root.glob("runs/*/journal"))) == 1
        assert not list(layout.root.glob(".*.tmp"))
    assert step > 8


def test_a_resume_that_is_killed_while_it_begins_is_resumed(tmp_path: Path) -> None:
    for step in range(100):
        root = tmp_path / str(step)
        root.mkdir()
        layout = unfinished(root)
        killed = killed_at(folder(root, resume="1"), step)
        again = folder(root, resume="1")
        assert again.prepare() == []
        again.release()
        assert layout.lane("default-calm-42").journal.exists()
        assert not list(layout.root.glob(".*.tmp")) + list(layout.latest.glob(".*.tmp"))
        if not killed:
            break
    assert step > 4


def test_a_withdrawn_session_leaves_what_was_there(tmp_path: Path) -> None:
    layout = unfinished(tmp_path)
    before = layout.result.read_bytes()
    for cli in ({}, {"resume": "1"}):
        made = folder(tmp_path, **cli)
        made.prepare()
        made.withdraw()
        made.release()
        assert layout.result.read_bytes() == before
        assert layout.lane("x").runtime.exists()
        assert not (layout.latest / "runtime_overrides.json").exists()


def test_a_run_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    layout = unfinished(tmp_path)
    layout.result.write_text("{")
    made = folder(tmp_path, resume="1")
    assert usage_error(made.prepare).startswith(f"{layout.result}: cannot be read")
    made.release()


def test_where_the_result_cannot_be_written_the_earlier_run_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    layout = unfinished(tmp_path)
    before = layout.result.read_bytes()
    made = folder(tmp_path)
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ArtifactError, match="No space left"):
        made.prepare()
    made.release()
    assert layout.result.read_bytes() == before
    assert not made.prepared
