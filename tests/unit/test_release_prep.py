"""`pytest-soak release prep`: it says FAIL where a check fails, and keeps what is in use."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from releases import TWO_LINES, Releasing

from pytest_soak.ab.limits import load_rails
from pytest_soak.artifacts.ledger import Ledger
from pytest_soak.artifacts.models import shipped_schema
from pytest_soak.artifacts.release_models import PrepLog
from pytest_soak.commands import release_prep
from pytest_soak.config.flags import reference_flags
from pytest_soak.errors import ArtifactError
from pytest_soak.release.layout import PREP_LOG, PREP_TEXT, SNAPSHOT
from pytest_soak.release.prep import load_figures
from pytest_soak.release.snapshot import write_snapshot
from pytest_soak.report.release import prep_text
from pytest_soak.storage.lock import locked


@pytest.fixture
def here(tmp_path: Path) -> Releasing:
    found = Releasing(tmp_path)
    found.write("release.yaml", TWO_LINES)
    return found


def log(here: Releasing) -> Any:
    return json.loads((here.out / PREP_LOG).read_bytes())


def failed(here: Releasing) -> dict[str, str]:
    checks: Any = here.worked.document["checks"]
    return {check["what"]: check["value"] for check in checks if check["verdict"] == "FAIL"}


def test_a_good_plan_passes_and_its_snapshot_is_kept(here: Releasing) -> None:
    here.write("config.yaml", "trace: {sample_rate: 0.3}\n")
    assert here.prep() == 0
    assert here.said[-1] == (
        "PASS: prep of release.yaml, 20 checks; next: pytest-soak release shadow"
    )
    found = log(here)
    jsonschema.validate(found, json.loads(shipped_schema("prep-log")))
    assert (found["verdict"], found["source"]) == ("PASS", "sim")
    snapshot = json.loads((here.out / SNAPSHOT).read_bytes())
    jsonschema.validate(snapshot, json.loads(shipped_schema("flags-snapshot")))
    assert snapshot["flags"] == reference_flags().defaults() | {"trace.sample_rate": 0.3}
    assert snapshot["rollback"] == reference_flags().rollbacks()
    assert snapshot["config_sha256"] == found["config_sha256"]
    (file,) = snapshot["config_files"]
    assert (file["path"], file["size"], file["stored"]) == ("config.yaml", 26, "1_config.yaml")
    folder = here.out / "release" / "snapshots" / snapshot["config_sha256"]
    assert (folder / "1_config.yaml").read_text() == "trace: {sample_rate: 0.3}\n"
    assert (folder / "FEATURE_FLAGS_SNAPSHOT.json").read_bytes() == (
        here.out / SNAPSHOT
    ).read_bytes()


def test_the_text_is_made_of_the_json_alone(here: Releasing) -> None:
    for plan in (TWO_LINES, "profile: steady_safe\ncandidate: {flags: {trace.sample_rate: 1}}\n"):
        here.write("release.yaml", plan)
        here.prep()
        text = (here.out / PREP_TEXT).read_text()
        assert text == prep_text(PrepLog.model_validate(log(here)))
        data = json.dumps(log(here)).replace("\\u003c", "<")
        for word in re.findall(r"[0-9]+(?:\.[0-9]+)?", text):
            assert word in data


def test_a_check_that_fails_is_said_and_told_everywhere(here: Releasing) -> None:
    here.write("config.yaml", "trace: {sample_rate: 0.5}\nmd_cache: {enabled: false}\n")
    assert here.prep() == 1
    assert here.said[-1] == (
        "FAIL: prep of release.yaml, 19 checks, 2 failed: flag md_cache.enabled of steady_safe: "
        "false; next: mend that, then pytest-soak release prep"
    )
    told = "FAIL flag trace.sample_rate of steady_safe: 0.5 (>= 0.1 and <= 0.3; config:config.yaml)"
    assert told in here.said
    assert log(here)["verdict"] == "FAIL"
    assert log(here)["config_sha256"] is None
    text = (here.out / PREP_TEXT).read_text()
    assert text.startswith("# FAIL: prep of release.yaml\n")
    assert "- **flag trace.sample_rate of steady_safe**: 0.5; asked for: >= 0.1" in text
    assert not (here.out / SNAPSHOT).exists()
    entry = Ledger(here.out / "release", pytest.fail).entries[-1]
    assert (entry.verdict, len(entry.reasons)) == ("FAIL", 2)
    assert here.stands()["prep"] == "failed"
    assert here.worked.status == 1


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("pipeline.enabled: false", "flag pipeline.enabled of candidate"),
        ("md_cache.enabled: false", "flag md_cache.enabled of candidate"),
        ("async_batch.enabled: false", "flag async_batch.enabled of candidate"),
        ("trace.enabled: false", "flag trace.enabled of candidate"),
        ("taker_cap.max_taker_share_pct: 0", "flag taker_cap.max_taker_share_pct of candidate"),
        ("taker_cap.max_taker_share_pct: 9.1", "flag taker_cap.max_taker_share_pct of candidate"),
        ("trace.sample_rate: 0.09", "flag trace.sample_rate of candidate"),
        ("trace.sample_rate: 0.31", "flag trace.sample_rate of candidate"),
        ("trace.sample_rate: 2", "candidate"),
        ("trace.enabled: 1", "candidate"),
    ],
)
def test_each_requirement_fails_by_itself(here: Releasing, change: str, what: str) -> None:
    here.write("release.yaml", f"candidate: {{flags: {{{change}}}}}\n")
    assert here.prep(dry=True) == 1
    assert list(failed(here)) == [what]


@pytest.mark.parametrize(
    "change",
    ["trace.sample_rate: 0.1", "trace.sample_rate: 0.3", "taker_cap.max_taker_share_pct: 0.01"],
)
def test_the_ends_of_a_requirement_pass(here: Releasing, change: str) -> None:
    here.write("release.yaml", f"candidate: {{flags: {{{change}}}}}\n")
    assert here.prep(dry=True) == 0


def test_the_plan_may_require_otherwise(here: Releasing) -> None:
    here.write("config.yaml", "md_cache: {enabled: false}\n")
    here.write("release.yaml", TWO_LINES + 'require: {taker_cap.max_taker_share_pct: "<= 5"}\n')
    assert here.prep(dry=True) == 1
    assert failed(here) == {"flag taker_cap.max_taker_share_pct of steady_safe": "9"}
    here.write("release.yaml", TWO_LINES + "require: {md_cache.enable: true}\n")
    assert here.prep(dry=True) == 1
    assert "did you mean 'md_cache.enabled'?" in failed(here)["flag md_cache.enable"]
    here.write("release.yaml", TWO_LINES + "require: {}\n")
    assert here.prep(dry=True) == 0


def test_of_a_bot_that_declares_no_flags_none_is_required(here: Releasing) -> None:
    here.write(
        "plainbot.py",
        "class Bot:\n    parameters = {'x': 1}\n    version = '3'\n"
        "    def __init__(self, lane): ...\n    def start(self, lane): ...\n"
        "    def run(self, o, w): ...\n    def stop(self): ...\n",
    )
    here.write("release.yaml", "candidate: {overrides: {x: 2}}\ntarget: 'plainbot:Bot'\n")
    assert here.prep(dry=True) == 0
    assert not any(line.startswith("PASS flag ") for line in here.said)
    assert any(line.startswith("PASS target version: 3 (") for line in here.said)


def test_what_cannot_be_read_fails_with_its_file_and_the_rest_is_told(here: Releasing) -> None:
    here.write("config.yaml", "trace: {sample_rate: 0.5\n")
    assert here.prep() == 1
    assert "is not valid YAML" in failed(here)["config"]
    assert {"config", "control", "candidate"} == set(failed(here))
    assert any(line.startswith("FAIL config: ") and "config.yaml:" in line for line in here.said)
    here.write("config.yaml", "")
    here.write("release.yaml", "candidate: x.yaml\ntarget: nope\n")
    assert here.prep() == 1
    assert {"target", "config", "control", "candidate"} <= set(failed(here))


def test_too_little_room_fails_with_how_much_there_is(
    here: Releasing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release_prep, "_free_mb", lambda _: 1600.0)
    assert here.prep(dry=True) == 0
    monkeypatch.setattr(release_prep, "_free_mb", lambda _: 1599.0)
    assert here.prep(dry=True) == 1
    assert failed(here) == {"disk": "1,599 MB free"}
    here.write("release.yaml", TWO_LINES + "seeds: 1..2\nhours: {soak: 72}\n")
    assert here.prep(dry=True) == 0
    told = "PASS disk: enough (1,200 MB for feeds of 2 lanes of 72 h, 200 MB a day; "
    assert any(line.startswith(told) for line in here.said)


def test_a_cap_near_the_absolute_limit_is_noted(here: Releasing) -> None:
    (limit,) = [c.limit.limit for c in load_rails().criteria if c.metric == "taker_ratio"]
    edge = load_figures().cap_share_of_limit * limit * 100
    for cap, noted in ((edge, False), (edge + 0.01, True)):
        here.write("config.yaml", f"taker_cap: {{max_taker_share_pct: {cap}}}\n")
        assert here.prep(dry=True) == 0
        found = [line for line in here.said if line.startswith("NOTE: ")]
        assert bool(found) is noted
        assert all("steady_safe has taker_cap.max_taker_share_pct" in line for line in found)
    here.write("config.yaml", "taker_cap: {max_taker_share_pct: 9, enabled: false}\n")
    assert here.prep(dry=True) == 0
    assert not any(line.startswith("NOTE: ") for line in here.said)


def test_a_dry_run_writes_nothing_and_says_what_it_would(here: Releasing) -> None:
    here.write("config.yaml", "trace: {sample_rate: 0.3}\n")
    before = here.files()
    assert here.prep(dry=True) == 0
    assert here.files() == before
    would = {line.removeprefix("would write ") for line in here.said if line.startswith("would ")}
    here.prep()
    made = {str(here.folder / name) for name in here.files()} - {
        str(here.folder / name) for name in before
    }
    assert would == {path for path in made if not Path(path).name.startswith(".")}


def test_done_again_it_leaves_all_bytes_but_the_ledgers(here: Releasing) -> None:
    here.write("config.yaml", "trace: {sample_rate: 0.3}\n")
    assert here.prep() == 0
    before = here.files()
    here.clock.sleep(3600)
    assert here.prep() == 0
    changed = {name for name, data in here.files().items() if before.get(name) != data}
    assert changed == {"artifacts/release/LEDGER.jsonl"}


def test_what_is_changed_while_it_is_kept_fails(
    here: Releasing, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.write("config.yaml", "trace: {sample_rate: 0.3}\n")
    write = write_snapshot

    def meanwhile(*args: Any) -> list[str]:
        found = write(*args)
        here.write("config.yaml", "trace: {sample_rate: 0.2}\n")
        return found

    monkeypatch.setattr(release_prep, "write_snapshot", meanwhile)
    assert here.prep() == 1
    assert failed(here) == {"snapshot": "config.yaml changed meanwhile; run prep again"}

    def torn(directory: Path, *args: Any) -> list[str]:
        found = write(directory, *args)
        (directory / found[0]).write_bytes(b"")
        (directory / found[-1]).write_bytes(b"{}")
        return found

    monkeypatch.setattr(release_prep, "write_snapshot", torn)
    assert here.prep() == 1
    assert failed(here)["snapshot"].count("is not what was written") == 2


def test_it_waits_for_nobody_and_follows_no_link(here: Releasing) -> None:
    (here.out / "release").mkdir(parents=True)
    with locked(here.out / "release"), pytest.raises(ArtifactError, match="in use by another"):
        here.prep()
    (here.out / "reports").symlink_to(here.folder)
    with pytest.raises(ArtifactError, match="symbolic link"):
        here.prep()
    assert here.stands()["prep"] == "ready"


def test_only_a_new_folder_says_what_git_is_to_leave(here: Releasing) -> None:
    here.prep()
    assert "!baseline/*.locked.json" in (here.out / ".gitignore").read_text().splitlines()
    (here.out / ".gitignore").unlink()
    here.prep()
    assert not (here.out / ".gitignore").exists()


def test_a_snapshot_keeps_every_file_with_its_permissions(here: Releasing) -> None:
    below = here.folder / "below"
    below.mkdir()
    (below / "config.yaml").write_text("trace.sample_rate: 0.1\n")
    here.write("config.yaml", "")
    (here.folder / "config.yaml").chmod(0o640)
    assert here.prep(config=("config.yaml", "below/config.yaml")) == 0
    snapshot = json.loads((here.out / SNAPSHOT).read_bytes())
    kept = [(f["path"], f["mode"], f["stored"]) for f in snapshot["config_files"]]
    assert kept[0] == ("config.yaml", "0640", "1_config.yaml")
    assert (kept[1][0], kept[1][2]) == ("below/config.yaml", "2_config.yaml")
    first = snapshot["config_sha256"]
    (below / "config.yaml").write_text("trace.sample_rate: 0.1  # why\n")
    here.prep(config=("config.yaml", "below/config.yaml"))
    assert json.loads((here.out / SNAPSHOT).read_bytes())["config_sha256"] != first
    assert len(list((here.out / "release" / "snapshots").iterdir())) == 2
