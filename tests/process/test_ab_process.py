"""An A/B of a bot in a process of its own: it reads B's overrides while it runs, and is ended."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from ab_blocks import LIMITS
from builders import usage_error
from programs import running_in, trades

from pytest_soak import ProcessTarget
from pytest_soak.ab.arms import Arm
from pytest_soak.ab.limits import load_rails
from pytest_soak.ab.switched import SwitchedLane, asked_bot
from pytest_soak.config.parameters import reference_table
from pytest_soak.targets.base import LaneInfo

SHORT = LIMITS.model_copy(update={"block_minutes": 0.05, "skipped_minutes": 0})
DEFAULTS = reference_table().defaults()
A = Arm(name="a", overrides={**DEFAULTS, "base_spread_bps_delta": 0.1}, flags={})
B = Arm(name="b", overrides={**DEFAULTS, "base_spread_bps_delta": 0.5}, flags={})


@pytest.mark.timeout(120)
def test_each_block_is_under_what_the_bot_reads(tmp_path: Path) -> None:
    home = tmp_path / "home"
    lane = LaneInfo(
        "ab-1",
        "a",
        "calm",
        1,
        folder=home,
        feeds=home / "feeds",
        runtime=home / "overrides.json",
        settle_seconds=0.2,
    )
    factory = ProcessTarget(trades(), cwd=tmp_path, parameters=reference_table(), stop_seconds=5)
    bot = asked_bot(factory.name, factory, lane)
    with closing(SwitchedLane(bot, lane, (A, B), SHORT, load_rails())) as switched:
        blocks = [switched.run(treated).lanes[0] for treated in (False, True)]
        assert running_in(tmp_path) != []
    a, b = (1e4 * float(block["net_quote"] / block["volume_quote"]) for block in blocks)
    assert a == pytest.approx(1.1, abs=0.01)
    assert 1.3 < b < 1.51  # what was late of the block before was waited for first
    assert running_in(tmp_path) == []
    assert '"base_spread_bps_delta": 0.1' in lane.runtime.read_text()  # type: ignore[union-attr]
    on, off = (arm.model_copy(update={"flags": {"x.on": arm is B}}) for arm in (B, A))
    assert "has no method configure" in usage_error(lambda: bot.check_switches(off, on))
