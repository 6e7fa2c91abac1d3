"""One lane of a user's own bot, which switches between A and B: what is compared, what ends it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lone_bot
import numpy as np
import pytest
from ab_blocks import LIMITS, REQUEST, MadeUpPair, alone, of_pairs, switched
from builders import usage_error
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_soak.ab.arms import Arm
from pytest_soak.ab.blocks import BLOCK, SwitchedBlocks
from pytest_soak.ab.compare import NET, difference
from pytest_soak.ab.design import STAGES, A, B, Share, make_design
from pytest_soak.ab.judge import Decision, judge
from pytest_soak.ab.kept import KeptRunner
from pytest_soak.ab.lanes import Done, Where
from pytest_soak.ab.limits import load_rails
from pytest_soak.ab.power import BlockNoise, hours_needed
from pytest_soak.ab.question import Question
from pytest_soak.ab.switched import SwitchedLane, asked_bot
from pytest_soak.artifacts.ab_models import AbPlan, AbReport
from pytest_soak.artifacts.ledger import Ledger
from pytest_soak.commands.ab import ab
from pytest_soak.config.scenarios import load_scenario, scenario_shelf
from pytest_soak.errors import ArtifactError, TargetError
from pytest_soak.targets.base import LaneInfo

LANE = LaneInfo("ab-1", "default", "calm", 1, 30.0)
amounts = st.tuples(st.integers(-1000, 1000).map(float), st.integers(1, 1000).map(float))


# what is compared


@given(st.sampled_from(STAGES), st.integers(10, 240), st.integers(0, 10**18))
def test_each_group_has_both_and_one_is_alone(share: Share, blocks: int, seed: int) -> None:
    found = make_design(share, blocks / 2, [seed], LIMITS, paired=False)
    text, group = found.assignment[seed], found.group
    whole = [text[n : n + group] for n in range(0, blocks - group + 1, group)]
    assert found.values == len(whole) > 0
    assert group == {10: 10, 50: 2, 100: 10}[share]
    assert {one.count(A if share is Share.ALL else B) for one in whole} == {1}


def test_of_too_few_blocks_no_group_is_whole() -> None:
    problem = usage_error(lambda: make_design(Share.ALL, 4.5, [1], LIMITS, paired=False))
    assert (
        "9 blocks have no group with both A and B at 100 %; give 10 or more: --hours=5" in problem
    )


@settings(max_examples=30)
@given(st.lists(st.tuples(amounts, amounts, st.booleans()), min_size=2, max_size=9))
def test_a_difference_is_that_of_the_sums_over_whole_groups(
    rows: list[tuple[tuple[float, float], tuple[float, float], bool]],
) -> None:
    t, treated = np.zeros((1, 2 * len(rows) + 1), BLOCK), np.zeros((1, 2 * len(rows) + 1), np.bool_)
    for n, (one, other, first) in enumerate(rows):
        treated[0, 2 * n + (not first)] = True
        for place, (net, volume) in enumerate((one, other)):
            t["net_quote"][0, 2 * n + place], t["volume_quote"][0, 2 * n + place] = net, volume
    t["net_quote"][0, -1], t["volume_quote"][0, -1] = 1e6, 1.0  # of no whole group
    found = difference(NET, SwitchedBlocks(t, treated, 2).effect, LIMITS.likeness)
    assert found is not None
    whole, b = t[0, :-1], treated[0, :-1]
    wanted = [1e4 * x["net_quote"].sum() / x["volume_quote"].sum() for x in (whole[b], whole[~b])]
    assert [found.b, found.a] == pytest.approx(wanted)
    assert found.delta == pytest.approx(wanted[0] - wanted[1], abs=1e-6)
    assert found.blocks == len(rows)


def test_of_a_group_with_a_block_that_is_not_known_nothing_is_known() -> None:
    blocks = switched(alone(Share.TENTH, 60.0), net=0.4)
    for place in (13, int(np.argmax(blocks.treated[0, 20:30])) + 20):
        blocks.t["net_quote"][0, place] = np.nan
    found = difference(NET, blocks.effect, LIMITS.likeness)
    assert found is not None
    assert (found.blocks, found.missing) == (10, 2)


@pytest.mark.parametrize("share", STAGES)
def test_what_is_better_is_promoted_and_what_is_worse_rolled_back(share: Share) -> None:
    made = alone(share, 120.0)
    better = judge(switched(made, net=0.8, sd=0.3), made, LIMITS, ())
    assert better.decision is Decision.PROMOTE
    assert better.placebo is None
    found = better.findings[NET.name].difference
    assert found.delta == pytest.approx(0.8, abs=0.4)
    assert found.blocks == made.values
    early = 8 * made.group
    worse = judge(switched(made, early, net=-2.0, sd=0.3), made, LIMITS, ())
    assert worse.decision is Decision.ROLLBACK
    assert worse.findings[NET.name].difference.blocks == 8


def test_a_switchback_says_how_many_groups_it_lacks() -> None:
    made = alone(Share.TENTH, 24.0)
    came = judge(switched(made, net=0.8), made, LIMITS, ())
    assert came.decision is Decision.HOLD
    assert came.reasons[0].startswith("4 groups of blocks with both, 12 are needed: at least 36 h")


def test_where_nothing_differs_hardly_anything_is_decided() -> None:
    made, decisions = alone(hours=24.0), []
    for seed in range(40):
        blocks = of_pairs(made, [MadeUpPair(5000 + seed)], made.blocks)
        lone = SwitchedBlocks(blocks.t, blocks.treated, made.group)
        decisions.append(judge(lone, made, LIMITS, ()).decision)
    assert decisions.count(Decision.PROMOTE) <= 4
    assert decisions.count(Decision.ROLLBACK) <= 4


# the lane


def arm(**overrides: float) -> Arm:
    return Arm(name="x", overrides={"edge_bps": 2.0, "taker_share": 0.0, **overrides}, flags={})


def lane(kind: Any, b: Arm, a: Arm | None = None) -> SwitchedLane:
    bot = asked_bot(kind.__name__, kind, LANE)
    return SwitchedLane(bot, LANE, (a or arm(), b), LIMITS, load_rails())


def test_a_lane_runs_under_what_it_is_told_and_ends_under_a() -> None:
    on = arm().model_copy(update={"flags": {"boost.enabled": True}})
    off = arm().model_copy(update={"flags": {"boost.enabled": False}})
    made = lane(lone_bot.Switchable, on, off)
    blocks = [made.run(treated).lanes[0] for treated in (False, True, False)]
    nets = [1e4 * float(x["net_quote"] / x["volume_quote"]) for x in blocks]
    assert nets == pytest.approx([2.0, 2.5, 2.0], abs=1.0)
    made.run(True)
    made.close()
    target: Any = made._target
    assert target.boost == [False, True, False, True, False]
    assert target.told == [2.0, 2.5, 2.0, 2.5]


def test_what_fails_under_b_is_told_and_what_fails_under_a_is_raised() -> None:
    made = lane(lone_bot.Failing, arm(edge_bps=3.0))
    assert made.run(False).fired == ()
    block, (told,) = made.run(True)
    assert "the bot failed under B" in told
    assert "the venue is gone" in told
    assert np.isnan(block[0]["net_quote"])
    with pytest.raises(TargetError, match="an A/B is judged by events"):
        lane(lone_bot.Reckoning, arm()).run(False)


def test_a_limit_that_is_passed_ends_a_block_that_is_reported() -> None:
    made = lane(lone_bot.Reporting, arm(taker_share=1.0))
    lone_bot.Reporting.ended.clear()
    assert made.run(True).fired == ()  # the window of an hour is not full
    assert made.run(True).fired == ()
    (told,) = made.run(True).fired
    assert told.startswith("taker: taker_ratio = 1, > 0.09 for 10 min")
    assert lone_bot.Reporting.ended == [25]


# blocks that are kept


class Counting(MadeUpPair):
    """Says how often it was started, and which blocks it ran; `fails` at the one of that number."""

    ran: list[bool]
    fails = 0

    def run(self, treated: bool) -> Done:
        type(self).ran.append(treated)
        if len(type(self).ran) == type(self).fails:
            raise KeyboardInterrupt
        return super().run(treated)


@pytest.mark.parametrize("killed", [1, 3, 6])
def test_what_was_run_is_not_run_again(tmp_path: Path, killed: int) -> None:
    plan, path = [False, False, True, False, True, True], tmp_path / "blocks.jsonl"

    def through(fails: int) -> list[Done]:
        Counting.ran, Counting.fails = [], fails
        kept = KeptRunner(path, lambda done: Counting(7), cold=2)
        return [kept.run(treated) for treated in plan]

    with pytest.raises(KeyboardInterrupt):
        through(killed)
    assert Counting.ran == plan[:killed]
    before = path.read_bytes() if killed > 1 else b""
    path.write_bytes(before + b"half a li")
    found = through(0) if killed > 1 else []
    if killed == 1:
        with pytest.raises(ArtifactError, match="take it away"):
            through(0)
        return
    assert Counting.ran == [False, False, *plan[killed - 1 :]]
    assert path.read_bytes().startswith(before)
    assert [done.lanes[0].tobytes() for done in through(0)] == [d.lanes[0].tobytes() for d in found]
    assert Counting.ran == []


def test_what_is_not_known_of_a_block_is_kept_so(tmp_path: Path) -> None:
    class Silent(MadeUpPair):
        def run(self, treated: bool) -> Done:
            return Done((np.full((), np.nan, BLOCK),), ("a limit",))

    for _ in range(2):
        (block,), fired = KeptRunner(tmp_path / "x", lambda done: Silent(1), 0).run(True)
        assert np.isnan(block["net_quote"])
        assert fired == ("a limit",)
    with pytest.raises(ArtifactError, match="those of another stage"):
        KeptRunner(tmp_path / "x", lambda done: Silent(1), 0).run(False)


def test_again_a_bot_is_not_started_and_what_it_left_stays_as_it_is(tmp_path: Path) -> None:
    """One that does not do the same again might trade."""
    bot = asked_bot("Bot", lone_bot.Bot, LANE)
    where = Where(load_scenario("calm", scenario_shelf(tmp_path), tmp_path, ""), {})
    question = Question(arm(), arm(edge_bps=2.5), where, (1,), LIMITS, load_rails(), bot)
    kept, folder = tmp_path / "kept", tmp_path / "again"
    kept.mkdir()
    folder.mkdir()
    plan = [False, True]
    made = KeptRunner(kept / "blocks.jsonl", lambda done: MadeUpPair(7), 0)
    ran = [made.run(treated) for treated in plan]
    before = (kept / "blocks.jsonl").read_bytes()
    again = question.runner_again(kept, folder, 1)
    assert [again.run(t).lanes[0].tobytes() for t in plan] == [d.lanes[0].tobytes() for d in ran]
    with pytest.raises(TargetError, match="of the blocks of the A/B 2 are kept, which are not all"):
        again.run(True)
    assert (kept / "blocks.jsonl").read_bytes() == before
    assert [path.name for path in kept.iterdir()] == ["blocks.jsonl"]
    nothing = question.runner_again(tmp_path / "gone", tmp_path / "empty", 1)
    with pytest.raises(TargetError, match="0 are kept"):
        nothing.run(False)


# the command


ASKED = REQUEST._replace(b="b.yaml", target="lone_bot:Bot", hours=20.0)


class Place:
    """Where a user works, and what the command said last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write("b.yaml", "overrides: {edge_bps: 2.6}\n")

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text, "utf-8")

    def ab(self, **asked: Any) -> int:
        self.said: list[str] = []
        found = ab(ASKED._replace(**asked), self.path, self.said.append, self.said.append)
        self.document = found.document
        return found.status

    @property
    def events(self) -> list[tuple[str, int | None]]:
        return [(e.event, e.stage) for e in Ledger(self.path / "out", pytest.fail).entries]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    fewer = LIMITS.model_copy(update={"least_promoted": 4, "least_rolled_back": 3})
    monkeypatch.setattr("pytest_soak.commands.ab.load_limits", lambda: fewer)
    return Place(tmp_path)


