"""`--soak-iteration-timeout`: what hangs is ended, and what was done is kept."""

from __future__ import annotations

import pytest
from harness import Outcome, Workbench

BOT = """
    import collections, itertools, time
    from pytest_soak.testing import InstantTarget

    class Sleeps(InstantTarget):
        def run(self, overrides, window):
            if window.iteration == 3:
                time.sleep(600)
            return super().run(overrides, window)

    class Stuck(InstantTarget):
        def run(self, overrides, window):
            if window.iteration == 3:
                collections.deque(itertools.repeat(1), maxlen=0)  # never returns to Python
            return super().run(overrides, window)
"""
OWN = "def test_own(soak_iteration):\n    soak_iteration.run()\n"
CAUSE = "the target's run was ended by Failed: Timeout "


@pytest.fixture
def work(bench: Workbench) -> Workbench:
    """Bots that hang in their third window."""
    bench.write("bot.py", BOT)
    return bench


def ended_by_the_target(done: Outcome) -> None:
    assert done.returncode == 1, done.everything
    assert "1 failed, 2 passed, 2 skipped" in done.stdout
    [marker] = done.markers("| iter_watch | FAILED |")
    assert f"iter=3 cause={CAUSE}" in marker
    assert ">3.0s" in marker
    assert any(x.startswith("soak: FAILED") and CAUSE in x for x in done.lines)
    lane = done.artifact("RESULT.json")["lanes"][0]
    assert (lane["ending"], lane["verdict"], lane["iterations"]) == ("target", "FAIL", 2)
    assert f"iteration 3 did not complete: {CAUSE}" in done.stdout
    assert "_pytest" not in done.stdout.partition("= FAILURES =")[2]
    assert "Stack of" not in done.everything
    completed_are_kept(done, "ITER_SUMMARY_final.json")


def completed_are_kept(done: Outcome, *more: str) -> None:
    assert done.iteration_files() == ["ITER_SUMMARY_1.json", "ITER_SUMMARY_2.json", *more]
    assert [done.artifact(f"ITER_SUMMARY_{n}.json")["iteration"] for n in (1, 2)] == [1, 2]


def test_a_hung_iteration_fails_and_ends_its_lane_on_a_worker_too(work: Workbench) -> None:
    hung = ("--soak-target=bot:Sleeps", "--soak-iteration-timeout=3")
    ended_by_the_target(work.soak(5, *hung, "-rs", "-n", "1"))


SHORT = """
    from pytest_soak.engine.pace import Allowance, Pacing
    from pytest_soak.run import resolve

    resolve.load_pacing = lambda: Pacing(
        clocks=Allowance(seconds=2, share=0.001), backstop=Allowance(seconds=3, share=0.1)
    )
"""


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["", "xdist"])
def test_a_stuck_compiled_call_ends_its_process(work: Workbench, workers: tuple[str, ...]) -> None:
    work.write("conftest.py", SHORT)
    own = ("-o", "faulthandler_timeout=100")
    target = "--soak-target=bot:Stuck"
    done = work.soak(5, target, "--soak-iteration-timeout=3", *own, *workers)
    assert done.returncode == 1, done.everything
    assert "Timeout (0:00:06.3" in done.stderr
    assert 'bot.py"' in done.stderr
    completed_are_kept(done)
    if workers:
        assert "iter0003: worker 'gw0' crashed while running" in done.stdout
        assert "1 failed, 2 passed, 2 skipped" in done.stdout


@pytest.mark.parametrize(
    ("mark", "options"),
    [
        ("@pytest.mark.soak", ("--soak-iteration-timeout=3",)),
        ("@pytest.mark.timeout(3)", ("--soak-iteration-timeout=100",)),
        ("", ("--timeout=3",)),
    ],
    ids=["ours", "mark", "option"],
)
def test_a_users_test_is_ended_too_and_his_own_timeout_keeps_working(
    work: Workbench, mark: str, options: tuple[str, ...]
) -> None:
    work.write("test_own.py", f"import pytest\n{mark}\n{OWN}")
    ended_by_the_target(work.soak(5, "--soak-target=bot:Sleeps", "-rs", *options))


