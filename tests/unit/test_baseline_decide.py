"""Whether a change is a harm: what is shown, what is ruled out, and what is left open."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_soak.baseline.decide import Harm, decide, detectable, more_needed
from pytest_soak.gates.expressions import parse
from pytest_soak.stats.estimate import MeanEstimate, mean_of
from pytest_soak.stats.student import student_quantile

CHANCE = 0.002
LOSS, RISE = parse(">= -0.2"), parse("<= 10")

changes = st.builds(
    MeanEstimate, st.floats(-50, 50), st.floats(1e-6, 20), st.integers(min_value=2, max_value=40)
)
chances = st.floats(1e-4, 0.05)


@settings(max_examples=40)
@given(changes, chances)
def test_a_harm_that_is_shown_is_beyond_its_limit_and_beyond_chance(
    change: MeanEstimate, chance: float
) -> None:
    harm = decide(RISE, change, chance)
    beyond = change.mean > 10.0
    sure = change.mean > student_quantile(1 - chance, change.freedom) * change.error
    assert (harm is Harm.SHOWN) == (beyond and sure)
    if beyond and not sure:
        assert harm is Harm.UNKNOWN


@settings(max_examples=40)
@given(changes, chances)
def test_both_directions_are_alike(change: MeanEstimate, chance: float) -> None:
    turned = MeanEstimate(-change.mean, change.error, change.freedom)
    assert decide(parse("<= 7"), change, chance) == decide(parse(">= -7"), turned, chance)


@settings(max_examples=40)
@given(changes, chances, st.floats(0.01, 100))
def test_units_do_not_matter(change: MeanEstimate, chance: float, scale: float) -> None:
    limit = parse("<= 8")
    scaled = MeanEstimate(scale * change.mean, scale * change.error, change.freedom)
    if math.isclose(change.mean, 8.0, rel_tol=1e-9):
        return
    assert decide(parse(f"<= {8 * scale!r}"), scaled, chance) is decide(limit, change, chance)
    assert detectable(scaled, chance) == pytest.approx(scale * detectable(change, chance))


@settings(max_examples=40)
@given(changes, chances, st.floats(0, 30))
def test_more_harm_is_judged_no_better(change: MeanEstimate, chance: float, more: float) -> None:
    badness = [Harm.NONE, Harm.UNKNOWN, Harm.SHOWN].index
    worse = MeanEstimate(change.mean + more, change.error, change.freedom)
    assert badness(decide(RISE, worse, chance)) >= badness(decide(RISE, change, chance))


@settings(max_examples=20)
@given(changes)
def test_what_would_decide_does_and_no_less(change: MeanEstimate) -> None:
    if decide(RISE, change, CHANCE) is not Harm.UNKNOWN:
        return
    units = change.freedom + 1
    more = more_needed(RISE, change, CHANCE, units)
    assert more is not None
    enough, too_few = (
        MeanEstimate(9.9, change.error * math.sqrt(units / count), count - 1)
        for count in (units + more, units + more - 1)
    )
    assert decide(RISE, enough, CHANCE) is Harm.NONE
    assert detectable(too_few, CHANCE) > 10.0


def test_a_good_change_that_is_sure_needs_no_power() -> None:
    assert decide(LOSS, MeanEstimate(5.0, 1.0, 7), CHANCE) is Harm.NONE
    assert decide(LOSS, MeanEstimate(0.0, 1.0, 7), CHANCE) is Harm.UNKNOWN


def test_within_a_limit_that_could_be_seen_is_no_harm() -> None:
    change = MeanEstimate(-0.19, 0.02, 7)
    assert decide(LOSS, change, CHANCE) is Harm.NONE
    assert 0.08 < detectable(change, CHANCE) < 0.2
    assert not LOSS.holds(change.mean - 1.9 * change.error)


def test_nothing_decides_on_a_limit_of_no_change_at_all() -> None:
    limit, change = parse(">= 0"), MeanEstimate(0.0, 1.0, 7)
    assert decide(limit, change, CHANCE) is Harm.UNKNOWN
    assert more_needed(limit, change, CHANCE, 8) is None


@pytest.mark.parametrize(("true", "least", "most"), [(0.0, 0.0, 0.008), (-1.0, 0.74, 0.86)])
def test_chance_shows_a_harm_as_seldom_as_it_says_and_power_as_often(
    true: float, least: float, most: float
) -> None:
    """Eight pairs; a harm that can just be detected, beyond a limit that is none."""
    limit, rng = parse(">= -1e-9"), np.random.default_rng(5)
    size = detectable(MeanEstimate(0.0, 1 / math.sqrt(8), 7), CHANCE)
    shown = [
        decide(limit, mean_of(true * size + rng.normal(size=8)), CHANCE) is Harm.SHOWN
        for _ in range(800)
    ]
    assert least <= np.mean(shown) <= most