def test_a_bot_of_a_users_own_goes_through_its_stages(place: Place) -> None:
    for stage in (10, 50, 100):
        assert place.ab() == 0, place.said
        report = AbReport.model_validate(place.document)
        assert (report.decision, report.stage, report.paired) == ("PROMOTE", stage, False)
        assert report.source == "lone_bot:Bot"
        assert report.placebo is None
        net = next(metric for metric in report.metrics if metric.metric == "net_bps")
        assert net.delta == pytest.approx(0.6, abs=0.1)
    blocks = report.assignment[0].blocks
    assert {blocks[n : n + 10].count("A") for n in range(0, 40, 10)} == {1}
    assert place.events == [(e, s) for s in (10, 50, 100) for e in ("started", "promoted")]
    assert len([*place.path.glob("out/AB_*_pilot/blocks.jsonl")]) == 1


def test_one_that_fails_under_b_is_rolled_back(place: Place) -> None:
    assert place.ab(target="lone_bot:Failing") == 1
    assert "ROLLBACK" in place.said[-1]
    assert "the bot failed under B" in place.said[-1]
    (passed,) = AbReport.model_validate(place.document).passed
    assert passed.startswith("the bot failed under B: ")
    assert place.ab(target="lone_bot:Failing") == 1
    assert place.events == [("started", 10), ("rolled_back", 10)]


