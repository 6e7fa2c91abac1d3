"""`pytest-soak ab` on lanes made up: stages, ledger, report, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ab_blocks import REQUEST, MadeUpPair
from builders import usage_error
from finished_runs import outcome, result, write_run

from pytest_soak.ab import question
from pytest_soak.ab.lanes import Done
from pytest_soak.artifacts.ab_models import AbReport
from pytest_soak.artifacts.ledger import LEDGER, Ledger
from pytest_soak.artifacts.models import shipped_schema
from pytest_soak.artifacts.names import PRODUCTION_SNAPSHOT
from pytest_soak.cli import main
from pytest_soak.commands import ab_stages
from pytest_soak.commands.ab import ab
from pytest_soak.errors import ArtifactError
from pytest_soak.report.ab import ab_text
from pytest_soak.storage.files import write_json, write_text
from pytest_soak.text import number, signed

EFFECTS: dict[str, dict[str, float]] = {
    "better": {"net": 0.4},
    "little": {"net": 0.1},
    "worse": {"net": -1.0},
    "noisy": {"net": 0.4, "sd": 3.0},
    "idle": {"sd": 0.0},
}
ARTIFACTS = ("AB_*.json", "AB_*.md")


class Killed(BaseException):
    """The process is killed here."""


class Lanes:
    """Makes pairs whose B has the effect of its name; `before` is called before each block."""

    def __init__(self) -> None:
        self.treated: list[bool] = []
        self.before: Callable[[int], None] = lambda _: None

    def __call__(self, where: object, seed: int, arms: Any, *_: object) -> MadeUpPair:
        outer = self

        class Pair(MadeUpPair):
            def run(self, treated: bool) -> Done:
                outer.before(len(outer.treated))
                outer.treated.append(treated)
                return super().run(treated)

        return Pair(seed, **EFFECTS[arms[1].name])  # type: ignore[arg-type]


class Folder:
    """Where a user works, and what the command said last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.said: list[str] = []

    def ab(self, **asked: Any) -> int:
        self.said = []
        say = self.said.append
        self.answer = ab(REQUEST._replace(**asked), self.path, say, say)
        return self.answer.status

    @property
    def entries(self) -> list[tuple[str, int | None]]:
        found = Ledger(self.path / "out", pytest.fail).entries
        return [(entry.event, entry.stage) for entry in found]

    def files(self) -> dict[str, bytes]:
        out = self.path / "out"
        paths = [*out.glob("AB_*"), *out.glob(LEDGER)]
        return {path.name: path.read_bytes() for path in sorted(paths)}

    def report(self, stage: int = 10) -> AbReport:
        (path,) = (self.path / "out").glob(f"AB_*_{stage}.json")
        return AbReport.model_validate_json(path.read_text("utf-8"))


@pytest.fixture
def lanes(monkeypatch: pytest.MonkeyPatch) -> Lanes:
    made = Lanes()
    monkeypatch.setattr(question, "SimulatedPair", made)
    monkeypatch.setattr("pytest_soak.commands.ab_stages.compile_announced", lambda _: None)
    return made


def workplace(path: Path) -> Folder:
    path.mkdir(exist_ok=True)
    for place, name in enumerate(EFFECTS):
        (path / f"{name}.yaml").write_text(f"overrides: {{tail_age_ms: {700 + place}}}\n")
    return Folder(path)


@pytest.fixture
def here(tmp_path: Path, lanes: Lanes) -> Folder:
    return workplace(tmp_path / "here")


def test_what_is_better_goes_through_its_stages(here: Folder) -> None:
    for stage, after in ((10, "--stage=50"), (50, "--stage=100"), (100, "take the place of A")):
        assert here.ab() == 0
        start = f"PROMOTE: better against steady_safe on calm, {stage} %: net_bps +0."
        assert here.said[-1].startswith(start)
        assert after in here.said[-1]
        report = here.report(stage)
        assert (report.decision, report.stage, report.hours_used) == ("PROMOTE", stage, 5.0)
    assert here.entries == [(e, s) for s in (10, 50, 100) for e in ("started", "promoted")]
    before = here.files()
    assert here.ab() == 0
    assert here.said[-1].startswith("PROMOTE: stage 100 was decided before: net_bps +0.")
    assert here.files() == before


def test_a_stage_needs_the_one_before_of_the_same_change(here: Folder) -> None:
    wanted = "--stage: stage 50 needs PROMOTE of stage 10"
    assert usage_error(lambda: here.ab(stage=50)).startswith(wanted)
    assert here.ab(stage=10) == 0
    assert usage_error(lambda: here.ab(stage=50, market="volatile")).startswith(wanted)
    assert usage_error(lambda: here.ab(stage=50, settings=("sigma=0.03",))).startswith(wanted)
    (here.path / "better.yaml").write_text("overrides: {tail_age_ms: 760}\n")
    assert usage_error(lambda: here.ab(stage=50)).startswith(wanted)


