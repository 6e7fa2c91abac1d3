"""How the steps of a release stand: what the ledger says, held against what is there now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.artifacts.ledger import Entry
from pytest_soak.release.state import Changed, Present, State, basis, output_paths, states, status
from pytest_soak.release.steps import STEPS, before

AT = datetime(2026, 1, 2, tzinfo=UTC)


def digest(text: str) -> str:
    """A stand-in for a hash: as long as one, and another one of another text."""
    return f"{hash_of(text):064x}"


def hash_of(text: str) -> int:
    return int.from_bytes(text.encode().ljust(31)[:31], "big")


@dataclass
class Release:
    """A release whose steps have two inputs of their own and write two files each."""

    inputs: dict[str, dict[str, str]] = field(
        default_factory=lambda: {
            step: {"plan": digest(f"{step} plan"), "config": digest("config")} for step in STEPS
        }
    )
    versions: dict[str, str] = field(default_factory=lambda: {"package": "1", "kernel": "k"})
    files: dict[str, str] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def present(self) -> Present:
        return Present(self.inputs, self.versions, self.files, AT, **self.more)

    def add(self, event: str, step: str, **fields: Any) -> Entry:
        rests = basis(step, self.entries, self.present)
        told = {"inputs": dict(rests.inputs), "versions": dict(rests.versions), "meta": {}}
        given = {"seq": len(self.entries) + 1, "prev": "", "step": step, "event": event}
        entry = Entry.model_validate({**given, **told, **fields})
        self.entries.append(entry)
        return entry

    def finish(
        self, step: str, verdict: str = "PASS", event: str = "finished", **more: Any
    ) -> None:
        self.add("started", step)
        outputs = {f"reports/{step}_{n}": digest(f"{step} {n} {verdict}") for n in (1, 2)}
        self.files |= outputs
        stage = 100 if step == "ab" else None
        fields = {"stage": stage, "verdict": verdict, "outputs": outputs}
        self.add(event, step, **{**fields, **more})

    def stands(self) -> dict[str, str]:
        return {step: found.state.value for step, found in self.found().items()}

    def found(self) -> Mapping[str, Any]:
        return states(self.entries, self.present)


def done(*steps: str) -> Release:
    made = Release()
    for step in steps or STEPS:
        if step == "ab":
            made.finish(step, "PROMOTE", "promoted")
        else:
            made.finish(step)
    return made


def test_of_nothing_the_first_is_ready() -> None:
    made = Release()
    assert made.stands() == {"prep": "ready"} | dict.fromkeys(STEPS[1:], "pending")
    assert made.found()["shadow"].reasons == ("waits for prep",)
    assert status(made.found()) == 3


def test_all_done_is_done() -> None:
    made = done()
    assert set(made.stands().values()) == {"done"}
    assert status(made.found()) == 0
    assert len(output_paths(made.entries)) == 14


def test_a_warning_is_done_and_keeps_its_reasons() -> None:
    made = Release()
    made.finish("prep", "WARN", reasons=["little room"])
    found = made.found()["prep"]
    assert (found.state, found.reasons) == (State.DONE, ("little room",))


@pytest.mark.parametrize(
    ("verdict", "event", "state", "code"),
    [
        ("FAIL", "finished", "failed", 1),
        ("HOLD", "held", "held", 3),
        ("ROLLBACK", "rolled_back", "rolled back", 1),
    ],
)
def test_what_is_bad_holds_of_the_same_inputs_alone(
    verdict: str, event: str, state: str, code: int
) -> None:
    made = done("prep")
    made.finish("shadow", verdict, event, reasons=["why"])
    assert made.stands()["shadow"] == state
    assert made.found()["shadow"].reasons == ("why",)
    assert made.found()["soak"].reasons == ("waits for shadow",)
    assert status(made.found()) == code
    made.inputs["shadow"]["config"] = digest("other")
    found = made.found()["shadow"]
    assert found.state is State.READY
    assert found.reasons[0].startswith(f"{verdict} was of other inputs: config was ")
    assert status(made.found()) == 3
    made.files.pop("reports/prep_1")
    found = made.found()["shadow"]
    assert found.state is State.PENDING
    assert found.reasons[0].startswith(f"{verdict} was of other inputs: config was ")
    assert found.reasons[1:] == ("waits for prep",)


def test_the_first_input_that_differs_is_told_with_both_hashes() -> None:
    made = done("prep", "shadow", "soak")
    made.inputs["shadow"]["config"] = digest("new")
    made.versions["kernel"] = "k2"
    found = made.found()
    assert found["shadow"].state is State.STALE
    assert found["shadow"].changed == Changed("config", digest("config"), digest("new"))
    assert found["shadow"].reasons[0] == (
        f"config was {digest('config')[:12]}, is {digest('new')[:12]}"
    )
    made.inputs["shadow"]["config"] = digest("config")
    assert made.found()["shadow"].changed == Changed("kernel version", "k", "k2")
    made.versions["kernel"] = "k"
    assert made.stands()["soak"] == "done"


def test_an_input_that_is_new_or_gone_makes_stale_too() -> None:
    made = done("prep")
    made.inputs["prep"]["market"] = digest("new")
    assert made.found()["prep"].changed == Changed("market", None, digest("new"))
    assert made.found()["prep"].reasons == (f"market was missing, is {digest('new')[:12]}",)
    made.inputs["prep"].pop("market")
    assert made.stands()["prep"] == "done"
    made.inputs["prep"].pop("config")
    assert made.found()["prep"].changed == Changed("config", digest("config"), None)


def test_behind_a_stale_step_all_are_stale_and_say_so() -> None:
    made = done("prep", "shadow", "soak")
    made.inputs["shadow"]["plan"] = digest("new")
    found = made.found()
    assert made.stands()["prep"] == "done"
    assert found["soak"].state is State.STALE
    assert found["soak"].reasons == ("step 2 (shadow) is stale",)
    assert found["dataset"].state is State.PENDING


@pytest.mark.parametrize(("edit", "told"), [("", "is missing"), ("x", "was edited")])
def test_a_broken_step_names_the_file(edit: str, told: str) -> None:
    made = done("prep", "shadow")
    path, before_edit = "reports/prep_2", made.files["reports/prep_2"]
    made.files.pop(path)
    if edit:
        made.files[path] = edit
    found = made.found()
    assert found["prep"].state is State.BROKEN
    assert found["prep"].reasons[0].startswith(f"{path} {told}; ")
    assert found["shadow"].state is State.STALE
    assert "step 1 (prep) is broken" in found["shadow"].reasons
    assert found["shadow"].changed == Changed(path, before_edit, edit or None)
    made.files[path] = before_edit
    assert set(list(made.stands().values())[:2]) == {"done"}


def test_who_made_an_input_is_told_by_its_line() -> None:
    made = done("prep", "shadow")
    made.finish("prep", "WARN")
    found = made.found()["shadow"]
    assert found.state is State.STALE
    changed = ("reports/prep_1", digest("prep 1 PASS"), digest("prep 1 WARN"), 6)
    assert found.changed == Changed(*changed)
    assert found.reasons[0].endswith(", by line 6 of the ledger")


def test_an_event_that_is_not_over_is_running_while_the_lock_is_held() -> None:
    made = done("prep")
    made.add("started", "shadow")
    assert made.stands()["shadow"] == "interrupted"
    made.more = {"held": True, "pid": 77}
    assert made.stands()["shadow"] == "running"
    assert made.found()["shadow"].reasons == ("process 77",)
    made.add("started", "prep")
    assert made.stands()["shadow"] == "interrupted"
    assert made.stands()["prep"] == "running"
    made.add("interrupted", "prep", reasons=["Ctrl-C"])
    assert made.found()["prep"].reasons == ("Ctrl-C",)
    assert made.stands()["prep"] == "interrupted"


def test_a_stage_that_is_not_the_last_leaves_the_step_open() -> None:
    made = done("prep", "shadow", "soak", "dataset")
    made.finish("ab", "PROMOTE", "promoted", stage=50)
    assert made.stands()["ab"] == "ready"
    made.finish("ab", "PROMOTE", "promoted", stage=100)
    assert made.stands()["ab"] == "done"
    made.add("superseded", "ab", stage=100)
    assert made.stands()["ab"] == "ready"


def test_evidence_ages_and_what_has_none_does_not() -> None:
    made = done("prep")
    made.more = {"max_age_hours": 24.0}
    assert made.stands()["prep"] == "done"
    for hours, state in ((23.9, "done"), (24.1, "stale")):
        at = (AT - timedelta(hours=hours)).isoformat()
        made.finish("shadow", run="release/runs/shadow", meta={"at": at})
        assert made.stands()["shadow"] == state
    assert made.found()["shadow"].reasons == ("its evidence is 24.1 h old, max_age_hours is 24",)
    made.finish("shadow", run="release/runs/shadow")
    assert made.found()["shadow"].reasons == ("its evidence has no time, and max_age_hours is 24",)


def test_a_verdict_that_is_another_one_when_derived_anew_breaks_the_step() -> None:
    made = done("prep")
    made.more = {"overturned": {"prep": "FAIL"}}
    found = made.found()["prep"]
    assert found.state is State.BROKEN
    assert found.reasons == ("derived anew, the verdict is FAIL, not PASS; run the step again",)


EDITS = st.dictionaries(
    st.one_of(
        st.tuples(st.just("input"), st.sampled_from(STEPS), st.sampled_from(["plan", "config"])),
        st.tuples(st.just("file"), st.sampled_from(STEPS), st.sampled_from(["1", "2"])),
    ),
    st.sampled_from(["", "edited", "other"]),
    max_size=4,
)


@given(EDITS, st.sampled_from(range(1, len(STEPS) + 1)))
def test_edits_give_the_stale_and_broken_sets_of_the_graph(
    edits: dict[tuple[str, str, str], str], count: int
) -> None:
    made = done(*STEPS[:count])
    before_edits = (dict(made.files), {step: dict(of) for step, of in made.inputs.items()})
    for (kind, step, name), text in edits.items():
        place = made.inputs[step] if kind == "input" else made.files
        key = name if kind == "input" else f"reports/{step}_{name}"
        place.pop(key, None)
        if text:
            place[key] = digest(text)
    finished = set(STEPS[:count])
    broken = {step for kind, step, _ in edits if kind == "file"} & finished
    changed = {step for kind, step, _ in edits if kind == "input"} & finished
    not_done = broken | changed
    behind = {step for step in finished if not_done & set(before(step))}
    expected = {
        **dict.fromkeys(STEPS, "pending"),
        **dict.fromkeys(finished, "done"),
        **dict.fromkeys((changed | behind) - broken, "stale"),
        **dict.fromkeys(broken, "broken"),
    }
    if count < len(STEPS) and not not_done:
        expected[STEPS[count]] = "ready"
    assert made.stands() == expected
    made.files, made.inputs = before_edits
    assert set(list(made.stands().values())[:count]) == {"done"}


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(STEPS),
        st.sampled_from(
            [
                ("started", None),
                ("interrupted", None),
                ("superseded", None),
                ("finished", "PASS"),
                ("finished", "WARN"),
                ("finished", "FAIL"),
                ("held", "HOLD"),
                ("promoted", "PROMOTE"),
                ("rolled_back", "ROLLBACK"),
            ]
        ),
        st.sampled_from([10, 100, None]),
    ),
    max_size=12,
)


@given(EVENTS, EDITS, st.booleans())
def test_no_edit_makes_done_what_the_ledger_does_not(
    events: list[tuple[str, tuple[str, str | None], int | None]],
    edits: dict[tuple[str, str, str], str],
    held: bool,
) -> None:
    made = Release(more={"held": held})
    for step, (event, verdict), stage in events:
        outputs = {f"reports/{step}_1": digest(f"{step} {verdict}")} if verdict else {}
        made.files |= outputs
        made.add(event, step, verdict=verdict, stage=stage, outputs=outputs)
    for (kind, step, name), text in edits.items():
        place = made.inputs[step] if kind == "input" else made.files
        place[name if kind == "input" else f"reports/{step}_{name}"] = digest(text)
    last = {step: (event, verdict) for step, (event, verdict), _ in events}
    finished = {
        step for step, (_, verdict) in last.items() if verdict in ("PASS", "WARN", "PROMOTE")
    }
    found = {step for step, state in made.stands().items() if state == "done"}
    assert found <= finished
    assert all(set(before(step)) <= found for step in found)


def test_a_lock_that_waits_for_no_ab_is_done_without_one_until_there_is_one() -> None:
    made = done("prep", "shadow", "soak", "dataset")
    made.finish("lock")
    assert made.stands()["lock"] == "stale"
    made.add("started", "lock", plan={"no_ab": True})
    made.add("finished", "lock", verdict="PASS", outputs={})
    stands = made.stands()
    assert (stands["ab"], stands["lock"], stands["daily"]) == ("ready", "done", "ready")
    assert status(made.found()) == 3
    made.finish("daily")
    assert made.stands()["daily"] == "done"
    made.finish("ab", "ROLLBACK", "rolled_back")
    assert made.stands()["lock"] == "stale"
    made.add("started", "lock")
    made.add("finished", "lock", verdict="PASS", outputs={})
    assert made.found()["lock"].reasons[0].startswith("step 5 (ab) is rolled back")
    made.inputs["shadow"]["config"] = digest("other")
    made.add("started", "lock", plan={"no_ab": True})
    assert made.stands()["daily"] == "stale"


def test_a_clock_that_goes_back_makes_nothing_stale() -> None:
    made = done()
    made.more["max_age_hours"] = 1.0
    for entry in made.entries:
        entry.meta["at"] = (AT + timedelta(hours=5)).isoformat()
    assert set(made.stands().values()) == {"done"}


def test_a_candidate_stays_rolled_back_until_it_is_changed() -> None:
    made = done("prep", "shadow", "soak", "dataset")
    made.finish("ab", "ROLLBACK", "rolled_back")
    back = {"seq": 99, "prev": "", "step": "rollback", "event": "rolled_back"}
    made.entries.append(Entry.model_validate({**back, "verdict": "ROLLBACK"}))
    assert made.stands()["prep"] == "stale"
    assert made.stands()["ab"] == "rolled back"
    made.inputs["ab"]["plan"] = digest("more hours")
    assert made.stands()["ab"] == "rolled back"
    assert status(made.found()) == 1
    made.inputs["ab"]["config"] = digest("another candidate")
    assert made.stands()["ab"] == "pending"
    made.inputs["ab"]["config"] = digest("config")
    made.versions["kernel"] = "another"
    assert made.stands()["ab"] == "pending"