def test_one_that_fails_under_a_goes_on_with_the_blocks_that_it_has(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"target": "lone_bot:Failing", "b": "takes.yaml"}
    place.write("takes.yaml", "overrides: {taker_share: 0.01}\n")
    place.ab(plan=True, **asked)
    monkeypatch.setattr(lone_bot.Failing, "at", 20)
    problem = usage_error(lambda: place.ab(accept_low_power=True, **asked))
    assert problem.startswith(
        "--target: the bot failed under A: the target's run raised Connection"
    )
    assert place.events == [("started", 10), ("interrupted", 10)]
    monkeypatch.setattr(lone_bot.Failing, "at", 0)
    (path,) = place.path.glob("out/AB_*_10/blocks.jsonl")
    before = path.read_bytes()
    assert before.count(b"\n") == 19
    assert place.ab(accept_low_power=True, **asked) == 3
    assert path.read_bytes().startswith(before)
    assert place.events[2:] == [("held", 10)]


def test_hours_that_one_lane_cannot_do_are_refused_without_more_seeds(place: Place) -> None:
    place.write("wild.py", WILD)
    assert place.ab(target="wild:Wild") == 3
    assert place.said[-1].startswith("HOLD: 20 h of 1 seed at 10 % are too few to see 0.2 bps")
    assert place.said[-1].endswith("; give --accept-low-power, which marks the report")
    plan = AbPlan.model_validate(place.document)
    assert (plan.enough, plan.remedies, list(plan.stages)) == (False, [], ["10"])
    assert place.ab(target="wild:Wild", plan=True) == 3
    assert place.said[-1].endswith("20 h are too few: one lane cannot show it")