def test_a_hold_is_final_for_its_change(here: Folder) -> None:
    assert here.ab(b="little.yaml") == 3
    assert here.said[-1].startswith("HOLD: little against steady_safe on calm, 10 %: net_bps +0.")
    assert "change it to try again" in here.said[-1]
    assert here.ab(b="little.yaml", hours=72.0) == 3
    assert "decided before" in here.said[-1]
    assert here.entries == [("started", 10), ("held", 10)]


def test_what_is_not_promoted_at_a_look_goes_on_to_the_next(here: Folder) -> None:
    assert here.ab(b="little.yaml", hours=48.0, seeds="1..3") == 3
    assert here.said[0].startswith("look 1 of 2, the stage goes on: net_bps +0.")
    assert here.report().looks == [24.0, 48.0]
    assert here.report().hours_used == 48.0


def test_a_rollback_ends_the_stage_within_its_block(here: Folder, lanes: Lanes) -> None:
    assert here.ab(b="worse.yaml", seeds="1..40") == 1
    assert here.said[0].startswith("lane T is under A again: net_bps -")
    assert here.said[-1].startswith("ROLLBACK: worse against steady_safe on calm, 10 %: net_bps -")
    report = here.report()
    assert report.hours_used < 5.0
    pilot, cold = 4 * 16, 40 * 4
    assert len(lanes.treated) == pilot + cold + 40 * int(2 * report.hours_used)
    assert here.ab(b="worse.yaml") == 1


def test_the_plan_is_on_the_ledger_before_the_first_block(here: Folder, lanes: Lanes) -> None:
    entries: dict[int, int] = {}

    def seen(number: int) -> None:
        entries[number] = len(Ledger(here.path / "out", pytest.fail).entries)

    lanes.before = seen
    here.ab()
    pilot = 4 * 16
    assert {entries[n] for n in range(pilot)} == {0}
    assert {n for k, n in entries.items() if k >= pilot} == {1}
    plan = Ledger(here.path / "out", pytest.fail).entries[0].plan
    assert {"hypotheses", "a", "b", "limits", "rails", "design", "market", "low_power"} <= set(plan)
    assert plan["limits"]["chance"] == 0.05
    assert set(plan["design"]["assignment"]) == {str(seed) for seed in range(1, 17)}
    drawn = {str(lane.seed): lane.blocks for lane in here.report().assignment}
    assert drawn == plan["design"]["assignment"]


