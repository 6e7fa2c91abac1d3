"""Successive locks of a release: how they are numbered, kept and compared."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from budgets import SAME, lock
from releases import ASKED, TWO_LINES, Stopped

from pytest_soak.artifacts.lock_models import FormerLock, LockedBudgets
from pytest_soak.canonical import dumps
from pytest_soak.commands.release_lock import check_shadow
from pytest_soak.commands.release_lock import lock as command
from pytest_soak.commands.release_locked import (
    check_keepable,
    keep_lock,
    lock_in_force,
    next_number,
    successive,
)
from pytest_soak.commands.release_place import Place, open_place
from pytest_soak.errors import SoakUsageError
from pytest_soak.gates.engine import Verdict
from pytest_soak.release.layout import IGNORED, LOCKED_BUDGETS, SHADOW_REPORT, kept_lock
from pytest_soak.release.lock_chain import comparable, drift, is_same
from pytest_soak.release.record import Basis, Record
from pytest_soak.release.shadow import Judged, shadow_report


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "release.yaml").write_text(TWO_LINES)
    return open_place(ASKED, {}, tmp_path)


def slower(share: float, **more: Any) -> LockedBudgets:
    """A lock whose waits take so many times as long as usual."""
    one = lock(SAME)
    wait = one.baseline["wait"].model_copy(update={"p95_ms": 4.0 * share})
    return one.model_copy(update={"baseline": {**one.baseline, "wait": wait}, **more})


def write(place: Place, one: LockedBudgets, path: str = LOCKED_BUDGETS) -> str:
    file = place.directory / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(dumps(one.data()))
    return sha256(file.read_bytes()).hexdigest()


def replaced(place: Place, times: int) -> LockedBudgets:
    """The last of so many locks behind the first, each slower by as much as still passes."""
    newest = slower(1.0)
    write(place, newest)
    for number in range(2, times + 2):
        former = keep_lock(place, newest, "as fast as it gets")
        newest = slower(1.029 ** (number - 1), number=next_number(place), replaces=former)
        write(place, newest)
    return newest


def test_many_small_steps_are_told_as_one_large_one(place: Place) -> None:
    newest = replaced(place, 5)
    locks, notes = successive(place, newest)
    assert ([one.number for one in locks], notes) == ([1, 2, 3, 4, 5, 6], [])
    moved = {one.name: one.change_pct for one in drift(locks)}
    assert moved == {
        "fetch_md": 0.0,
        "compute": 0.0,
        "wait": pytest.approx(100.0 * (1.029**5 - 1.0)),
        "send": 0.0,
        "tick_total": 0.0,
    }
    assert moved["wait"] == pytest.approx(15.4, abs=0.05)
    assert drift(locks[:1]) == []


def test_a_stage_without_any_time_has_no_change_in_per_cent() -> None:
    assert {one.name: one.change_pct for one in drift([slower(0.0), slower(1.0)])}["wait"] is None


def test_a_stage_that_a_lock_did_not_have_has_not_moved() -> None:
    fewer = lock(SAME)
    del fewer.baseline["wait"]
    names = {one.name for one in drift([fewer, slower(1.0)])}
    assert names == {"fetch_md", "compute", "send", "tick_total"}


@pytest.mark.parametrize("harm", ["missing", "edited", "of another market"])
def test_drift_begins_behind_a_lock_that_does_not_count(place: Place, harm: str) -> None:
    newest = replaced(place, 3)
    kept = place.directory / kept_lock(2)
    if harm == "missing":
        kept.unlink()
    elif harm == "edited":
        kept.write_bytes(kept.read_bytes() + b" ")
    else:
        design = newest.design.model_copy(update={"market": "spike"})
        newest = newest.model_copy(update={"design": design})
    locks, (note,) = successive(place, newest)
    first = 4 if harm == "of another market" else 3
    assert [one.number for one in locks] == list(range(first, 5))
    assert note.startswith(kept_lock(3 if harm == "of another market" else 2))


def test_a_kept_lock_that_is_none_is_named(place: Place) -> None:
    former = FormerLock(number=1, sha256=sha256(b"{}").hexdigest(), reason="")
    (place.directory / "baseline").mkdir(parents=True)
    (place.directory / kept_lock(1)).write_bytes(b"{}")
    with pytest.raises(SoakUsageError, match=r"stage_budgets\.1\.locked\.json.*restore it"):
        successive(place, slower(1.0, number=2, replaces=former))


def test_locks_are_the_same_but_for_when_they_were_made() -> None:
    one = slower(1.0)
    former = FormerLock(number=1, sha256="", reason="")
    again = one.model_copy(
        update={"number": 2, "replaces": former, "locked": "later", "meta": {"host": "b"}}
    )
    assert is_same(one, again)
    assert not is_same(one, one.model_copy(update={"candidate": "d"}))
    assert not is_same(one, one.model_copy(update={"versions": {"target": "2"}}))
    assert comparable(one, slower(2.0))
    for change in ({"market": "spike"}, {"minutes": 30.0}):
        design = one.design.model_copy(update=change)
        assert not comparable(one, one.model_copy(update={"design": design}))
    assert not comparable(one, one.model_copy(update={"source": "bot:Bot"}))


def test_a_lock_is_numbered_behind_all_that_are_kept(place: Place) -> None:
    assert next_number(place) == 1
    for name in (kept_lock(3), kept_lock(12), "baseline/stage_budgets.x.locked.json"):
        write(place, slower(1.0), name)
    assert next_number(place) == 13


def test_a_kept_lock_is_never_written_over(place: Place) -> None:
    write(place, slower(1.0))
    keep_lock(place, slower(1.0), "")
    keep_lock(place, slower(1.0), "")  # the same again, behind a kill
    write(place, slower(1.1))
    before = (place.directory / kept_lock(1)).read_bytes()
    with pytest.raises(SoakUsageError, match="is kept as lock 1"):
        keep_lock(place, slower(1.1), "")
    with pytest.raises(SoakUsageError, match="is kept as lock 1"):
        check_keepable(place, lock_in_force(place))
    assert (place.directory / kept_lock(1)).read_bytes() == before


def test_git_is_let_have_every_lock() -> None:
    (pattern,) = (line for line in IGNORED.splitlines() if "locked" in line)
    for path in (LOCKED_BUDGETS, kept_lock(7)):
        assert Path(path).match(pattern.removeprefix("!"))


def refused(folder: Path, replace: str | None) -> str:
    with pytest.raises(SoakUsageError) as error:
        command(ASKED, (), {}, folder, Stopped(), print, replace=replace, dry=True)
    return str(error.value)


def test_a_lock_is_replaced_for_a_reason_alone(place: Place, tmp_path: Path) -> None:
    goes_on = "step prep is ready"
    assert goes_on in refused(tmp_path, None)
    assert "there is no lock to replace" in refused(tmp_path, "why")
    write(place, slower(1.0))
    assert "say why: pytest-soak release lock --replace=REASON" in refused(tmp_path, None)
    for blank in ("", " \n"):
        assert "expected the reason" in refused(tmp_path, blank)
    assert goes_on in refused(tmp_path, "why")
    (place.directory / LOCKED_BUDGETS).write_text(json.dumps({}))
    assert "expected the schema" in refused(tmp_path, "why")


def test_what_was_interrupted_goes_on_by_the_same_command(place: Place, tmp_path: Path) -> None:
    write(place, slower(1.0))
    place.home.mkdir()
    record = Record(place.directory, Stopped(), print)
    record.begin("lock", Basis({}, {}))  # when there was no lock yet
    assert "step prep" in refused(tmp_path, None)
    record.begin("lock", Basis({}, {}), replace="why")
    assert "say why" in refused(tmp_path, None)
    assert "step prep" in refused(tmp_path, "why")


@pytest.mark.parametrize("minutes", [20.0, 60.0])
def test_behind_a_short_shadow_there_is_no_lock(place: Place, minutes: float) -> None:
    said = Judged(Verdict.PASS, [], [])
    of: dict[str, Any] = {"plan": "p", "candidate": "c", "run": "r", "source": "sim", "meta": {}}
    path = place.directory / SHADOW_REPORT
    path.parent.mkdir(parents=True)
    path.write_text(dumps(shadow_report(said, SAME[0], minutes, **of).data()))
    if minutes < 60.0:
        told = "shadow was short, 20 of 60 minutes; pytest-soak release shadow first"
        with pytest.raises(SoakUsageError, match=told):
            check_shadow(place)
    else:
        check_shadow(place)
