"""What is told of a mistake names what was most likely meant."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from builders import LANE, gate, usage_error

from pytest_soak.config.documents import parse_yaml
from pytest_soak.kpi.summary import summary_of
from pytest_soak.run.planning import check_metrics
from pytest_soak.targets.abilities import abilities
from pytest_soak.targets.resolve import build, named_factory
from pytest_soak.testing import InstantTarget


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ('a:\n\t- {b: ">= 1"}', "; indent by spaces, not by tabs"),
        ('a:\n  - {b: ">= 1"}\n - {b: ">= 1"}', "; look at how far it is indented: keys and"),
        ('a: x\n b: ">= 1"', "; look at how far it is indented: keys and"),
        ("a: {b: >= 1}", '; quote the limit: ">= 1"'),
        ("a: {b: 'x' y, c: \"> 2\"}", ""),
    ],
)
def test_yaml_that_is_none_has_the_remedy_of_its_own_mistake(text: str, remedy: str) -> None:
    told = usage_error(lambda: parse_yaml(text, "gate.yaml"))
    assert remedy in told
    assert ("quote" in told) == ("quote" in remedy)


def test_a_module_for_a_target_is_asked_what_in_it(tmp_path: Path) -> None:
    (tmp_path / "mock1.py").touch()
    told = usage_error(lambda: named_factory("mock1", "--soak-target", tmp_path))
    assert told == (
        "--soak-target: 'mock1' is no target; mock1.py is there: say what in it, e.g. mock1:Bot"
    )


def test_a_method_that_cannot_take_what_it_is_given_is_told_before_anything_runs() -> None:
    class Bot(InstantTarget):
        async def run(self) -> Any:  # type: ignore[override]
            return {}

    factory: Any = Bot
    told = usage_error(lambda: build(factory, LANE))
    assert "Bot: run is called as run(overrides, window), but takes run()" in told
    assert told.endswith("; e.g. def run(self, overrides, window)")


def test_a_misspelt_kpi_of_a_bot_is_told_beside_what_its_gate_lacks() -> None:
    can = dataclasses.replace(abilities(InstantTarget, "bot"), kpis=("net_bsp",))
    told = usage_error(lambda: check_metrics(gate(), "calm", can, (), "bot"))
    assert "does not give net_bps ('net_bsp' in its `kpis`: did you mean 'net_bps'?)" in told


def test_what_no_kpi_can_be_says_what_it_could() -> None:
    faults = summary_of({"net_bps": 1e308, "my_own": 1}, None).faults
    assert "net_bps: expected at most 1e+100 either side of 0, got 1e+308" in faults
    assert "unknown KPI 'my_own'; see pytest-soak config kpis (or declare it in `kpis`)" in faults
