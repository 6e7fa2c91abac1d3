"""`pytest-soak release lock --check`: a session of the candidate, held against the lock."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from releases import ASKED, Releasing, as_typed, make_lock
from workflow_commands import obeyed

from benchmarks.releasing_bot import BOT
from conftest import Once
from pytest_soak.artifacts.models import shipped_schema
from pytest_soak.commands.release_check import check_lock
from pytest_soak.errors import SoakUsageError
from pytest_soak.system import machine_class

PLAN = "target: {target}\ncandidate: {{overrides: {{fetch_ms: {fetch_ms}}}}}\nseeds: 1\n"


class Checkout(Releasing):
    """A checkout with a plan, a bot and a lock."""

    def plan(self, fetch_ms: float = 21.0, target: str = "locked_bot:Bot") -> None:
        self.write("release.yaml", PLAN.format(target=target, fetch_ms=fetch_ms))

    @property
    def file(self) -> Path:
        return self.out / "baseline/stage_budgets.locked.json"

    def edit(self, change: Callable[[Any], object]) -> None:
        """Another lock, by a change of its data."""
        data = json.loads(self.file.read_text())
        change(data)
        self.file.write_text(json.dumps(data))

    def loosen(self) -> None:
        """A bot that says no more that it does the same again, and a lock of it."""
        self.plan(target="locked_bot:Loose")
        self.edit(lambda lock: lock.update(source="locked_bot:Loose"))
        self.edit(lambda lock: lock["design"].update(deterministic=False))

    def check(self, runs: int | None = None, *, dry: bool = False) -> int:
        self.said = []
        here = (self.env, self.folder, self.clock, self.said.append)
        self.worked = check_lock(ASKED, runs, ("-q",), *here, dry=dry)
        return self.worked.status

    def written(self) -> Any:
        """CI_GATES_STATUS.json, which is that of the last check."""
        found = json.loads((self.out / "reports/CI_GATES_STATUS.json").read_text())
        jsonschema.validate(found, json.loads(shipped_schema("ci-gates-status")))
        assert found == self.worked.document
        return found


@pytest.fixture
def checkout(tmp_path: Path, once: Once) -> Iterator[Checkout]:
    def fill(folder: Path) -> None:
        (folder / "locked_bot.py").write_text(BOT)
        Checkout(folder).plan()
        make_lock(folder, range(1, 6), 20.0)

    made = once("locked", fill)
    for name in ("locked_bot.py", "release.yaml"):
        shutil.copy2(made / name, tmp_path)
    shutil.copytree(made / "artifacts", tmp_path / "artifacts")
    with as_typed():
        yield Checkout(tmp_path)


def test_the_build_that_was_locked_passes_on_a_checkout_without_a_ledger(
    checkout: Checkout,
) -> None:
    assert checkout.check() == 0
    assert checkout.said[-1] == "PASS: release.yaml against lock 1, 5 runs, exactly"
    found = checkout.written()
    assert (found["exact"], found["same"], found["seeds"]) == (True, 5, [1, 2, 3, 4, 5])
    assert {one["verdict"] for one in found["checks"]} == {"PASS"}
    assert {one["reason"] for one in found["checks"]} == {"", "takes no time, as before"}
    assert found["run"] == "release/runs/lock-check/latest"
    assert not (checkout.out / "release/LEDGER.jsonl").exists()
    text = (checkout.out / "reports/CI_GATES_STATUS.md").read_text()
    assert text.startswith("# PASS: release.yaml against lock 1\n")


def test_a_slower_build_fails_and_a_runner_of_github_shows_it(checkout: Checkout) -> None:
    checkout.prep()
    before, ledger = checkout.stands(), (checkout.out / "release/LEDGER.jsonl").read_bytes()
    checkout.plan(fetch_ms=22.0)
    summary = checkout.folder / "summary.md"
    checkout.env |= {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    assert checkout.check() == 1
    reason = "fetch_md_p95_ms must be <= +3 %: +4.56 %, exactly"
    assert checkout.written()["reasons"] == [reason]
    assert checkout.written()["notes"] == ["the candidate is another one than was locked"]
    assert checkout.said[-1] == (
        f"FAIL: release.yaml against lock 1, 5 runs, exactly: {reason}; next: change the "
        "candidate, or pytest-soak release lock --replace=REASON"
    )
    assert [(c.name, c.title, c.message) for c in obeyed(checkout.said)] == [
        ("error", "lock 1", reason)
    ]
    assert "### FAIL" in summary.read_text()
    assert "| tick&#95;total&#95;p95&#95;ms |" in summary.read_text()
    checkout.plan()
    assert checkout.stands() == before
    assert (checkout.out / "release/LEDGER.jsonl").read_bytes() == ledger


def test_a_session_that_makes_no_run_is_none(checkout: Checkout) -> None:
    assert checkout.check() == 0
    checkout.write("conftest.py", "def pytest_sessionstart():\n    raise RuntimeError\n")
    with pytest.raises(SoakUsageError, match=r"the session ended by \d and made no run"):
        checkout.check()


def test_an_interrupted_check_says_nothing_of_the_build(checkout: Checkout) -> None:
    checkout.write(
        "conftest.py",
        "import os, signal\n\n\n"
        "def pytest_soak_iteration_finished():\n    os.kill(os.getpid(), signal.SIGTERM)\n",
    )
    assert checkout.check() == 2
    assert checkout.said[-1].startswith("interrupted: the same command begins anew")
    assert not (checkout.out / "reports").exists()


def test_another_version_is_held_by_how_far_runs_lie_apart(checkout: Checkout) -> None:
    checkout.edit(lambda lock: lock["versions"].update(target="0"))
    assert checkout.check(runs=7) == 0
    found = checkout.written()
    assert (found["exact"], found["same"], found["notes"]) == (False, None, ["target was 0, is 1"])
    assert found["seeds"] == [1, 2, 3, 4, 5, 6, 7]
    (fetched,) = (one for one in found["checks"] if one["name"] == "fetch_md_p95_ms")
    assert fetched["half_width_pct"] > 0.0
    assert checkout.said[-1].endswith("7 runs, by how far runs lie apart")


def test_where_runs_lie_too_far_apart_nothing_is_decided(checkout: Checkout) -> None:
    checkout.loosen()
    apart = [18.0, 20.0, 22.0, 24.0, 26.0]
    checkout.edit(lambda lock: lock["baseline"]["fetch_md"].update(runs=apart))
    checkout.env |= {"GITHUB_ACTIONS": "true"}
    assert checkout.check() == 3
    (told,) = obeyed(checkout.said)
    assert told.name == "warning"
    assert told.message.startswith("fetch_md_p95_ms must be <= +3 %: ")
    assert told.message.endswith("more runs of each would decide")
    assert checkout.said[-1].endswith("; next: pytest-soak release lock --check --runs=N")


@pytest.mark.parametrize("machine", ["Linux of another kind", None])
def test_noise_of_another_machine_holds_and_nothing_is_run(
    checkout: Checkout, machine: str | None
) -> None:
    checkout.loosen()
    checkout.edit(lambda lock: lock["meta"].pop("machine"))
    if machine:
        checkout.edit(lambda lock: lock["meta"].update(machine=machine))
    assert checkout.check() == 3
    assert not (checkout.out / "release/runs").exists()
    found = checkout.written()
    assert (found["verdict"], found["checks"], found["run"]) == ("HOLD", [], None)
    assert (
        f"({machine or 'one that is not told'}) than this one ({machine_class()})"
        in (found["reasons"][0])
    )
    assert "nothing was run" in checkout.said[-1]


def test_what_a_dry_run_would_do_is_said(checkout: Checkout) -> None:
    files = checkout.files()
    assert checkout.check(dry=True) == 0
    assert checkout.said[0].startswith(
        "would run python -m pytest --soak-iterations=1 --soak-minutes=20 --soak-target=locked_bot:"
    )
    assert "--soak-gate=ci_baseline" in checkout.said[0]
    assert checkout.files() == files


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "no lock; restore it, e.g. from version control, or make one"),
        ("", "is not valid JSON"),
        ('{"schema": "pytest-soak/locked', "is not valid JSON"),
        ('{"schema": "pytest-soak/stage-budgets/1"}', "expected the schema 'pytest-soak/locked-bu"),
        ('{"schema": "pytest-soak/locked-budgets/1"}', "missing key 'source'"),
        ("[]", "expected the schema"),
    ],
)
def test_a_lock_that_is_none_is_refused(checkout: Checkout, text: str | None, said: str) -> None:
    checkout.file.unlink()
    if text is not None:
        checkout.file.write_text(text)
    with pytest.raises(SoakUsageError) as refused:
        checkout.check()
    assert str(refused.value).startswith(f"{checkout.file}")
    assert said in str(refused.value)
    assert "restore it" in str(refused.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lock: lock["design"].update(seeds=[]), "design.seeds: expected 1 or more entries"),
        (lambda lock: lock["design"].update(minutes=0), "design.minutes: expected greater than 0"),
        (lambda lock: lock["tick_total"].update(runs=[-1]), "greater than or equal to 0"),
        (lambda lock: lock["gates"].update(hit_ratio_min=2), "gates.hit_ratio_min: expected less"),
        (lambda lock: lock.update(source="sim"), "is of sim, and the plan has locked_bot:Bot"),
    ],
)
def test_a_lock_that_cannot_be_is_refused(
    checkout: Checkout, change: Callable[[Any], object], said: str
) -> None:
    checkout.edit(change)
    with pytest.raises(SoakUsageError, match=said):
        checkout.check()


def test_more_runs_of_a_bot_that_does_the_same_again_are_refused(checkout: Checkout) -> None:
    with pytest.raises(SoakUsageError, match="--runs: locked_bot:Bot does the same again"):
        checkout.check(runs=9)
