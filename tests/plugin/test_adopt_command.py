"""`--from RUN`: a run that was made elsewhere, in place of the session of a step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import Outcome, Workbench

PLAN = "profile: steady_safe\ncandidate: {flags: {taker_cap.max_taker_share_pct: 1}}\n"


def release(desk: Workbench, *arguments: str) -> Outcome:
    return desk.command("release", *arguments)


@pytest.fixture
def desk(bench: Workbench) -> Workbench:
    """Prep is done, and a CI job has soaked the candidate in `elsewhere`."""
    bench.write("release.yaml", PLAN)
    assert release(bench, "prep").returncode == 0
    dry = release(bench, "shadow", "--minutes=3", "--dry-run", "--json")
    given = [a for a in json.loads(dry.stdout)["arguments"] if not a.startswith("--soak-dir")]
    done = bench.module("pytest", *given, "--soak-dir=elsewhere")
    assert done.returncode == 0, done.everything
    return bench


def ledger(desk: Workbench) -> list[tuple[str, str]]:
    text = (desk.directory / "artifacts/release/LEDGER.jsonl").read_text(encoding="utf-8")
    events = [json.loads(line.partition(" ")[2]) for line in text.splitlines()]
    return [(event["step"], event["event"]) for event in events]


def test_a_run_of_the_same_is_judged_and_kept(desk: Workbench) -> None:
    dry = release(desk, "shadow", "--minutes=3", "--from=elsewhere", "--dry-run")
    assert dry.returncode == 0, dry.everything
    assert dry.stdout.splitlines()[0].endswith("would be taken from " + str(elsewhere(desk)))
    done = release(desk, "shadow", "--minutes=3", "--from=elsewhere")
    assert done.returncode == 0, done.everything
    assert "python -m pytest" not in done.stdout
    assert done.last_line.startswith("WARN: shadow of release.yaml, 3.0 min: short: 3 of 60 ")
    kept = desk.directory / "artifacts/release/runs/shadow/latest"
    assert files(kept) == files(elsewhere(desk) / "latest")
    shown = release(desk, "status", "--verify").stdout
    assert "2  shadow   done     WARN, line 4 of the ledger" in shown
    again = release(desk, "shadow", "--minutes=3", "--from=elsewhere/latest")
    assert again.returncode == 0, again.everything
    assert len(list((kept.parent / "runs").iterdir())) == 1
    (kept / "journal").unlink()
    assert (
        "broken   release/runs/shadow/latest/journal is missing" in release(desk, "status").stdout
    )


def elsewhere(desk: Workbench) -> Path:
    return desk.directory / "elsewhere"


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_one_of_something_else_is_refused_and_nothing_begun(desk: Workbench) -> None:
    before = ledger(desk)
    result = elsewhere(desk) / "latest/RESULT.json"
    whole = result.read_text(encoding="utf-8")
    for arguments, told in (
        (("--from=elsewhere",), "minutes: the run has 3.0, the plan wants 60.0"),
        (("--from=nowhere",), "no run in it"),
        (("--minutes=3", "--from=elsewhere", "--", "-x"), "'-x' can go nowhere"),
        (("--minutes=3", "--from=elsewhere", "--seeds=7"), "seeds: the run has [1], the"),
    ):
        done = release(desk, "shadow", *arguments)
        assert done.returncode == 4, done.everything
        assert told in done.stderr
    result.write_text(whole.replace('"python": "3.', '"python": "2.'), encoding="utf-8")
    done = release(desk, "shadow", "--minutes=3", "--from=elsewhere")
    assert (done.returncode, "was made by Python 2." in done.stderr) == (4, True)
    result.write_text(whole, encoding="utf-8")
    (elsewhere(desk) / "latest/link").symlink_to(desk.directory)
    done = release(desk, "shadow", "--minutes=3", "--from=elsewhere")
    assert (done.returncode, "a symbolic link" in done.stderr) == (4, True), done.everything
    assert ledger(desk) == before