def test_a_block_is_compared_with_the_mean_of_the_others_of_its_group(place: Place) -> None:
    place.write("wild.py", WILD)
    place.ab(target="wild:Wild", plan=True)
    plan = AbPlan.model_validate(place.document)
    sd = plan.stages["50"].sd
    for stage, group in (("10", 10), ("50", 2), ("100", 10)):
        noise = BlockNoise(sd * (group / (group - 1)) ** 0.5)
        fewer = LIMITS.model_copy(update={"least_promoted": 4})
        needed = hours_needed(noise, group, 1, 1, fewer)
        assert plan.stages[stage].model_dump(exclude={"sd"}) == needed._asdict()


def test_a_deterministic_bot_keeps_no_blocks_and_a_stage_is_of_its_bot(place: Place) -> None:
    assert place.ab(target="lone_bot:Repeatable") == 0
    assert not [*place.path.glob("out/*/blocks.jsonl")]
    problem = usage_error(lambda: place.ab(stage=50))
    assert problem.startswith("--stage: stage 50 needs PROMOTE of stage 10 with the same A, B")


WILD = """
import lone_bot
class Wild(lone_bot.Bot):
    noise_bps = 5.0
"""


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"seeds": "1..2"}, "--seeds: expected one seed, got 2: lone_bot:Bot has one lane"),
        ({"b": "steady"}, "--b: unknown profile, preset or variant 'steady'"),
        ({"b": "wrong.yaml"}, "unknown parameter 'edge'; did you mean 'edge_bps'?"),
        ({"b": "flag.yaml", "target": "lone_bot:Fixed"}, "--b: sets the flag boost.enabled, and"),
        ({"b": "flag.yaml", "target": "lone_bot:Cold"}, "boost.enabled, which is not `hot`: the"),
        ({"target": "lone_bot:Bott"}, "--target: unknown attribute of lone_bot 'Bott'; did you"),
        ({"target": "lone_bot:Reckoning"}, "--target: the bot failed under A: lone_bot:Reckoning"),
        ({"target": "lone_bot:Idle"}, "--target: tick_total_p95_ms has a value in 0 of 12 blocks"),
        ({"hours": 4.0}, "--hours: 8 blocks have no group with both A and B at 10 %"),
    ],
)
def test_what_cannot_be_meant_is_refused(place: Place, asked: dict[str, Any], problem: str) -> None:
    place.write("wrong.yaml", "overrides: {edge: 1}\n")
    place.write("flag.yaml", "flags: {boost.enabled: true}\n")
    assert problem in usage_error(lambda: place.ab(**asked))
    assert place.events == []
