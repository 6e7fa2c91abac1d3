"""Events of a release: a chain on the ledger that A/B has, too."""

from __future__ import annotations

from pathlib import Path

import pytest
from releases import AT, Stopped

from pytest_soak.artifacts.ledger import LEDGER, Entry
from pytest_soak.errors import ArtifactError
from pytest_soak.release.record import HOME, Basis, Outcome, Record, happened_at
from pytest_soak.release.steps import STEPS, before

BASIS = Basis({"plan": "a" * 64}, {"package": "1"})


def record(folder: Path, said: list[str] | None = None, *, only_read: bool = False) -> Record:
    say = pytest.fail if said is None else said.append
    return Record(folder, Stopped(), say, only_read=only_read)


def test_an_event_has_all_that_it_rests_on(tmp_path: Path) -> None:
    ours = record(tmp_path)
    ours.begin("shadow", BASIS, minutes=60)
    outcome = Outcome("WARN", ["short"], {"reports/x.json": "b" * 64}, "release/runs/shadow")
    ours.finish("shadow", BASIS, outcome)
    first, last = record(tmp_path).entries
    assert (first.event, first.plan, first.verdict) == ("started", {"minutes": 60}, None)
    assert (last.step, last.event, last.verdict) == ("shadow", "finished", "WARN")
    assert (last.inputs, last.versions) == (dict(BASIS.inputs), dict(BASIS.versions))
    assert (last.outputs, last.reasons) == ({"reports/x.json": "b" * 64}, ["short"])
    assert (last.run, last.seq) == ("release/runs/shadow", 2)
    assert last.prev
    assert happened_at(last) == AT


@pytest.mark.parametrize(
    ("verdict", "event"),
    [
        ("PASS", "finished"),
        ("FAIL", "finished"),
        ("HOLD", "held"),
        ("PROMOTE", "promoted"),
        ("ROLLBACK", "rolled_back"),
    ],
)
def test_a_verdict_has_its_event(tmp_path: Path, verdict: str, event: str) -> None:
    ours = record(tmp_path)
    ours.begin("ab", BASIS, 10)
    ours.interrupt("ab", BASIS, 10)
    ours.finish("ab", BASIS, Outcome(verdict), 10)  # type: ignore[arg-type]
    assert [e.event for e in record(tmp_path).entries] == ["started", "interrupted", event]
    assert {e.stage for e in record(tmp_path).entries} == {10}


def test_a_torn_end_is_cut_off_and_an_edit_is_refused(tmp_path: Path) -> None:
    for _ in range(3):
        record(tmp_path).begin("prep", BASIS)
    path = tmp_path / HOME / LEDGER
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    said: list[str] = []
    assert len(record(tmp_path, said, only_read=True).entries) == 2
    assert path.read_bytes() == whole[:-5]
    assert len(record(tmp_path, said).entries) == 2
    assert ["passed over" in said[0], "cut off" in said[1]] == [True, True]
    assert whole.startswith(path.read_bytes())
    path.write_bytes(whole.replace(b"prep", b"lock", 1))
    with pytest.raises(ArtifactError, match="line 1 is damaged"):
        record(tmp_path)


@pytest.mark.parametrize("told", ["", "soon", "2026-01-02", 7, None, []])
def test_a_time_that_is_none_is_not_known(told: object) -> None:
    entry = Entry(seq=1, prev="", step="prep", event="started", meta={"at": told})
    assert happened_at(entry) is None
    assert happened_at(entry.model_copy(update={"meta": {}})) is None


def test_each_step_builds_on_all_before_it() -> None:
    assert STEPS == ("prep", "shadow", "soak", "dataset", "ab", "lock", "daily")
    assert before("prep") == ()
    assert before("ab") == ("prep", "shadow", "soak", "dataset")