@pytest.mark.parametrize("moment", [70, 250, "md", "promoted", "started"])
def test_a_killed_stage_is_done_again_with_the_same_bytes(
    tmp_path: Path, lanes: Lanes, moment: int | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, torn = workplace(tmp_path / "whole"), workplace(tmp_path / "torn")
    assert whole.ab() == 0
    lanes.treated.clear()
    add = Ledger.add

    def block(number: int) -> None:
        if number == moment:
            raise Killed

    def writing(path: Path, text: str, **more: Any) -> None:
        if path.name.endswith(f".{moment}"):
            raise Killed
        write_text(path, text, **more)

    def adding(self: Ledger, event: Any, *args: Any, **fields: Any) -> Any:
        if event == moment:
            raise Killed
        return add(self, event, *args, **fields)

    lanes.before = block
    with monkeypatch.context() as patch:
        patch.setattr(ab_stages, "write_text", writing)
        patch.setattr(Ledger, "add", adding)
        with pytest.raises(Killed):
            torn.ab()
    lanes.before = lambda _: None
    assert torn.ab() == 0
    assert torn.files() == whole.files()


def interrupted(here: Folder, lanes: Lanes) -> None:
    def interrupt(number: int) -> None:
        if number == 200:
            raise KeyboardInterrupt

    lanes.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        here.ab()
    lanes.before = lambda _: None


def test_an_interrupted_stage_says_so_and_goes_on_only_as_planned(
    here: Folder, lanes: Lanes
) -> None:
    interrupted(here, lanes)
    assert here.entries == [("started", 10), ("interrupted", 10)]
    problem = usage_error(lambda: here.ab(hours=30.0))
    assert problem.startswith("--stage: stage 10 was begun with another plan, and is not decided")
    assert "go on with --hours=5 --seeds=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16" in problem
    assert here.ab() == 0


def test_a_stage_that_another_comparison_comes_before_is_superseded(
    here: Folder, lanes: Lanes
) -> None:
    interrupted(here, lanes)
    assert here.ab(b="little.yaml") == 3
    told = [("started", 10), ("interrupted", 10), ("superseded", 10), ("started", 10), ("held", 10)]
    assert here.entries == told
    first, _, over, *_ = Ledger(here.path / "out", pytest.fail).entries
    assert over.inputs == first.inputs
    assert here.ab() == 0  # as it was planned
    assert here.ab(b="worse.yaml", seeds="1..40") == 1
    assert here.entries == [*told, ("promoted", 10), ("started", 10), ("rolled_back", 10)]


def test_what_cannot_decide_is_refused_with_what_could(here: Folder) -> None:
    assert here.ab(b="noisy.yaml") == 3
    (line,) = here.said
    assert re.match(r"HOLD: 5 h of 16 seeds at 10 % are too few .*; give \d+ seeds, or --acc", line)
    assert here.entries == []
    assert here.ab(b="noisy.yaml", accept_low_power=True) == 3
    assert here.report().low_power
    assert "**Low power**" in "".join(
        path.read_text("utf-8") for path in (here.path / "out").glob("AB_*.md")
    )


def test_a_plan_says_the_hours_of_each_stage_and_writes_nothing(here: Folder) -> None:
    assert here.ab(plan=True) == 0
    rows = here.said[0].splitlines()
    assert rows[0].split() == [
        "stage",
        "one",
        "look",
        "planned",
        "looks",
        "every",
        "look",
        "fewest",
    ]
    assert [row.split()[0] for row in rows[1:]] == ["10", "50", "100"]
    assert here.said[-1].endswith("16 seeds, 5 h are enough")
    assert here.ab(plan=True, b="noisy.yaml") == 3
    assert re.search(r"5 h are too few: give \d+ seeds$", here.said[-1])
    assert not (here.path / "out").exists()


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"b": "steady_safe"}, "--b: steady_safe is the same as steady_safe in every parameter"),
        ({"b": "nobody"}, "--b: unknown profile, preset or variant 'nobody'"),
        ({"b": "x" * 300}, "--b: unknown profile, preset or variant 'xxx"),
        ({"b": "x\0"}, "--b: "),
        ({"a": "agressive"}, "--a: unknown profile, preset or variant 'agressive'; did you mean"),
        ({"market": "calmer"}, "--market: unknown market 'calmer'; did you mean 'calm'?"),
        ({"settings": ("sigmas=1",)}, "--set: unknown market setting 'sigmas'; did you mean"),
        ({"seeds": "1..x"}, "--seeds: expected seeds like 42, 1,2,3 or 1..8"),
        ({"seeds": "1,1"}, "--seeds: expected seeds that differ"),
        ({"hours": 0.0}, "--hours: expected 0.5 to 120 hours, got 0"),
        ({"hours": float("nan")}, "--hours: expected 0.5 to 120 hours, got nan"),
        ({"b": "idle.yaml"}, "--b: B did the same as A in every block"),
    ],
)
@pytest.mark.parametrize("plan", [False, True])
def test_what_cannot_be_meant_is_refused_and_leaves_no_event(
    here: Folder, asked: dict[str, Any], problem: str, plan: bool
) -> None:
    assert usage_error(lambda: here.ab(plan=plan, **asked)).startswith(problem)
    assert not (here.path / "out" / LEDGER).exists()


def test_the_report_is_what_its_schema_says_and_its_text_has_no_number_of_its_own(
    here: Folder,
) -> None:
    here.ab(hours=48.0)
    report = here.report()
    jsonschema.validate(report.data(), json.loads(shipped_schema("ab-report")))
    assert ab_text(report) in {
        path.read_text("utf-8") for path in (here.path / "out").glob("AB_*.md")
    }
    known = {token for leaf in leaves(report.data()) for token in numbers(leaf)}
    told = set(numbers(ab_text(report)))
    assert told <= known | {str(len(report.assignment))}
    assert len(told) > 40


