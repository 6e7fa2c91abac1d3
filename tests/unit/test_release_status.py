"""`pytest-soak release status`: what is there, said; STATE.json is its printout."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from builders import usage_error
from click.testing import CliRunner
from releases import TWO_LINES, Releasing

from pytest_soak.artifacts.models import shipped_schema
from pytest_soak.cli import commands
from pytest_soak.commands.release_place import release_directory
from pytest_soak.errors import ArtifactError
from pytest_soak.release.layout import PREP_LOG, PREP_TEXT, SNAPSHOT, STATE
from pytest_soak.release.steps import STEPS
from pytest_soak.storage.lock import locked


@pytest.fixture
def here(tmp_path: Path) -> Releasing:
    found = Releasing(tmp_path)
    found.write("release.yaml", TWO_LINES)
    return found


def test_of_nothing_it_writes_nothing(here: Releasing) -> None:
    assert here.status() == 3
    assert here.said[0] == "1  prep     ready    pytest-soak release prep"
    assert here.said[1] == "2  shadow   pending  waits for prep"
    assert here.said[-1] == "0 of 7 steps done; next: pytest-soak release prep"
    assert list(here.files()) == ["release.yaml"]


def test_after_prep_the_next_is_the_shadow(here: Releasing) -> None:
    here.prep()
    assert here.status() == 3
    assert here.said[0] == "1  prep     done     PASS, line 2 of the ledger"
    assert here.said[-1] == "1 of 7 steps done; next: pytest-soak release shadow"
    state = json.loads((here.out / STATE).read_bytes())
    jsonschema.validate(state, json.loads(shipped_schema("release-state")))
    assert [step["step"] for step in state["steps"]] == list(STEPS)
    assert state == here.worked.document


def test_its_printout_is_never_read(here: Releasing) -> None:
    here.prep()
    before = here.stands()
    for text in ("", "{", '{"steps": []}'):
        (here.out / STATE).write_text(text)
        assert here.stands() == before
    (here.out / STATE).unlink()
    assert here.stands() == before


def test_a_changed_plan_is_stale_and_the_former_one_is_done(here: Releasing) -> None:
    here.prep()
    here.write("release.yaml", TWO_LINES + "hours: {soak: 48}\n")
    assert here.stands()["prep"] == "stale"
    assert here.said[0].startswith("1  prep     stale    plan was ")
    here.write("release.yaml", TWO_LINES + "# why\nmarket: spike\n")
    assert here.stands()["prep"] == "done"
    here.write("config.yaml", "trace: {sample_rate: 0.3}\n")
    assert here.stands()["prep"] == "stale"
    assert "config was " in here.said[0]
    (here.folder / "config.yaml").write_text("trace: {sample_rate: 3}\n")
    assert here.stands()["prep"] == "stale"
    assert here.said[0].startswith("config: config.yaml:1: trace.sample_rate: expected a number")
    (here.folder / "config.yaml").unlink()
    assert here.stands()["prep"] == "done"


@pytest.mark.parametrize("name", [PREP_LOG, PREP_TEXT, SNAPSHOT, "1_config.yaml"])
def test_a_file_that_is_edited_or_gone_breaks_its_step_until_it_is_restored(
    here: Releasing, name: str
) -> None:
    here.write("config.yaml", "trace: {sample_rate: 0.3}\n")
    here.prep()
    (path,) = (
        (
            path
            for path in here.out.rglob(Path(name).name)
            if str(path).endswith(f"artifacts/{name}")
        )
        if "/" in name
        else here.out.rglob(name)
    )
    data = path.read_bytes()
    path.write_bytes(data + b" ")
    assert here.stands()["prep"] == "broken"
    assert f"{Path(name).name} was edited; restore it, or run the step again" in here.said[0]
    path.unlink()
    assert here.stands()["prep"] == "broken"
    assert "is missing; run the step again" in here.said[0]
    path.write_bytes(data)
    assert here.stands()["prep"] == "done"


def test_no_file_makes_a_step_done(here: Releasing) -> None:
    here.prep()
    files = here.files()
    (here.out / "release" / "LEDGER.jsonl").unlink()
    assert here.stands()["prep"] == "ready"
    other = Releasing(here.folder / "other")
    other.folder.mkdir()
    for name, data in files.items():
        if not name.endswith("LEDGER.jsonl"):
            (other.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (other.folder / name).write_bytes(data)
    assert set(other.stands().values()) == {"ready", "pending"}


def test_a_verdict_is_derived_anew_where_asked(
    here: Releasing, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.prep()
    assert here.status(verify=True) == 3
    assert here.said[0].startswith("1  prep     done")
    monkeypatch.setattr("pytest_soak.commands.release_verify._prep", lambda _: "FAIL")
    here.status(verify=True)
    told = "derived anew, the verdict is FAIL, not PASS; run the step again"
    assert here.said[0] == f"1  prep     broken   {told}"
    here.status()
    assert here.said[0].startswith("1  prep     done")


def test_who_holds_the_lock_is_at_work(here: Releasing) -> None:
    here.prep()
    ledger = here.out / "release" / "LEDGER.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(lines[0])
    assert here.stands()["prep"] == "interrupted"
    assert here.said[-1] == "0 of 7 steps done; next: pytest-soak release prep"
    with locked(here.out / "release"):
        assert here.stands()["prep"] == "running"
        assert "process " in here.said[0]
        assert here.said[-1] == "0 of 7 steps done; next: wait until it ends"


def test_it_cuts_no_line_that_another_may_be_writing(here: Releasing) -> None:
    here.prep()
    ledger = here.out / "release" / "LEDGER.jsonl"
    torn = ledger.read_bytes()[:-9]
    ledger.write_bytes(torn)
    assert here.stands()["prep"] == "interrupted"
    assert ledger.read_bytes() == torn
    here.prep()
    assert f"{ledger}: line 2 was not finished, and is cut off" in here.said
    assert here.stands()["prep"] == "done"
    ledger.write_bytes(
        ledger.read_bytes().replace(b"PASS", b"FAIL", 1).replace(b"prep", b"PREP", 1)
    )
    with pytest.raises(ArtifactError, match=r"line 1 is damaged; restore it"):
        here.status()


def test_the_folder_is_typed_or_of_the_environment_or_of_pytests_ini(tmp_path: Path) -> None:
    below = tmp_path / "below"
    below.mkdir()
    assert release_directory(None, {}, below) == below / "artifacts"
    (tmp_path / "pytest.ini").write_text("[pytest]\nsoak_release_dir = of_ini\n")
    assert release_directory(None, {}, below) == tmp_path / "of_ini"
    env = {"SOAK_RELEASE_DIR": "of_env"}
    assert release_directory(None, env, below) == below / "of_env"
    assert release_directory("typed", env, below) == below / "typed"
    assert release_directory(None, {"SOAK_RELEASE_DIR": " "}, below) == tmp_path / "of_ini"
    for given in ("", "a\0b", "a\nb"):
        message = usage_error(lambda given=given: release_directory(given, {}, below))  # type: ignore[misc]
        assert message.startswith("--release-dir: expected the path of a folder, got ")
    (below / "file").write_text("")
    message = usage_error(lambda: release_directory(None, {"SOAK_RELEASE_DIR": "file"}, below))
    assert message == "SOAK_RELEASE_DIR: expected a folder, file is a file"


def test_as_it_is_typed(here: Releasing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here.folder)
    monkeypatch.delenv("SOAK_RELEASE_DIR", raising=False)
    here.write("mine.yaml", "trace: {sample_rate: 0.3}\n")

    def typed(*arguments: str) -> tuple[int, str]:
        found = CliRunner().invoke(commands, ["release", *arguments], standalone_mode=False)
        assert found.exception is None, found.exception
        return found.return_value, found.stdout

    status, out = typed("prep", "--json", "--config=mine.yaml", "--release-dir=here")
    assert status == 0
    assert json.loads(out)["verdict"] == "PASS"
    assert json.loads((here.folder / "here" / PREP_LOG).read_bytes()) == json.loads(out)
    status, out = typed("status", "--release-dir=here", "--json", "--config-override=mine.yaml")
    assert status == 3
    assert json.loads(out)["steps"][0]["state"] == "done"
    status, out = typed("status", "--release-dir=here")
    assert (status, out.splitlines()[0].split()[2]) == (3, "stale")
    message = usage_error(
        lambda: CliRunner().invoke(
            commands,
            ["release", "status", "--plan=no.yaml"],
            standalone_mode=False,
            catch_exceptions=False,
        )
    )
    assert message.startswith("no.yaml: no such plan; write one with at least a candidate")


def test_an_option_in_place_of_the_plans_makes_another_release(here: Releasing) -> None:
    assert here.prep() == 0
    assert here.stands()["prep"] == "done"
    here.status(profile="ultra_safe")
    assert here.said[0].startswith("1  prep     stale    plan was ")
    here.status(profile="steady_safe", seed="1..8")
    assert here.said[0].startswith("1  prep     done ")
    assert here.prep(market="nowhere") == 1
    assert any(line.startswith("FAIL market: ") and "--market" in line for line in here.said)
