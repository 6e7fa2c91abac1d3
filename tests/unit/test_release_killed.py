"""A step of a release that is killed at any moment is not done, and the same command does it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from crashes import Killed, Steps
from releases import TWO_LINES, Releasing

from pytest_soak.commands import release_prep

LEDGER, STATE, LOCK = (
    f"artifacts/release/{name}" for name in ("LEDGER.jsonl", "STATE.json", ".soak.lock")
)


def releasing(folder: Path) -> Releasing:
    folder.mkdir()
    here = Releasing(folder)
    here.write("release.yaml", TWO_LINES)
    here.write("config.yaml", "trace: {sample_rate: 0.3}\n")
    return here


def files(here: Releasing) -> dict[str, bytes]:
    """All but what goes on with each attempt, and with each look at it."""
    found = here.files().items()
    return {name: data for name, data in found if name not in (LEDGER, STATE, LOCK)}


def test_prep_is_done_whole_after_a_kill_at_any_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release_prep, "_free_mb", lambda _: 1e6)
    whole = releasing(tmp_path / "whole")
    counted = Steps()
    with monkeypatch.context() as patcher:
        counted.patch(patcher)
        assert whole.prep() == 0
    assert counted.taken > 20
    for last in range(0, counted.taken, 2):
        here = releasing(tmp_path / str(last))
        with monkeypatch.context() as patcher:
            Steps(last).patch(patcher)
            with pytest.raises(Killed):
                here.prep()
        for half in here.folder.rglob(".*.tmp"):
            half.rename(half.with_name(re.sub(r"\d+\.tmp$", "1.tmp", half.name)))
        assert here.stands()["prep"] in ("ready", "interrupted", "done")
        assert here.prep() == 0
        assert files(here) == files(whole), last
        assert here.stands()["prep"] == "done"
