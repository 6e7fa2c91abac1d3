"""A bot that freezes time and never lets go: the soak's own clock goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from textwrap import dedent

import pytest
from harness import Workbench

FREEZE = """
    from freezegun import freeze_time

    def freeze():
        freeze_time("2020-01-01").start()
"""
BOT = """
    import time
    from pytest_soak.testing import InstantTarget
    from conftest import freeze

    class Bot(InstantTarget):
        def start(self, lane):
            freeze()

        def run(self, overrides, window):
            time.sleep(0.2)
            assert time.time() == 1577836800
            return super().run(overrides, window)
"""


@pytest.mark.parametrize("already", ["", "freeze()\n"])
def test_pauses_end_and_what_is_written_has_true_times(shell: Workbench, already: str) -> None:
    shell.write("bot.py", BOT)
    shell.write("conftest.py", f"{dedent(FREEZE)}\n{already}")
    begun = datetime.now(UTC)
    done = shell.soak(2, "--soak-target=bot:Bot", "--soak-sleep=0.5", "--soak-gate=smoke")
    ended = datetime.now(UTC)
    assert done.returncode == 0, done.everything
    metas = [done.artifact(f"ITER_SUMMARY_{n}.json")["meta"] for n in (1, 2)]
    first, second = (datetime.fromisoformat(meta["started"]) for meta in metas)
    assert begun <= first
    assert first + timedelta(seconds=0.69) < second < ended
    assert all(0.2 <= meta["seconds"] < (ended - begun).total_seconds() for meta in metas)
    result = done.artifact("RESULT.json")["meta"]
    for name in ("started", "written"):
        told = datetime.fromisoformat(result[name])
        assert begun - timedelta(seconds=1) <= told <= ended
    assert not any("clock" in line for line in done.markers())
