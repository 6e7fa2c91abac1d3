"""Two groups of lanes beside each other: how, what differs, and when nothing is said."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from builders import usage_error
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.artifacts.compare_models import Found, Measure, Way
from pytest_soak.canonical import dumps
from pytest_soak.comparing.document import document
from pytest_soak.comparing.findings import ComparedGroups, compare_groups
from pytest_soak.comparing.groups import LARGEST, Group, Hours, MarketId, in_all
from pytest_soak.comparing.match import match
from pytest_soak.comparing.series import measure_of, series
from pytest_soak.comparing.words import title
from pytest_soak.stats.estimate import mean_of
from pytest_soak.targets.abilities import abilities
from pytest_soak.targets.resolve import BUILT_IN, named_factory

CALM = MarketId("calm", "", "")


def hours(seed: int, n: int = 6, shift: float = 0.0, **kpis: float | None) -> Hours:
    """Iterations 5 and on of a lane whose net_bps has noise of its own."""
    rng = np.random.default_rng(seed)
    return {
        number: {"net_bps": 3.0 + shift + 0.1 * float(rng.normal()), "restarts": 0.0} | kpis
        for number in range(5, 5 + n)
    }


def group(run: str, lanes: Mapping[int, Hours], **facts: object) -> Group:
    given: dict[str, object] = {
        "run": run,
        "profile": "steady_safe",
        "variant": "",
        "market": CALM,
        "target": "sim",
        "lanes": lanes,
        "wished": {},
    }
    return Group(**(given | facts))  # type: ignore[arg-type]


def lanes(seeds: range, shift: float = 0.0, n: int = 6) -> dict[int, Hours]:
    return {seed: hours(seed, n, shift * (1 + 0.01 * seed)) for seed in seeds}


def found_of(comparison: ComparedGroups, kpi: str = "net_bps") -> Found:
    (finding,) = (one for one in comparison.findings if one.change.kpi == kpi)
    return finding.found


def verdict(*comparisons: ComparedGroups) -> tuple[str, str]:
    made = document("a", "sim", comparisons, [])
    return made.verdict, made.text


def test_lanes_of_one_seed_are_paired_and_see_what_others_do_not() -> None:
    reference = group("a", lanes(range(1, 9)))
    paired = compare_groups(reference, group("b", lanes(range(1, 9), -0.02)))
    assert paired.design.way is Way.SEEDS
    assert paired.design.seeds == tuple(range(1, 9))
    assert found_of(paired) is Found.WORSE
    assert verdict(paired)[0] == "FAIL"
    net, restarts = (one.change.correlation for one in paired.findings)
    assert net == pytest.approx(1.0, abs=0.01)
    assert restarts is None
    others = compare_groups(reference, group("b", lanes(range(11, 19), -0.02)))
    assert (others.design.way, others.design.unpaired) == (Way.LANES, "no seed in common")
    assert found_of(others) is Found.NONE
    assert {one.change.correlation for one in others.findings} == {None}
    assert verdict(others) == (
        "PASS",
        "PASS against a: none of 2 KPIs got worse, as far as can be seen",
    )
    assert (
        found_of(compare_groups(reference, group("b", lanes(range(11, 19), 0.5)))) is Found.BETTER
    )


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("mybot:Bot", "whether mybot:Bot is deterministic is not recorded in a and b"),
        ("mock", "other targets: sim, mock"),
    ],
)
def test_lanes_that_need_not_have_met_the_same_are_not_paired(target: str, why: str) -> None:
    before = "sim" if target == "mock" else target
    one = compare_groups(
        group("a", lanes(range(4)), target=before), group("b", lanes(range(4)), target=target)
    )
    assert (one.design.way, one.design.unpaired, one.design.seeds) == (Way.LANES, why, ())


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (True, True, ""),
        (False, False, "mybot:Bot does not call itself deterministic in a and b"),
        (True, False, "mybot:Bot does not call itself deterministic in b"),
        (False, None, "mybot:Bot does not call itself deterministic in a"),
        (None, True, "whether mybot:Bot is deterministic is not recorded in a"),
    ],
)
def test_lanes_of_ones_own_bot_are_paired_where_it_called_itself_deterministic_in_both(
    before: bool | None, after: bool | None, why: str
) -> None:
    one = compare_groups(
        group("a", lanes(range(4)), target="mybot:Bot", deterministic=before),
        group("b", lanes(range(4)), target="mybot:Bot", deterministic=after),
    )
    assert (one.design.way, one.design.unpaired) == (Way.LANES if why else Way.SEEDS, why)


@given(st.lists(st.sampled_from((True, False, None)), min_size=1))
def test_all_say_so_only_where_none_denies_it_and_each_is_known(said: list[bool | None]) -> None:
    assert in_all(said) is (False if False in said else None if None in said else True)


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_target_of_which_lanes_are_paired_draws_the_same_again(name: str) -> None:
    factory = named_factory(name, "target", Path())
    assert abilities(factory, name).deterministic


@pytest.mark.parametrize(
    ("before", "after", "lacking"),
    [
        (range(2), range(2), "needs 1 more lane of a and 1 more lane of b"),
        (range(8), range(10, 11), "needs 2 more lanes of b"),
        (range(8), range(7, 9), "needs 1 more lane of b"),
    ],
)
def test_few_lanes_say_nothing_but_how_many_more_it_takes(
    before: range, after: range, lacking: str
) -> None:
    one = compare_groups(group("a", lanes(before)), group("b", lanes(after, -9.0)))
    assert (one.design.way, one.findings, one.lacking) == (Way.NONE, (), lacking)
    assert verdict(one) == (
        "HOLD",
        f"HOLD against a: not enough: b (steady_safe on calm) {lacking}",
    )


def test_one_lane_each_is_compared_by_its_iterations() -> None:
    def single(seed: int, shift: float = 0.0, n: int = 20) -> Group:
        return group("b" if shift else "a", lanes(range(seed, seed + 1), shift, n))

    paired = compare_groups(single(1), single(1, -0.05))
    assert paired.design.way is Way.WINDOWS
    assert found_of(paired) is Found.CONSTANT
    series_ = compare_groups(single(1), single(2, -0.5))
    assert series_.design.way is Way.SERIES
    assert found_of(series_) is Found.WORSE
    assert found_of(compare_groups(single(1), single(2, 0.001))) is Found.NONE
    short = compare_groups(single(1), single(2, -0.5, n=9))
    assert short.lacking == "needs 3 more graded iterations of b"
    assert verdict(short)[0] == "HOLD"


def test_neighbours_too_much_alike_are_not_taken_for_evidence() -> None:
    rising = {n: {"net_bps": 0.1 * n, "restarts": 0.0} for n in range(20)}
    a, b = (
        group(run, {seed: rising}, wished={"net_bps": "up"}) for run, seed in (("a", 1), ("b", 2))
    )
    one = compare_groups(a, b)
    assert one.left_out == {"net_bps": "needs 4 more iterations"}
    assert one.lacking == "net_bps needs 4 more iterations"
    assert verdict(one)[0] == "HOLD"


def test_the_same_run_again_is_identical() -> None:
    one = compare_groups(group("a", lanes(range(4))), group("b", lanes(range(4))))
    assert one.of(Found.IDENTICAL) == ["net_bps", "restarts"]
    assert verdict(one) == ("PASS", "PASS against a: all 2 KPIs are identical")


def test_a_constant_that_differs_is_no_finding_and_a_worse_one_leaves_it_open() -> None:
    def constant(run: str, value: float) -> Group:
        return group(run, {seed: hours(seed, restarts=value) for seed in range(4)})

    better = compare_groups(constant("a", 1.0), constant("b", 0.0))
    (finding,) = (x for x in better.findings if x.change.kpi == "restarts")
    assert (finding.found, finding.chance, finding.detectable) == (Found.CONSTANT, None, None)
    assert verdict(better)[0] == "PASS"
    worse = compare_groups(constant("a", 0.0), constant("b", 1.0))
    assert verdict(worse)[0] == "HOLD"
    assert "restarts is worse by the same amount everywhere" in verdict(worse)[1]


def test_a_gated_kpi_that_is_gone_is_no_pass_and_another_is_left_out() -> None:
    without = {seed: {n: {"restarts": 0.0} for n in range(5, 11)} for seed in range(4)}
    one = compare_groups(group("a", lanes(range(4))), group("b", without))
    assert (one.left_out, one.lacking) == ({"net_bps": "only in a"}, "")
    gated = compare_groups(
        group("a", lanes(range(4)), wished={"net_bps": "up"}), group("b", without)
    )
    assert gated.lacking == "net_bps only in a"


def test_too_few_lanes_with_a_kpi_give_no_number_of_it() -> None:
    def some(run: str, more: float) -> Group:
        values = [more, 1.0 + more, None, None]
        return group(run, {seed: hours(seed, mine=value) for seed, value in enumerate(values)})

    one = compare_groups(some("a", 0.0), some("b", 0.5))
    assert one.left_out == {"mine": "needs 1 more pair"}


def test_what_is_equal_in_every_iteration_is_never_too_little() -> None:
    one = compare_groups(group("a", lanes(range(2))), group("b", lanes(range(2))))
    assert (one.design.way, one.lacking) == (Way.NONE, "")
    assert verdict(one) == ("PASS", "PASS against a: all 2 KPIs are identical")
    (shown,) = document("a", "sim", [one], []).comparisons
    assert title(shown, "a").endswith(": iteration by iteration")
    shorter = {seed: {n: lane[n] for n in list(lane)[1:]} for seed, lane in lanes(range(2)).items()}
    assert verdict(compare_groups(group("a", lanes(range(2))), group("b", shorter)))[0] == "HOLD"


@pytest.mark.parametrize(("wish", "found"), [("up", "worse"), ("down", "better"), ("", "changed")])
def test_a_bots_own_kpi_is_worse_by_what_its_gate_leaves_free(wish: str, found: str) -> None:
    def mine(run: str, shift: float) -> Group:
        rng = np.random.default_rng(7)
        made = {
            seed: {n: {"mine": shift + 0.1 * float(rng.normal())} for n in range(5)}
            for seed in range(6)
        }
        return group(run, made, wished={"mine": wish}, target="bot:Bot")

    one = compare_groups(mine("a", 0.0), group("b", mine("b", -1.0).lanes, target="bot:Bot"))
    assert found_of(one, "mine") == found


def test_of_many_kpis_one_must_stand_out_more() -> None:
    def noisy(run: str, count: int, shift: float) -> Group:
        noise = np.random.default_rng(3 if run == "a" else 4)
        made: dict[int, Hours] = {}
        for seed, one in lanes(range(5), shift).items():
            more = {f"k{k}": float(noise.normal()) for k in range(count)}
            made[seed] = {number: {**kpis, **more} for number, kpis in one.items()}
        return group(run, made, target="bot:Bot")

    def of_net(count: int) -> tuple[float, float]:
        one = compare_groups(noisy("a", count, 0.0), noisy("b", count, 0.1))
        (net,) = (x for x in one.findings if x.change.kpi == "net_bps")
        assert net.chance is not None
        assert net.detectable is not None
        return net.chance, net.detectable

    (alone, least), (among, more) = of_net(0), of_net(20)
    assert 0.0 < alone < among <= 1.0
    assert least < more


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(1, 1e6)), min_size=1, max_size=12))
def test_bps_are_ratios_of_sums(windows: list[tuple[float, float]]) -> None:
    lane = {n: {"net_bps": bps, "volume_quote": v} for n, (bps, v) in enumerate(windows)}
    assert measure_of("net_bps", [lane]) is Measure.SUMS
    money = sum(bps * v for bps, v in windows)
    of_lane = series("net_bps", Measure.SUMS, lane, range(len(windows))).mean()
    assert of_lane == pytest.approx(money / sum(v for _, v in windows), abs=1e-9)


def test_the_spread_of_such_a_series_is_that_of_the_ratio() -> None:
    rng, n = np.random.default_rng(42), 40
    volume = rng.lognormal(10.0, 0.5, n)
    bps = 3.0 + 0.5 * np.log(volume) + 0.1 * rng.normal(size=n)
    lane: Hours = {
        number: {"net_bps": float(bps[number]), "volume_quote": float(volume[number])}
        for number in range(n)
    }
    found = mean_of(series("net_bps", Measure.SUMS, lane, range(n)))
    without = [np.delete(bps, k) @ np.delete(volume, k) / np.delete(volume, k).sum() for k in lane]
    jackknife = math.sqrt((n - 1) * float(np.var(without)))
    assert found.error == pytest.approx(jackknife, rel=0.1)


def test_without_volume_they_are_means_and_growth_is_the_last() -> None:
    lane: Hours = {
        1: {"net_bps": 1.0, "volume_quote": None},
        2: {"net_bps": 3.0, "volume_quote": 9.0},
    }
    assert measure_of("net_bps", [lane]) is Measure.MEAN
    assert series("net_bps", Measure.MEAN, lane, [1, 2]).tolist() == [1.0, 3.0]
    assert measure_of("p95_latency_ms", [lane]) is Measure.MEAN
    grown = {n: {"rss_growth_mb_per_h": float(n)} for n in (1, 2)}
    assert measure_of("rss_growth_mb_per_h", [grown]) is Measure.LAST
    assert series("rss_growth_mb_per_h", Measure.LAST, grown, [1, 2]).tolist() == [2.0]


def test_growth_over_a_lane_needs_lanes_and_leaves_one_lane_each_decided() -> None:
    def grown(run: str, seed: int) -> Group:
        made = {n: {**one, "rss_growth_mb_per_h": 5.0} for n, one in hours(seed, 20).items()}
        return group(run, {seed: made}, wished={"rss_growth_mb_per_h": "down", "net_bps": "up"})

    one = compare_groups(grown("a", 1), grown("b", 2))
    assert one.lacking == ""
    assert one.left_out["rss_growth_mb_per_h"].startswith("needs 3 lanes each")


_VALUE = st.floats(-LARGEST, LARGEST) | st.sampled_from([0.0, 1e-300, LARGEST, -LARGEST])
_VOLUME = st.none() | st.floats(0.0, LARGEST)


@given(
    st.lists(st.tuples(_VALUE, _VOLUME), min_size=30, max_size=30),
    st.sampled_from([Way.SEEDS, Way.LANES, Way.WINDOWS, Way.SERIES]),
)
def test_whatever_the_values_the_document_has_numbers(
    windows: list[tuple[float, float | None]], way: Way
) -> None:
    kpis = [{"net_bps": bps, "volume_quote": volume} for bps, volume in windows]
    single = way in (Way.WINDOWS, Way.SERIES)
    size = 15 if single else 5
    parts = [dict(enumerate(kpis[k : k + size])) for k in range(0, len(kpis), size)]
    half = len(parts) // 2
    shift = half if way in (Way.LANES, Way.SERIES) else 0
    one = compare_groups(
        group("a", dict(enumerate(parts[:half]))), group("b", dict(enumerate(parts[half:], shift)))
    )
    assert one.design.way is way
    dumps(document("a", "sim", [one], []).data())


@given(st.integers(0, 1000), st.sampled_from([Way.SEEDS, Way.LANES]))
def test_the_other_way_round_all_differences_have_the_other_sign(seed: int, way: Way) -> None:
    away = 0 if way is Way.SEEDS else 500
    a = group("a", lanes(range(seed, seed + 4)))
    b = group("b", {s + away: hours(s + 2000) for s in range(seed, seed + 4)})
    there, back = compare_groups(a, b), compare_groups(b, a)
    assert there.design.way is back.design.way is way
    for one, other in zip(there.findings, back.findings, strict=True):
        assert one.change.difference.mean == -other.change.difference.mean
        assert one.change.difference.error == pytest.approx(other.change.difference.error)


def test_iterations_that_only_one_of_a_pair_has_do_not_count() -> None:
    a, b = lanes(range(4)), lanes(range(4))
    longer = {s: {**one, 99: {"net_bps": -50.0, "restarts": 3.0}} for s, one in b.items()}
    assert compare_groups(group("a", a), group("b", longer)).of(Found.IDENTICAL) == [
        "net_bps",
        "restarts",
    ]


def test_lanes_without_a_partner_are_told() -> None:
    made = document(
        "a", "sim", [compare_groups(group("a", lanes(range(5))), group("b", lanes(range(3))))], []
    )
    assert made.comparisons[0].notes == ["without a partner: 2 lanes of a"]


def test_each_group_finds_its_like_or_the_only_one_of_its_market() -> None:
    safe, bold = group("a", {1: {}}), group("a", {1: {}}, profile="aggressive")
    spike = group("a", {1: {}}, market=MarketId("spike", "", ""))
    new = group("b", {1: {}}, profile="aggressive")
    assert match([safe, bold], [new]).pairs == [(bold, new)]
    assert match([safe], [new]).pairs == [(safe, new)]
    found = match([safe, spike], [new])
    assert found.pairs == [(safe, new)]
    assert found.notes == ["only in a: steady_safe on spike"]
    other = group("b", {1: {}}, profile="third")
    found = match([safe, bold], [new, other])
    assert found.notes == [
        "not compared: third on calm of b: a has several profiles on calm, and no third",
        "only in a: steady_safe on calm",
    ]


@pytest.mark.parametrize(
    ("market", "why"),
    [
        (MarketId("spike", "", ""), "b: a has no market spike, it has calm"),
        (MarketId("calm", "ab12", ""), "b: calm is another market in a: its scenario or settings"),
        (MarketId("calm", "", "sigma=0.02"), "b: calm is another market in a: its scenario or"),
    ],
)
def test_different_markets_are_refused(market: MarketId, why: str) -> None:
    a, b = group("a", {1: {}}), group("b", {1: {}}, market=market)
    assert usage_error(lambda: match([a], [b])).startswith(why)