def test_a_hang_after_the_window_fails_the_item_and_not_the_lane(work: Workbench) -> None:
    hangs = "    if soak_iteration.number == 1:\n        __import__('time').sleep(600)\n"
    work.write("test_own.py", OWN + hangs)
    done = work.soak(2, "--soak-target=bot:Sleeps", "--soak-iteration-timeout=3")
    assert "1 failed, 1 passed" in done.stdout
    assert "soak: FAILED test_own.py::test_own[default-calm-42-iter0001]: Failed: Timeout " in (
        done.stdout
    )
    completed_are_kept(done, "ITER_SUMMARY_final.json")


def test_it_needs_its_plugin(work: Workbench) -> None:
    done = work.soak(1, "--soak-target=mock", "--soak-iteration-timeout=3", "-p", "no:timeout")
    assert done.returncode == 4
    assert "ERROR: --soak-iteration-timeout: needs pytest-timeout" in done.stderr


SIMULATES = """
    from pathlib import Path
    import pytest
    from pytest_soak.market import compile
    from pytest_soak.targets.simulated import SimulatedTarget
    from pytest_soak.testing import InstantTarget

    compile.kernel_is_compiled = lambda: False
    compile.compile_kernel = lambda: Path("compiled").touch()

    @pytest.fixture(scope="session")
    def soak_target():
        assert Path("compiled").exists()
        return InstantTarget
"""


def test_the_kernel_of_a_users_target_is_compiled_before_any_timeout(bench: Workbench) -> None:
    bench.write("conftest.py", SIMULATES)
    done = bench.soak(1, "--soak-gate=smoke")
    assert done.returncode == 0, done.everything
    assert "soak: compiling the market kernel" in done.stdout


def test_a_hung_coroutine_is_cancelled_and_its_target_stopped(bench: Workbench) -> None:
    bench.write(
        "bot.py",
        """
        import asyncio
        from pytest_soak.testing import InstantTarget

        class Waits(InstantTarget):
            async def run(self, overrides, window):
                try:
                    await asyncio.sleep(600 * (window.iteration // 3))
                finally:
                    print("left", window.iteration)
                return super().run(overrides, window)

            async def stop(self):
                print("stopped")
        """,
    )
    done = bench.soak(5, "--soak-target=bot:Waits", "--soak-iteration-timeout=3", "-rs", "-s")
    ended_by_the_target(done)
    assert done.lines[-200:].index("left 3") < done.lines[-200:].index("stopped")


STUBBORN = """
    import asyncio
    import time
    from pytest_soak.testing import InstantTarget


    class Swallows(InstantTarget):
        def run(self, overrides, window):
            try:
                time.sleep(600)
            except BaseException:
                pass
            return super().run(overrides, window)


    class GoesOn(InstantTarget):
        async def start(self, lane):
            self.task = asyncio.create_task(self.listen())

        async def listen(self):
            while True:
                try:
                    await asyncio.sleep(0.1)
                except BaseException:
                    pass
"""


def test_a_bot_that_catches_its_timeout_fails_all_the_same(bench: Workbench) -> None:
    bench.write("bots.py", STUBBORN)
    done = bench.soak(
        2, "--soak-target=bots:Swallows", "--soak-gate=smoke", "--soak-iteration-timeout=3"
    )
    assert done.returncode == 1, done.everything
    assert "s, --soak-iteration-timeout=3; what that raised was caught" in done.last_line
    assert "2 failed" in done.stdout


def test_a_task_that_cannot_be_cancelled_fails_its_lane_and_does_not_hang(bench: Workbench) -> None:
    bench.write("bots.py", STUBBORN)
    bench.write("conftest.py", "from pytest_soak.targets import loop\nloop.END_SECONDS = 1.0\n")
    done = bench.soak(1, "--soak-target=bots:GoesOn", "--soak-gate=smoke")
    assert done.returncode == 1, done.everything
    assert ": after the target's stop, the target's task Task-" in done.last_line
    assert " (GoesOn.listen) at bots.py:" in done.last_line
    assert done.last_line.endswith("in listen went on 1 s after it was cancelled")
