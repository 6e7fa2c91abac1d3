"""The red button: the configuration that prep kept is back, whatever happens on the way."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from crashes import Killed, Steps
from releases import TWO_LINES, Releasing

from pytest_soak.clock import SystemClock
from pytest_soak.commands.release_place import Asked, open_place
from pytest_soak.commands.release_rollback import rollback
from pytest_soak.config.documents import Document, read_document
from pytest_soak.config.flags import reference_flags
from pytest_soak.errors import ArtifactError, SoakUsageError
from pytest_soak.release.record import Basis, Record

FLAGS = reference_flags()
FILES = {"config.yaml": "trace: {sample_rate: 0.3}\n", "config.soak_overrides.yaml": "mine: 1\n"}
CHANGED = {"config.yaml": "trace: {sample_rate: 0.1}\n", "config.soak_overrides.yaml": "mine: 2\n"}


def releasing(folder: Path, plan: str = TWO_LINES) -> Releasing:
    """A release whose configuration was changed since prep."""
    folder.mkdir(exist_ok=True)
    here = Releasing(folder)
    here.write("release.yaml", plan)
    for name, text in FILES.items():
        here.write(name, text)
    (folder / "config.yaml").chmod(0o640)
    assert here.prep() == 0
    for name, text in CHANGED.items():
        here.write(name, text)
    return here


@pytest.fixture
def here(tmp_path: Path) -> Releasing:
    return releasing(tmp_path)


def back(here: Releasing, to: str | None = None, **more: Any) -> int:
    asked, said = Asked(None, "release.yaml"), here.said
    worked = rollback(asked, to, "too slow", {}, here.folder, SystemClock(), said.append, **more)
    return worked.status


def texts(here: Releasing) -> dict[str, str]:
    return {name: (here.folder / name).read_text() for name in FILES}


def events(here: Releasing) -> list[tuple[str, str]]:
    record = Record(here.out, SystemClock(), here.said.append, only_read=True)
    return [(entry.step, entry.event) for entry in record.entries]


def test_the_files_are_those_of_before_and_what_they_were_is_kept(here: Releasing) -> None:
    (here.folder / "config.yaml").chmod(0o600)
    assert back(here) == 0
    assert texts(here) == FILES
    for name, text in CHANGED.items():
        assert (here.folder / f"{name}.before-rollback").read_text() == text
    assert oct((here.folder / "config.yaml").stat().st_mode & 0o777) == "0o640"
    assert events(here)[-2:] == [("rollback", "started"), ("rollback", "rolled_back")]
    assert here.said[-1].startswith("ROLLBACK: 2 files put back as in ")
    last = Record(here.out, SystemClock(), here.said.append, only_read=True).entries[-1].plan
    assert (last["files"], last["verified"], last["failed"]) == ([*FILES], True, "")
    assert last["reason"] == "too slow"
    assert 0.0 <= last["seconds"] < 60.0
    (snapshot,) = (here.out / "release/snapshots").iterdir()
    assert last["to"] == snapshot.name != last["from"]
    assert last["by"]
    assert back(here) == 0
    last = Record(here.out, SystemClock(), here.said.append, only_read=True).entries[-1].plan
    assert last["from"] == last["to"]
    assert here.stands()["prep"] == "stale"
    assert here.prep() == 0
    assert here.stands()["prep"] == "done"


def test_a_dry_run_says_what_would_be_put_back_and_does_nothing(here: Releasing) -> None:
    before = here.files()
    assert back(here, dry=True) == 0
    assert here.said[-2:] == [f"would put back {name}" for name in FILES]
    assert here.files() == before


def test_nothing_else_is_touched(here: Releasing) -> None:
    here.write("other.yaml", "mine: 3\n")
    before = here.files()
    assert back(here) == 0
    changed = {name for name, data in here.files().items() if before.get(name) != data}
    beside = {f"{name}.before-rollback" for name in FILES}
    assert {name for name in changed if not name.startswith("artifacts/")} == {*FILES, *beside}


def test_an_older_snapshot_is_named_by_its_hash(here: Releasing) -> None:
    (older,) = (path.name for path in (here.out / "release/snapshots").iterdir())
    assert here.prep() == 0
    here.write("config.yaml", "trace: {sample_rate: 0.2}\n")
    assert back(here) == 0
    assert texts(here) == CHANGED
    assert back(here, older[:8]) == 0
    assert texts(here) == FILES
    for wrong in ("nothing", ""):
        with pytest.raises(SoakUsageError, match="expected the hash of one snapshot"):
            back(here, wrong)


def test_without_a_snapshot_or_with_one_that_was_edited_nothing_is_changed(here: Releasing) -> None:
    (folder,) = (here.out / "release/snapshots").iterdir()
    kept = folder / "1_config.yaml"
    kept.write_text("trace: {sample_rate: 0.15}\n")
    with pytest.raises(SoakUsageError, match="is not what prep kept, by its hash"):
        back(here)
    kept.unlink()
    with pytest.raises(SoakUsageError, match="cannot be read"):
        back(here)
    (here.out / "release/FEATURE_FLAGS_SNAPSHOT.json").write_text("{}")
    with pytest.raises(SoakUsageError, match="is no snapshot as prep writes it"):
        back(here)
    (here.out / "release/FEATURE_FLAGS_SNAPSHOT.json").unlink()
    with pytest.raises(SoakUsageError, match="there is no snapshot to go back to"):
        back(here)
    assert texts(here) == CHANGED
    assert ("rollback", "started") not in events(here)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_is_not_written_through(here: Releasing, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.yaml"
    elsewhere.write_text("mine: 9\n")
    (here.folder / "config.yaml").unlink()
    (here.folder / "config.yaml").symlink_to(elsewhere)
    with pytest.raises(ArtifactError, match="a symbolic link"):
        back(here)
    assert elsewhere.read_text() == "mine: 9\n"


def test_a_place_that_cannot_be_written_changes_nothing(
    here: Releasing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patcher:
        patcher.setattr(os, "fsync", refuse)
        with pytest.raises(ArtifactError, match="cannot be written: Permission denied; nothing"):
            back(here)
    assert texts(here) == CHANGED
    assert not list(here.folder.glob(".config*"))


def test_the_bot_is_started_anew_and_a_failure_of_that_is_told(tmp_path: Path) -> None:
    plan = f"{TWO_LINES}restart_cmd: '{sys.executable} -c \"open(''up'', ''w'')\"'\n"
    here = releasing(tmp_path / "good", plan)
    assert back(here) == 0
    assert (here.folder / "up").exists()
    for command in ("false", "no-such-program --now"):
        bad = releasing(tmp_path / command.split()[0], f"{TWO_LINES}restart_cmd: '{command}'\n")
        assert back(bad) == 1
        assert bad.said[-1].startswith("FAIL: rollback: 2 files put back")
        assert "start the bot by hand" in bad.said[-1]
        assert texts(bad) == FILES


def test_a_kill_at_any_step_leaves_the_one_or_the_other_and_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, counted = releasing(tmp_path / "whole"), Steps()
    with monkeypatch.context() as patcher:
        counted.patch(patcher)
        assert back(whole) == 0
    assert counted.taken > 10
    for last in range(0, counted.taken, 2):
        here = releasing(tmp_path / str(last))
        with monkeypatch.context() as patcher:
            Steps(last).patch(patcher)
            with pytest.raises(Killed):
                back(here)
        for name, text in texts(here).items():
            assert text in (FILES[name], CHANGED[name]), last
        begun = ("rollback", "started") in events(here)
        assert here.prep() == 0
        assert texts(here) == (FILES if begun else CHANGED), last
        assert back(here) == 0
        assert texts(here) == (FILES if begun else CHANGED), last


def test_two_processes_add_to_one_ledger(here: Releasing) -> None:
    step = Record(here.out, SystemClock(), here.said.append)
    step.begin("shadow", Basis({}, {}))
    assert back(here) == 0
    step.interrupt("shadow", Basis({}, {}))
    assert events(here)[-4:] == [
        ("shadow", "started"),
        ("rollback", "started"),
        ("rollback", "rolled_back"),
        ("shadow", "interrupted"),
    ]
    lines = (here.out / "release/LEDGER.jsonl").read_text().splitlines()
    assert [json.loads(line.partition(" ")[2])["seq"] for line in lines] == [1, 2, 3, 4, 5, 6]


def safe(here: Releasing, **more: Any) -> int:
    return back(here, flags_off=True, **more)


def test_flags_off_sets_every_flag_to_its_safe_value_and_nothing_else(here: Releasing) -> None:
    before = here.files()
    assert safe(here) == 0
    assert (here.folder / "config.yaml").read_text() == CHANGED["config.yaml"]
    written = yaml.safe_load((here.folder / "config.soak_overrides.yaml").read_text())
    assert written.pop("mine") == 2
    assert FLAGS.read(Document("x", written, {})).values == FLAGS.rollbacks()
    kept = here.folder / "config.soak_overrides.yaml.before-rollback"
    assert kept.read_bytes() == before["config.soak_overrides.yaml"]
    assert here.said[-1].startswith("ROLLBACK: 1 file with every flag at its safe value, read ")
    assert events(here)[-2:] == [("rollback", "started"), ("rollback", "rolled_back")]
    choice = open_place(Asked(None, "release.yaml"), {}, here.folder).choice
    assert choice.flags is not None
    assert choice.flags.values == FLAGS.rollbacks()
    assert here.stands()["prep"] == "stale"


def test_flags_off_makes_the_file_where_there_is_none_and_needs_no_prep(tmp_path: Path) -> None:
    here = Releasing(tmp_path)
    here.write("release.yaml", TWO_LINES)
    assert safe(here, dry=True) == 0
    assert here.said == ["would put back config.soak_overrides.yaml"]
    assert set(here.files()) == {"release.yaml"}
    assert safe(here) == 0
    written = here.folder / "config.soak_overrides.yaml"
    assert FLAGS.read(read_document(written, "x")).values == FLAGS.rollbacks()
    assert oct(written.stat().st_mode & 0o777) == "0o644"
    here.write("release.yaml", f"{TWO_LINES}config_override: mine.json\n")
    here.write("mine.json", '{"trace.sample_rate": 0.3, "trace": {"enabled": true}, "a": [1]}')
    assert safe(here) == 0
    data = json.loads((here.folder / "mine.json").read_text())
    assert data.pop("a") == [1]
    assert FLAGS.read(Document("x", data, {})).values == FLAGS.rollbacks()


def test_flags_off_that_is_killed_is_finished_by_the_next_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = releasing(tmp_path / "whole")
    counted = Steps()
    with monkeypatch.context() as patcher:
        counted.patch(patcher)
        assert safe(whole) == 0
    name = "config.soak_overrides.yaml"
    for last in range(counted.taken):
        here = releasing(tmp_path / str(last))
        with monkeypatch.context() as patcher:
            Steps(last).patch(patcher)
            with pytest.raises(Killed):
                safe(here)
        found = (here.folder / name).read_text()
        assert found in (CHANGED[name], (whole.folder / name).read_text())
        here.prep()
        begun = ("rollback", "started") in events(here)
        assert ("rollback", "rolled_back") in events(here) or not begun
        if begun:
            assert (here.folder / name).read_text() == (whole.folder / name).read_text()


def test_flags_off_is_refused_where_it_cannot_be_meant(here: Releasing) -> None:
    with pytest.raises(SoakUsageError, match="--flags-off: goes to no snapshot; leave --to away"):
        back(here, "abc", flags_off=True)
    here.write("config.soak_overrides.yaml", "trace: {rate: 1}\n")
    with pytest.raises(SoakUsageError, match="did you mean"):
        safe(here)
    here.write("config.soak_overrides.yaml", "")
    here.write("release.yaml", "candidate: aggressive\ntarget: mock\n")
    with pytest.raises(SoakUsageError, match="--flags-off: mock declares no `flags`"):
        safe(here)
    assert ("rollback", "started") not in events(here)