def leaves(data: Any) -> Iterator[str]:
    """Every key and value of JSON data, as a report may write it."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from leaves(value)
    elif isinstance(data, list):
        for value in data:
            yield from leaves(value)
    elif isinstance(data, float | int):
        yield number(float(data))
        yield signed(float(data))
    else:
        yield str(data)


def numbers(text: str) -> list[str]:
    return re.findall(r"[-+]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]\d+)?", text)


def test_a_page_lies_beside_the_report_and_is_not_on_the_ledger(here: Folder) -> None:
    here.ab()
    (page,) = (here.path / "out").glob("AB_*.html")
    assert here.said[-2] == f"report: {page}"
    first = page.read_text("utf-8")
    assert "better against steady_safe on calm, 10 %" in first
    (decided,) = Ledger(here.path / "out", pytest.fail).entries[1:]
    assert {name.rpartition(".")[2] for name in decided.outputs} == {"json", "md"}
    page.unlink()
    assert here.ab() == 0
    assert here.ab(stage=10) == 0
    assert page.read_text("utf-8") == first


def test_a_report_has_what_could_be_seen_and_the_absolute_limits(here: Folder) -> None:
    here.ab()
    report = here.report()
    assert report.could_see is not None
    assert 0.0 < report.could_see < 0.2
    assert report.power == 0.8
    assert report.rails[1] == "taker: taker_ratio of 1h > 0.09 for 10m"
    assert report.passed == []
    assert {m.metric: m.limit for m in report.metrics if m.rule} == {
        "net_bps": 0.2,
        "slippage_bps": 0.0,
        "tick_total_p95_ms": 10.0,
        "net_quote": 0.0,
    }
    assert {m.limit for m in report.metrics if not m.rule} == {None}


def test_a_report_that_was_edited_is_refused(here: Folder) -> None:
    here.ab()
    (path,) = (here.path / "out").glob("AB_*.md")
    path.write_text(path.read_text("utf-8").replace("PROMOTE", "promote"), "utf-8")
    with pytest.raises(ArtifactError, match="is not what the ledger says was written"):
        here.ab(stage=10)
    path.unlink()
    with pytest.raises(ArtifactError, match="is missing"):
        here.ab(stage=10)
    assert here.ab() == 0  # the next stage rests on the ledger


def test_several_threads_give_the_same_bytes(tmp_path: Path, lanes: Lanes) -> None:
    one, two = workplace(tmp_path / "one"), workplace(tmp_path / "two")
    assert (one.ab(), two.ab(jobs=4)) == (0, 0)
    assert one.files() == two.files()


def test_what_it_came_to_is_a_document_for_machines(here: Folder) -> None:
    here.ab()
    assert here.answer.document == here.report().data()
    before = here.answer
    assert here.ab(stage=10) == 0
    assert here.answer == before
    for asked in ({"b": "noisy.yaml"}, {"b": "noisy.yaml", "plan": True}):
        assert here.ab(**asked) == 3
        plan = dict(here.answer.document)
        jsonschema.validate(plan, json.loads(shipped_schema("ab-plan")))
        assert (plan["enough"], plan["hours_asked"]) == (False, 5.0)
        assert set(plan["stages"]) == ({"10", "50", "100"} if "plan" in asked else {"10"})
        assert plan["remedies"][-1] in here.said[-1]
    assert here.ab(plan=True) == 0
    assert (here.answer.document["enough"], here.answer.document["remedies"]) == (True, [])


def test_json_is_all_that_is_on_stdout(
    here: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(here.path)
    monkeypatch.setattr("sys.argv", ["pytest-soak", "ab", "--b=better.yaml", "--hours=5", "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    assert ended.value.code == 0
    assert json.loads(told.out)["decision"] == "PROMOTE"
    assert told.err.splitlines()[-1].startswith("PROMOTE: better against steady_safe on calm, 10 %")


def frozen(root: Path, *seeds: int) -> Path:
    """A run whose lanes have frozen their overrides."""
    write_run(root, result(*(outcome(seed) for seed in seeds)))
    for seed in seeds:
        home = f"steady_safe-calm-{seed}" if len(seeds) > 1 else ""
        snapshot = {
            "schema": "pytest-soak/production-snapshot/1",
            "source": "sim",
            "lane": f"steady_safe-calm-{seed}",
            "overrides": {"tail_age_ms": 690.0},
        }
        write_json(root / "latest" / home / PRODUCTION_SNAPSHOT, snapshot)
    return root


def test_a_run_stands_for_the_snapshot_in_it(here: Folder) -> None:
    frozen(here.path / "run", 1)
    assert here.ab(a="run") == 0
    assert here.report().a.overrides["tail_age_ms"] == 690.0
    assert here.ab(a="run/latest/PRODUCTION_SNAPSHOT.json") == 0
    assert here.report(50).a.digest == here.report().a.digest
    assert here.ab(a="run/latest", b="better.yaml") == 0


def test_a_run_that_has_no_snapshot_or_several_is_refused(here: Folder) -> None:
    write_run(here.path / "none", result(outcome(1)))
    assert usage_error(lambda: here.ab(a="none")).startswith(
        "--a: none: no lane on calm has a PRODUCTION_SNAPSHOT.json, which a freeze writes"
    )
    frozen(here.path / "two", 1, 2)
    problem = usage_error(lambda: here.ab(a="two"))
    assert (
        "--a: two: 2 lanes on calm have a PRODUCTION_SNAPSHOT.json; give the path of one" in problem
    )
    frozen(here.path / "calmer", 1)
    assert "no lane on spike" in usage_error(lambda: here.ab(a="calmer", market="spike"))
    (here.path / "steady_safe").mkdir()
    assert here.ab(a="steady_safe") == 0
