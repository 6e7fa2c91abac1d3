"""Verdicts that are derived anew: which steps are asked, and what another verdict does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from releases import ASKED, TWO_LINES, Releasing

from pytest_soak.artifacts.ledger import Entry
from pytest_soak.commands import release_verify
from pytest_soak.commands.release_place import open_place
from pytest_soak.errors import SoakUsageError, TargetError
from pytest_soak.release.layout import DAILY_REPORTS
from pytest_soak.release.state import State, StepState
from pytest_soak.release.steps import AB, DAILY, STEPS

VERDICTS = {**dict.fromkeys(STEPS, "PASS"), AB: "PROMOTE"}


def entry(step: str) -> Entry:
    outputs = {f"{DAILY_REPORTS}/2024-01-05.json": "x"} if step == DAILY else {}
    stage = 100 if step == AB else None
    return Entry(
        seq=1,
        prev="",
        step=step,
        stage=stage,
        event="finished",
        verdict=VERDICTS[step],
        outputs=outputs,
    )


def found(**states: State) -> dict[str, StepState]:
    given = {**dict.fromkeys(STEPS, State.DONE), **states}
    return {step: StepState(step, state, last=entry(step)) for step, state in given.items()}


@pytest.fixture
def derive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[dict[str, str], dict[str, tuple[Any, ...]]]]:
    here = Releasing(tmp_path)
    here.write("release.yaml", TWO_LINES)
    place = open_place(ASKED, {}, tmp_path)

    def ran(
        steps: dict[str, StepState], **anew: object
    ) -> tuple[dict[str, str], dict[str, tuple[Any, ...]]]:
        asked: dict[str, tuple[Any, ...]] = {}

        def stand_in(step: str) -> Callable[..., str]:
            def derived(_place: object, *more: Any) -> str:
                asked[step] = more
                came = anew.get(step, VERDICTS[step])
                if isinstance(came, Exception):
                    raise came
                return str(came)

            return derived

        for step in STEPS[1:]:
            monkeypatch.setattr(release_verify, f"{step}_anew", stand_in(step))
        return release_verify.overturned(place, steps, here.clock), asked

    return ran


def test_the_same_verdicts_overturn_nothing(derive: Any) -> None:
    told, asked = derive(found())
    assert told == {}
    assert set(asked) == set(STEPS[1:])
    assert (asked[AB], asked[DAILY]) == ((100,), ("2024-01-05",))


@pytest.mark.parametrize("step", STEPS[1:])
def test_another_verdict_of_a_step_is_told(derive: Any, step: str) -> None:
    told, _ = derive(found(), **{step: "FAIL"})
    assert told == {step: "FAIL"}


def test_what_is_not_done_is_not_asked(derive: Any) -> None:
    told, asked = derive(found(soak=State.STALE, lock=State.FAILED), soak="FAIL", lock="PASS")
    assert told == {}
    assert not {"soak", "lock"} & set(asked)


@pytest.mark.parametrize("error", [SoakUsageError("run", "gone"), TargetError("no ticks")])
def test_a_run_from_which_nothing_can_be_derived_is_no_evidence(
    derive: Any, error: Exception
) -> None:
    told, _ = derive(found(), shadow=error)
    assert told == {"shadow": f"not to be had ({error})"}
