"""Events are told while they happen, not when a test is over."""

from __future__ import annotations

import pytest
from harness import INSTANT, Workbench

WAITING = """
    import time
    from pathlib import Path
    from pytest_soak.testing import InstantTarget

    HERE = Path(__file__).parent

    class Waiting(InstantTarget):
        def run(self, overrides, window):
            deadline = time.monotonic() + 120
            while not (HERE / f"heard-{window.iteration}").exists():
                assert time.monotonic() < deadline, "nobody heard of it"
                time.sleep(0.01)
            return super().run(overrides, window)
    """
HEARING = """
    from pathlib import Path
    from pytest_soak import IterationStarted

    HERE = Path(__file__).parent

    class Hearing:
        def start(self, settings):
            (HERE / "log").write_text(f"start {settings.iterations}\\n")

        def handle(self, event):
            with (HERE / "log").open("a") as log:
                log.write(f"{event.kind} {event.lane}\\n")
            if isinstance(event, IterationStarted):
                (HERE / f"heard-{event.iteration}").touch()

        def close(self):
            with (HERE / "log").open("a") as log:
                log.write("close\\n")

    def pytest_soak_handlers(config):
        return [Hearing()]
    """


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_handlers_hear_of_a_window_while_it_runs(
    workers: tuple[str, ...], bench: Workbench
) -> None:
    bench.write("bot.py", WAITING)
    bench.write("conftest.py", HEARING)
    outcome = bench.soak(2, "--soak-target=bot:Waiting", "--soak-warmup", *workers)
    assert outcome.returncode == 0, outcome.everything
    kinds = [line.split()[0] for line in (bench.directory / "log").read_text().splitlines()]
    window = ["iteration_started", "iteration_finished"]
    assert kinds == [
        "start",
        "lane_started",
        "phase_changed",
        *window * 2,
        "lane_finished",
        "close",
    ]


RAISING = """
    class Raising:
        {optional}

        def start(self, settings):
            pass

        def handle(self, event):
            raise LookupError("no ledger")

        def close(self):
            pass

    def pytest_soak_handlers(config):
        return [Raising()]
    """


@pytest.mark.parametrize(("optional", "status"), [("", 1), ("optional = True", 0)])
def test_a_handler_that_raises_ends_no_soak_but_fails_it(
    optional: str, status: int, bench: Workbench
) -> None:
    bench.write("conftest.py", RAISING.format(optional=optional))
    outcome = bench.soak(6, INSTANT)
    assert outcome.returncode == status
    text = "handler Raising: its handle raised LookupError: no ledger; it gets no more events"
    assert outcome.stdout.count(f"soak: {text}") == 1
    assert len(outcome.summaries()) == 6
    assert outcome.last_line.startswith(f"FAIL: {text}; PASS for " if status else "PASS for ")
    assert outcome.artifact("RESULT.json")["exit_status"] == status


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("[None]", "None has no method start(); expected start, handle, close"),
        ("3", "expected a list of handlers, got 3"),
        ("[type('Mine', (), {})]", "Mine is a class; give an instance"),
    ],
)
def test_what_is_no_handler_is_refused(given: str, problem: str, bench: Workbench) -> None:
    bench.write("conftest.py", f"def pytest_soak_handlers(config):\n    return {given}\n")
    outcome = bench.soak(1, INSTANT)
    assert outcome.returncode == 4
    assert f"ERROR: hook pytest_soak_handlers: {problem}" in outcome.stderr


def test_what_a_hook_prints_is_seen_and_no_output_of_the_test(bench: Workbench) -> None:
    bench.write(
        "conftest.py",
        """
        def pytest_soak_iteration_finished(config, record):
            print("finished", record.iteration)
        """,
    )
    outcome = bench.soak(2, INSTANT)
    assert [line for line in outcome.lines if line.startswith("finished")] == [
        "finished 1",
        "finished 2",
    ]
