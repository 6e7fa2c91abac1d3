"""The document of what `pytest-soak feed facts` found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from pytest_soak.artifacts.build import machine
from pytest_soak.artifacts.feed_models import FactCurve, FactEstimate, FeedFacts, ReasonedEstimate
from pytest_soak.config.scenarios import Scenario
from pytest_soak.facts.curves import UNITS
from pytest_soak.facts.definitions import FACTS, Fact
from pytest_soak.facts.lanes import Curve, Estimate, Survey


def feed_facts(
    scenario: Scenario,
    settings: Mapping[str, float],
    seeds: Sequence[int],
    hours: float,
    found: Survey,
) -> FeedFacts:
    """What was found on lanes of the built-in market, one for each seed."""
    return FeedFacts(
        source="sim",
        market=scenario.name,
        scenario_hash=scenario.digest,
        settings=dict(settings),
        seeds=list(seeds),
        hours=hours,
        tick=scenario.instrument.tick,
        facts={fact.name: _fact(fact, found.facts[fact.name], len(seeds)) for fact in FACTS},
        curves={name: _curve(UNITS[name], curve) for name, curve in found.curves.items()},
        meta=machine(),
    )


def recorded_facts(names: Sequence[str], hours: float, tick: float, found: Survey) -> FeedFacts:
    """What was found on recordings, a lane each, of `hours` on average."""
    return FeedFacts(
        source="feed",
        market=", ".join(names),
        scenario_hash=None,
        settings={},
        seeds=[],
        hours=hours,
        tick=tick,
        facts={fact.name: _fact(fact, found.facts[fact.name], len(names)) for fact in FACTS},
        curves={name: _curve(UNITS[name], curve) for name, curve in found.curves.items()},
        meta=machine(),
    )


def _fact(fact: Fact, found: Estimate, lanes: int) -> ReasonedEstimate:
    reason = None if found.lanes == lanes else f"needs {fact.needs}"
    return ReasonedEstimate(**asdict(found), reason=reason)


def _curve(unit: str, curve: Curve) -> FactCurve:
    return FactCurve(unit=unit, x=list(curve.x), y=[FactEstimate(**asdict(y)) for y in curve.y])
