"""What a target can do, asked once."""

from __future__ import annotations

from typing import Any

import pytest
from builders import FakeTarget, MemoryJournal, lane_of

from pytest_soak.engine.past import Done, Past
from pytest_soak.errors import TargetError
from pytest_soak.targets.abilities import abilities, says_early
from pytest_soak.testing import GOOD


class Keeping(FakeTarget):
    """It counts how often it is asked for what it may have."""

    asked: list[str]

    def __getattr__(self, name: str) -> Any:
        self.__dict__.setdefault("asked", []).append(name)
        found = {"checkpoint": lambda: b"kept", "restore": lambda data: None, "version": "7"}
        if name in found:
            return found[name]
        raise AttributeError(name)


def test_a_target_is_asked_once_whatever_the_number_of_iterations() -> None:
    target = Keeping([GOOD] * 3)
    lane = lane_of(target=target)
    before = list(target.asked)
    assert {"parameters", "kpis", "flags", "version", "checkpoint", "restore"} <= set(before)
    assert len(before) == len(set(before))
    for _ in range(3):
        lane.run.run_iteration()
    assert lane.journal.checkpoint == b"kept"
    assert target.asked == before


def test_a_checkpoint_is_of_use_only_to_a_target_that_can_go_on_from_it() -> None:
    class Forgetful(FakeTarget):
        def checkpoint(self) -> bytes:
            return b"lost"

    assert abilities(Forgetful(), "bot").checkpoint is None
    lane = lane_of(GOOD, GOOD, target=Forgetful())
    lane.run.run_iteration()
    assert lane.journal.checkpoint is None
    kept = tuple(Done.model_validate(done.model_dump()) for done in lane.journal.kept)
    again = lane_of(journal=MemoryJournal(Past(True, kept, checkpoint=b"of another")))
    again.run.run_iteration()
    with pytest.raises(TargetError, match="the target has no restore"):
        again.run.run_iteration()


def test_a_class_says_early_what_it_has_but_can_do_nothing_yet() -> None:
    class Bot(Keeping):
        kpis = ("net_bps",)
        version = "7"

        def checkpoint(self) -> bytes:
            return b""

        def restore(self, data: bytes) -> None:
            pass

    early = abilities(Bot, "bot")
    assert (early.kpis, early.version, early.source) == (("net_bps",), "7", None)
    assert (early.checkpoint, early.restore) == (None, None)
    assert says_early(Bot, "kpis")
    assert not says_early(Bot, "kpis", "parameters")
    assert not says_early(Bot(), "kpis")


def test_only_a_text_is_a_version_and_without_one_the_source_file_counts() -> None:
    class Bot:
        version = 7

    told = abilities(Bot(), "bot")
    assert told.version is None
    assert told.source is not None
    assert abilities(object(), "bot").source is None
