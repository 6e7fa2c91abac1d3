"""`pytest-soak init --process`."""

from __future__ import annotations

from harness import Workbench


def test_a_program_that_init_wrote_is_soaked_at_once(bench: Workbench) -> None:
    made = bench.command("init", "--process")
    assert (made.returncode, made.last_line) == (0, "next: pytest --soak-iterations=3")
    assert "wrote soak_bot.py" in made.lines
    done = bench.soak(3)
    assert done.returncode == 0, done.everything
    assert done.last_line.startswith("PASS for default on calm (3 iterations, process:")
