"""The picture of a feed's facts: an SVG on its own, whatever the feed shows and is called."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from xml.etree import ElementTree

import numpy as np
import pytest
from feeds import SECOND_US, orders_at, quiet, tops_at

from pytest_soak.artifacts.feed_facts import feed_facts
from pytest_soak.artifacts.feed_models import FeedFacts
from pytest_soak.config.scenarios import BUILT_IN
from pytest_soak.facts.feed import LaneFeed
from pytest_soak.facts.lanes import survey
from pytest_soak.report.feed_picture import picture_text
from pytest_soak.report.panels import HEIGHT, WIDTH, Axis, Plane, Point, Rule, normal_tail
from pytest_soak.report.scales import Scale

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>&\"'--> ]]>\u202e\x00\x1b{{ 7 * 7 }}"


def lively(seed: int) -> LaneFeed:
    """A feed that has every fact."""
    rng = np.random.default_rng(seed)
    time = np.arange(4_000) * SECOND_US
    mid = 10_000.0 * np.exp(np.cumsum(1e-4 * rng.standard_t(3, 4_000)))
    sign = np.repeat(rng.choice([-1.0, 1.0], 400), 5)
    orders = orders_at(time[1:-1:2][:1_999], sign[:1_999], 10_000.0, rng.lognormal(size=1_999))
    return LaneFeed(orders, tops_at(time, mid, rng.integers(1, 9, 4_000)), 1.0)


def facts_of(feeds: Sequence[LaneFeed], name: str = "calm") -> FeedFacts:
    scenario = BUILT_IN["calm"].model_copy(update={"name": name})
    return feed_facts(scenario, {"sigma": 0.02}, range(len(feeds)), 2.0, survey(feeds))


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def texts(root: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


@pytest.fixture(scope="module")
def picture() -> str:
    return picture_text(facts_of([lively(1), lively(2)]))


def test_five_panels_and_the_facts_are_drawn(picture: str) -> None:
    root = parsed(picture)
    assert root.tag == f"{SVG}svg"
    cards = root.findall(f"{SVG}g")
    assert len(cards) == 6
    for card in cards[:-1]:
        assert {element.get("class") for element in card} & {"bar", "line"}
    assert "too short" not in texts(root)
    assert "effective half spread" in texts(root)
    assert any(text.startswith("Feed facts of calm, sigma=0.02: 2 lanes") for text in texts(root))


def test_it_refers_to_nothing_else(picture: str) -> None:
    assert re.findall(r"https?://[^\"\s]+", picture) == ["http://www.w3.org/2000/svg"]
    for word in ("<script", "href", "url(", "@import", "<image", "<foreignObject"):
        assert word not in picture


def test_every_place_is_a_number_within_its_card(picture: str) -> None:
    for card in parsed(picture).findall(f"{SVG}g"):
        for path in card.findall(f"{SVG}path"):
            places = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", path.get("d", ""))]
            assert places
            assert all(0.0 <= place <= max(WIDTH, HEIGHT) for place in places)
        for text in card.findall(f"{SVG}text"):
            assert 0.0 <= float(text.get("x", "nan")) <= WIDTH
            assert 0.0 <= float(text.get("y", "nan")) <= HEIGHT
    assert "nan" not in picture
    assert "None" not in picture


def test_both_colour_schemes_style_every_class(picture: str) -> None:
    style = parsed(picture).findtext(f"{SVG}style") or ""
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    used = {
        name for element in parsed(picture).iter() for name in (element.get("class") or "").split()
    }
    for name in used - {"middle", "end"}:
        assert f".{name}" in light
        assert f".{name}" in dark


def test_a_hostile_name_is_only_text() -> None:
    root = parsed(picture_text(facts_of([lively(1)], HOSTILE)))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "style", "rect", "text", "g", "path", "circle"
    }  # fmt: skip
    (head,) = [text for text in texts(root) if "<script>" in text]
    assert "{{ 7 * 7 }}" in head
    assert "\u202e" not in head
    assert "<script>" in (root.get("aria-label") or "")


def test_a_long_name_is_shortened() -> None:
    head = texts(parsed(picture_text(facts_of([quiet()], "x" * 300))))[0]
    assert len(head) < 150
    assert head.endswith("...")


@pytest.mark.parametrize("feeds", [[quiet()], [quiet(400)], [quiet(), lively(1)]])
def test_what_a_feed_is_too_short_for_is_said_not_drawn(feeds: Sequence[LaneFeed]) -> None:
    root = parsed(picture_text(facts_of(feeds)))
    assert len(root.findall(f"{SVG}g")) == 6
    assert ("too short" in texts(root)) == (len(feeds) == 1)


def test_an_empty_feed_makes_five_empty_panels() -> None:
    nothing = LaneFeed(orders_at([], [], []), tops_at([], []), 1.0)
    root = parsed(picture_text(facts_of([nothing])))
    assert texts(root).count("too short") == 5


def test_a_line_is_parted_where_a_point_is_off_the_plane() -> None:
    plane = Plane(Axis("", 1, 100, True), Axis("", 0.01, 1, True))
    points = [Point(1, 0.5), Point(2, 0.5), Point(5, -0.1), Point(10, None), Point(20, 0.2)]
    panel = plane.curve("", points)
    assert panel.line.count("M") == 2
    assert len(panel.dots) == 3


def test_scales_keep_what_is_beyond_them_at_their_ends() -> None:
    across = Scale(1.0, 100.0, 0.0, 200.0, logarithmic=True)
    assert [across.at(x) for x in (0.1, 1.0, 10.0, 100.0, 1e9)] == [0.0, 0.0, 100.0, 200.0, 200.0]
    up = Scale(0.0, 4.0, 100.0, 0.0)
    assert [up.at(y) for y in (-1.0, 0.0, 1.0, 4.0)] == [100.0, 100.0, 75.0, 0.0]


def test_a_long_logarithmic_axis_has_decades_and_a_short_one_more() -> None:
    assert Scale(0.1, 300.0, 0, 1, logarithmic=True).ticks(6) == [0.1, 1.0, 10.0, 100.0]
    assert Scale(0.5, 30.0, 0, 1, logarithmic=True).ticks(6) == [0.5, 1.0, 2.0, 5.0, 10.0, 20.0]


def test_the_tail_of_the_normal_distribution() -> None:
    assert normal_tail(0.0) == 1.0
    assert normal_tail(1.959964) == pytest.approx(0.05, rel=1e-5)
    assert math.isclose(normal_tail(3.0), 0.0026998, rel_tol=1e-4)


@pytest.mark.parametrize(
    ("below", "level", "is_below"), [(False, 5.0, False), (True, 5.0, True), (True, 0.1, False)]
)
def test_a_rule_is_told_below_it_where_that_is_asked_for_and_has_room(
    below: bool, level: float, is_below: bool
) -> None:
    plane = Plane(Axis("x", 0.0, 1.0), Axis("y", 0.0, 10.0))
    rule = Rule("half", [(0.0, level), (1.0, level)], 0, below)
    panel = plane.curve("t", [Point(0.0, 1.0), Point(1.0, 2.0)], rule)
    (label,) = (text for text in panel.texts if text.text == "half")
    assert (float(label.y) > plane.y.at(level)) == is_below
