"""Feature flags and variants of a soak: where they come from, who is told, what differs by them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from builders import usage_error

from pytest_soak import LaneInfo, SoakResult, soak
from pytest_soak.canonical import flags_hash
from pytest_soak.commands.merge import merge
from pytest_soak.testing import GOOD, InstantTarget

FILE = """
exchange: {key: secret}
md_cache:
  enabled: false
trace:
  sample_rate: 0.5
"""


class Flagged(InstantTarget):
    """Says what it was told, when it was built and when it was started, as a KPI."""

    flags: ClassVar[Any] = {
        "md_cache.enabled": True,
        "trace.enabled": True,
        "trace.sample_rate": {"type": "number", "default": 0.2, "bounds": [0, 1]},
    }
    built: ClassVar[dict[str, Any]] = {}
    started: ClassVar[dict[str, Any]] = {}

    def __init__(self, lane: LaneInfo) -> None:
        super().__init__(lane)
        self.built[lane.id] = dict(lane.config)

    def start(self, lane: LaneInfo) -> None:
        self.started[lane.id] = dict(lane.config)
        assert lane.folder is not None
        lane.folder.mkdir(parents=True, exist_ok=True)
        (lane.folder / "bot.log").write_text("hello\n")

    def run(self, overrides: Mapping[str, float], window: Any) -> dict[str, float | None]:
        return {**GOOD, "net_bps": 3.0 + overrides["tail_age_ms"] / 1e6}


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "bot.yaml").write_text(FILE)
    return "bot.yaml"


def flagged(folder: Path, iterations: int = 1, **options: Any) -> SoakResult:
    return soak(Flagged, iterations=iterations, gate="smoke", folder=folder, **options)


def merged(folder: Path, *runs: str) -> None:
    merge([folder / run for run in runs], folder / "merged", None, allow_different=False)


def summary(found: SoakResult, iteration: int = 1, lane: str = "") -> Any:
    return json.loads((found.folder / lane / f"ITER_SUMMARY_{iteration}.json").read_text())


def test_defaults_are_told_and_written(tmp_path: Path) -> None:
    found = flagged(tmp_path)
    told = {"md_cache.enabled": True, "trace.enabled": True, "trace.sample_rate": 0.2}
    assert Flagged.built["default-calm-42"] == Flagged.started["default-calm-42"] == told
    assert summary(found)["flags"] == told
    assert summary(found)["flags_hash"] == flags_hash(told)
    assert found.lanes[0].lane.config == told
    assert (found.folder / "bot.log").read_text() == "hello\n"


def test_flags_come_from_files_and_from_single_settings_over_them(
    tmp_path: Path, config: str
) -> None:
    (tmp_path / "more.json").write_text('{"trace": {"sample_rate": 0.25}}')
    found = flagged(tmp_path, config=[config, "more.json"], flag={"trace.enabled": "false"})
    told = {"md_cache.enabled": False, "trace.enabled": False, "trace.sample_rate": 0.25}
    assert Flagged.started["default-calm-42"] == told
    assert summary(found)["flags"] == told
    assert "config config bot.yaml: not ours: exchange" in summary(found)["notes"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"flag": "md_cache.enabled"}, "flag: expected KEY=VALUE, got 'md_cache.enabled'; e.g."),
        ({"flag": "md_cash.enabled=true"}, "flag: unknown flag 'md_cash.enabled'; did you mean"),
        ({"flag": "md_cache.enabled=1"}, "flag: md_cache.enabled: expected true or false, got 1"),
        ({"flag": "md_cache.enabled=yes"}, "expected true or false, got the text 'yes'"),
        ({"flag": "trace.sample_rate=true"}, "trace.sample_rate: expected a number"),
        ({"flag": "trace.sample_rate=.nan"}, "trace.sample_rate: expected a number"),
        ({"flag": "trace.sample_rate=2"}, "trace.sample_rate: expected a number"),
        ({"config": "none.yaml"}, "config none.yaml: cannot be read: No such file or directory"),
        ({"variant": "wide"}, "variant: unknown variant 'wide'"),
        ({"variant": "control,control"}, "lanes: two lanes would be 'default-calm-42-control'"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    options: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    assert problem in usage_error(lambda: flagged(tmp_path, **options))
    assert not (tmp_path / "artifacts").exists()


def test_a_wrong_flag_in_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "bot.yaml").write_text("md_cache:\n  enabeld: false\n")
    message = usage_error(lambda: flagged(tmp_path, config="bot.yaml"))
    assert message.startswith("config bot.yaml:2: unknown flag 'md_cache.enabeld'; did you mean")


def test_a_bot_without_flags_is_given_none_and_a_file_is_not_its_own(
    tmp_path: Path, config: str
) -> None:
    message = usage_error(lambda: soak(InstantTarget, iterations=1, flag={"a.b": "1"}))
    assert message == (
        "flag: target pytest_soak.testing:InstantTarget declares no `flags`; take it away"
    )
    found = soak(InstantTarget, iterations=1, gate="smoke", folder=tmp_path, config=config)
    assert (summary(found)["flags"], summary(found)["flags_hash"]) == ({}, None)
    assert "not ours: exchange, md_cache, trace" in summary(found)["notes"][0]


def test_a_factory_is_told_at_the_start(tmp_path: Path) -> None:
    found = soak(
        lambda lane: Flagged(lane), iterations=1, folder=tmp_path, flag="trace.enabled=false"
    )
    assert Flagged.built["default-calm-42"] == {}
    assert Flagged.started["default-calm-42"]["trace.enabled"] is False
    assert summary(found)["flags"]["trace.enabled"] is False


def test_another_flag_is_another_lane_to_a_resume(tmp_path: Path) -> None:
    flagged(tmp_path, 1)
    message = usage_error(lambda: flagged(tmp_path, 2, resume=True, flag="trace.enabled=false"))
    assert "config" in message
    assert "trace.enabled" in message
    assert flagged(tmp_path, 2, resume=True).lanes[0].iterations == 2


def test_an_artifact_root_that_was_moved_is_resumed(tmp_path: Path) -> None:
    flagged(tmp_path, 1)
    moved = tmp_path / "moved"
    (tmp_path / "artifacts").rename(moved)
    assert flagged(tmp_path, 2, resume=True, dir="moved/soak").lanes[0].iterations == 2


def test_runs_with_other_flags_are_not_merged(tmp_path: Path) -> None:
    for seed, rate in ((1, "0.2"), (2, "0.3")):
        (tmp_path / "bot.yaml").write_text(f"trace: {{sample_rate: {rate}}}\n")
        flagged(tmp_path, seed=seed, config="bot.yaml", dir=f"run{seed}")
    message = usage_error(lambda: merged(tmp_path, "run1", "run2"))
    assert message.startswith("flags.default: flags ")


def test_runs_on_markets_of_one_name_that_differ_are_not_merged(tmp_path: Path) -> None:
    for seed, tick in ((1, 0.0001), (2, 0.0002)):
        instrument = f"{{price: 0.25, tick: {tick}, lot: 1}}"
        (tmp_path / "doge.yaml").write_text(f"regime: calm\ninstrument: {instrument}\n")
        flagged(tmp_path, seed=seed, market="doge.yaml", dir=f"run{seed}")
    message = usage_error(lambda: merged(tmp_path, "run1", "run2"))
    assert message.startswith("markets.doge: scenario ")


VARIANT = """
overrides: {tail_age_ms: 900}
flags: {md_cache.enabled: false}
"""


def test_variants_are_lanes_that_differ_by_what_they_say(tmp_path: Path) -> None:
    (tmp_path / "variants").mkdir()
    (tmp_path / "variants/wide.yaml").write_text(VARIANT)
    found = flagged(
        tmp_path, variant="control,wide", set={"tail_age_ms": 700}, flag="trace.enabled=false"
    )
    assert [lane.lane.id for lane in found.lanes] == [
        "default-calm-42-control",
        "default-calm-42-wide",
    ]
    control, wide = (summary(found, 1, f"default-calm-42-{name}") for name in ("control", "wide"))
    assert (control["overrides"]["tail_age_ms"], wide["overrides"]["tail_age_ms"]) == (700, 900)
    assert wide["sources"]["tail_age_ms"] == "variant:wide"
    assert (control["flags"]["md_cache.enabled"], wide["flags"]["md_cache.enabled"]) == (
        *(True, False),
    )
    assert wide["flags"]["trace.enabled"] is False
    assert control["flags_hash"] != wide["flags_hash"]
    result = json.loads((found.folder / "RESULT.json").read_text())
    assert [lane["variant"] for lane in result["lanes"]] == ["control", "wide"]


def test_a_variant_whose_flags_the_bot_lacks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "wide.yaml").write_text(VARIANT)
    message = usage_error(
        lambda: soak(InstantTarget, iterations=1, folder=tmp_path, variant="wide.yaml")
    )
    assert message.startswith("wide.yaml: flags: pytest_soak.testing:InstantTarget declares no md_")


def test_variants_of_two_machines_are_merged(tmp_path: Path) -> None:
    (tmp_path / "wide.yaml").write_text(VARIANT)
    for name in ("control", "wide.yaml"):
        flagged(tmp_path, variant=name, dir=f"run-{name}")
    merged(tmp_path, "run-control", "run-wide.yaml")
    result = json.loads((tmp_path / "merged/latest/RESULT.json").read_text())
    assert [lane["variant"] for lane in result["lanes"]] == ["control", "wide"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{}", "`overrides:`, `flags:` or both"),
        ("overrides: {tail_age: 3}", "unknown parameter 'tail_age'"),
        ("flags: {md_cache.enabled: 3}", "md_cache.enabled: expected true or false, got 3"),
        ("flags: {other.thing: 3}\noverride: {a: 1}", "override"),
    ],
)
def test_a_variant_that_cannot_be_meant_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "wide.yaml").write_text(text)
    assert problem in usage_error(lambda: flagged(tmp_path, variant="wide.yaml"))
