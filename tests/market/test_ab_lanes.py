"""The lanes of an A/B on the built-in market: the same draws, switched at the ends of blocks."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from ab_blocks import LIMITS
from harness import Workbench
from numpy.typing import NDArray

from pytest_soak.ab.arms import Arm, Tables, load_arm
from pytest_soak.ab.lanes import Done, Runners, SimulatedPair, Where, columns
from pytest_soak.ab.limits import load_rails
from pytest_soak.artifacts.models import shipped_schema
from pytest_soak.commands.ab import Request, ab
from pytest_soak.config.scenarios import BUILT_IN
from pytest_soak.targets.simulated import SimulatedTarget

TABLES = Tables(parameters=SimulatedTarget.parameters, flags=SimulatedTarget.flags)
A = load_arm("steady_safe", TABLES.base(), TABLES, Path(), "a")
OFF = Arm(name="off", overrides=A.overrides, flags={**A.flags, "pipeline.enabled": False})
SHORT = LIMITS.model_copy(update={"block_minutes": 3, "skipped_minutes": 1})


def pair(seed: int = 1, b: Arm = OFF) -> SimulatedPair:
    return SimulatedPair(Where(BUILT_IN["calm"], {}), seed, (A, b), SHORT, load_rails())


def ran(pairs: list[SimulatedPair], plan: str, jobs: int = 1) -> list[NDArray[np.void]]:
    """Lanes T and C."""
    done: list[list[Done]] = [[] for _ in pairs]
    with closing(Runners(pairs, jobs)) as several:
        for arm in plan:
            for lane, block in zip(done, several.run([arm == "B"] * len(pairs)), strict=True):
                lane.append(block)
    return columns(done)


def test_lanes_are_alike_until_the_first_block_under_b_and_flags_act_in_it_alone() -> None:
    t, c = ran([pair()], "AABAA")
    assert t[0, :2].tobytes() == c[0, :2].tobytes()
    slower = t["tick_total_p95_ms"] / c["tick_total_p95_ms"] > 1.2
    assert slower.tolist() == [[False, False, True, False, False]]
    assert np.isfinite(t["net_quote"]).all()


def test_several_lanes_at_a_time_give_the_same_bytes() -> None:
    one, two = (ran([pair(1), pair(2)], "AB", jobs) for jobs in (1, 2))
    for ours, theirs in zip(one, two, strict=True):
        assert ours.tobytes() == theirs.tobytes()
    assert one[0][0].tobytes() != one[0][1].tobytes()


def test_b_that_misses_its_deadlines_passes_the_absolute_limit() -> None:
    slow = {"pipeline.enabled": False, "md_cache.enabled": False, "async_batch.enabled": False}
    rails = load_rails()
    strict = rails.criteria[2].model_copy(update={"stop_if": "> 60", "for_": "1m", "window": "1m"})
    rails = rails.model_copy(update={"criteria": [strict]})
    b = Arm(name="slow", overrides=A.overrides, flags={**A.flags, **slow})
    lanes = SimulatedPair(Where(BUILT_IN["calm"], {}), 1, (A, b), SHORT, rails)
    assert lanes.run(False).fired == ()
    (fired,) = lanes.run(True).fired
    assert fired.startswith("slow_tick: ")


def test_a_stage_on_the_built_in_market_from_end_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pilot = LIMITS.pilot.model_copy(update={"seeds": 1, "blocks": 3})
    limits = SHORT.model_copy(update={"pilot": pilot, "cold_blocks": 1})
    monkeypatch.setattr("pytest_soak.commands.ab.load_limits", lambda: limits)
    (tmp_path / "off.yaml").write_text("flags: {pipeline.enabled: false}\n", "utf-8")
    asked = Request(
        "off.yaml", None, "sim", 10, 3.0, "1..2", "calm", (), "out", 2, False, True
    )  # fmt: skip
    said: list[str] = []
    assert ab(asked, tmp_path, said.append, said.append).status == 1
    assert said[-1].startswith("ROLLBACK: off against steady_safe on calm, 10 %: tick_total_p95_ms")
    (path,) = (tmp_path / "out").glob("AB_*_10.json")
    report = json.loads(path.read_text("utf-8"))
    jsonschema.validate(report, json.loads(shipped_schema("ab-report")))
    assert report["changes"] == {"pipeline.enabled": {"a": True, "b": False}}
    assert 6 <= report["blocks_b"] < report["hours_used"] * 20 * 2
    assert report["hours_used"] < report["hours_asked"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--b=agressive",), "ERROR: --b: unknown profile, preset or variant 'agressive'; did"),
        (("--b=steady_safe",), "ERROR: --b: steady_safe is the same as steady_safe in every"),
        (("--b=aggressive", "--stage=20"), "ERROR: Invalid value for '--stage': '20' is not one"),
        ((), "ERROR: Missing option '--b'."),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_4(
    bench: Workbench, arguments: tuple[str, ...], problem: str
) -> None:
    done = bench.command("ab", *arguments)
    assert done.returncode == 4
    assert done.stderr.startswith(problem)
    assert done.stderr.count("\n") == 1
