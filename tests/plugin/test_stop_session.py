"""Stop criteria in a pytest session."""

from __future__ import annotations

from harness import Workbench


def test_a_stop_is_marked_told_to_hooks_and_fails_the_session(bench: Workbench) -> None:
    bench.write(
        "conftest.py",
        """
        def pytest_soak_stop_fired(config, lane, fired):
            print(f"page the desk: {lane} {fired.criterion} at {fired.at}")
        """,
    )
    done = bench.soak(
        2, "--soak-flag=md_cache.enabled=false", "--soak-gate=smoke", SOAK_STOP="stop"
    )
    assert done.returncode == 1
    assert done.markers("| stop |") == [
        "| stop | criterion=cache value=0 since=2024-01-01T00:01:00Z at=2024-01-01T00:31:00Z |"
    ]
    assert done.lines.index(done.markers("| stop |")[0]) < done.lines.index(done.summaries()[0])
    assert "page the desk: default-calm-42 cache at 1704069060000000" in done.lines
    assert "soak: gate smoke (soft), stop criteria stop, artifacts in artifacts/soak" in done.lines
    assert "1 failed, 1 skipped" in done.stdout
    assert done.last_line.startswith(
        "FAIL for default on calm (1 of 2 iterations, sim): iteration 1: cache: "
    )
    again = bench.soak(
        2,
        "--soak-resume",
        "--soak-flag=md_cache.enabled=false",
        "--soak-gate=smoke",
        SOAK_STOP="stop",
    )
    assert again.returncode == 1
    assert "where the lane ended (stop)" in again.stdout
