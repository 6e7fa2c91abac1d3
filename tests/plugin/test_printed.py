"""What a bot prints and logs is kept, iteration by iteration, also where all of it passes."""

from __future__ import annotations

import pytest
from harness import Workbench

from pytest_soak.artifacts.printed import MOST_BYTES

LOUD = """
    import logging, sys
    from pytest_soak.testing import InstantTarget

    class Loud(InstantTarget):
        def run(self, overrides, window):
            print("window", window.iteration, chr(0x20AC))
            print("careful", file=sys.stderr)
            logging.getLogger("bot").warning("requote %d", window.iteration)
            return super().run(overrides, window)
    """


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_output_and_log_of_passing_iterations_are_kept(
    workers: tuple[str, ...], bench: Workbench
) -> None:
    bench.write("bot.py", LOUD)
    done = bench.soak(2, "--soak-target=bot:Loud", "--soak-gate=smoke", *workers)
    assert done.returncode == 0, done.everything
    for iteration in (1, 2):
        kept = bench.directory.joinpath(
            f"artifacts/soak/latest/output/iteration_{iteration}.log"
        ).read_text("utf-8")
        stdout, _, rest = kept.partition("--- Captured stderr call ---")
        assert f"window {iteration} \u20ac\n" in stdout
        assert rest.startswith("\ncareful\n")
        assert f"requote {iteration}" in kept
        assert f"window {3 - iteration}" not in kept
    assert "careful" not in done.stdout


def test_of_too_much_the_beginning_and_the_end_are_kept(bench: Workbench) -> None:
    bench.write("bot.py", LOUD.replace('"careful"', '"a" * 3_000_000 + "z"'))
    done = bench.soak(1, "--soak-target=bot:Loud")
    assert done.returncode == 0, done.everything
    kept = bench.directory.joinpath("artifacts/soak/latest/output/iteration_1.log").read_bytes()
    assert MOST_BYTES < len(kept) < MOST_BYTES + 100
    assert kept.startswith(b"--- Captured stdout call ---\nwindow 1")
    assert b"requote 1" in kept[-400:]
    assert b"bytes left out ...]" in kept


def test_a_silent_bot_has_no_such_files(bench: Workbench) -> None:
    bench.soak(2, "--soak-target=mock")
    assert not bench.directory.joinpath("artifacts/soak/latest/output").exists()


def test_no_link_is_followed_to_where_output_is_kept(bench: Workbench) -> None:
    bench.write(
        "bot.py",
        LOUD
        + """
    class Sly(Loud):
        def run(self, overrides, window):
            import os
            os.symlink("/tmp", "artifacts/soak/latest/output")
            return super().run(overrides, window)
    """,
    )
    done = bench.soak(1, "--soak-target=bot:Sly")
    assert done.returncode == 1
    assert "a symbolic link" in done.stdout
