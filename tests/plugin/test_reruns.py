"""An iteration runs once, and what fails in any phase of its test fails its lane."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from harness import INSTANT, Outcome, Workbench

TARGET = "pytest_soak.testing:InstantTarget"
QUICK = (INSTANT, "--soak-gate=smoke")
LOG = """
    from pathlib import Path

    def log(item):
        with Path("log").open("a") as file:
            file.write(f"{item}\\n")
"""
TEST = """
    from log import log

    def test_soak(soak_iteration):
        record = soak_iteration.run()
        log(record.iteration)
        assert record.iteration != 2, "no fill"
"""
MARKED_LATE = """
    import pytest
    from log import log

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(items):
        for item in items:
            item.add_marker(pytest.mark.flaky(reruns=3))

    @pytest.fixture(autouse=True)
    def disk(request):
        request.node.add_marker(pytest.mark.flaky(reruns=3))
        log(request.node.name)
        yield
        if request.node.name == "iter0002":
            raise OSError("no disk")
"""
REPEATS = """
    import pytest

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(item, call):
        report = yield
        if call.when == "call" and report.failed:
            again = lambda: None
            for when in ("setup", "call"):
                hook = getattr(item.ihook, f"pytest_runtest_{when}")
                again = pytest.CallInfo.from_call(lambda: hook(item=item), when=when)
            if again.excinfo is None:
                report.outcome, report.longrepr = "passed", None
        return report
"""


@pytest.fixture
def bench(bench: Workbench) -> Workbench:
    """With the plugins of others."""
    return replace(bench, addopts="")


def ran(bench: Workbench) -> list[str]:
    return sorted(Path(bench.directory, "log").read_text(encoding="utf-8").split())


def failed(done: Outcome, why: str) -> None:
    assert done.returncode == 1, done.everything
    lane = done.artifact("RESULT.json")["lanes"][0]
    assert (lane["verdict"], lane["iterations"], lane["reasons"]) == ("FAIL", 2, [why])
    assert done.last_line == f"FAIL for default on calm (2 iterations, {TARGET}): {why}"
    assert len(done.markers("| kpi_gate | verdict=FAIL |")) == 1
    assert "rerun" not in done.stdout.partition("test session starts")[2].partition("= soak =")[2]


@pytest.mark.parametrize(
    "asked", [("-o", "reruns=2"), ("--force-reruns=2", "--only-rerun=fill"), ("-p", "repeats")]
)
def test_the_last_iteration_that_fails_is_not_run_again(
    bench: Workbench, asked: tuple[str, ...]
) -> None:
    bench.write("log.py", LOG)
    bench.write("test_mine.py", TEST)
    bench.write("repeats.py", REPEATS)
    done = bench.soak(2, *QUICK, *asked)
    failed(done, "iteration 2: its test failed: AssertionError: no fill")
    assert ran(bench) == ["1", "2"]


def test_a_teardown_fails_the_lane_of_a_worker_too(bench: Workbench) -> None:
    bench.write("log.py", LOG)
    bench.write("conftest.py", MARKED_LATE)
    done = bench.soak(2, *QUICK, "--reruns=1", "-n", "1")
    failed(done, "iteration 2: its teardown failed: OSError: no disk")
    assert ran(bench) == ["iter0001", "iter0002"]


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="subtests came with pytest 9")
def test_a_subtest_before_the_window_does_not_end_the_lane(bench: Workbench) -> None:
    bench.write(
        "test_mine.py",
        """
        def test_soak(subtests, soak_iteration):
            with subtests.test("good"):
                pass
            with subtests.test("bad"):
                assert soak_iteration.number != 1, "not the first"
            soak_iteration.run()
        """,
    )
    done = bench.soak(2, *QUICK)
    failed(done, "iteration 1: its test failed: a subtest: AssertionError: not the first")
    assert "2 failed, 1 passed" in done.stdout


def test_a_mark_to_run_a_soak_test_again_is_a_usage_error(bench: Workbench) -> None:
    bench.write(
        "test_a.py",
        """
        import pytest

        @pytest.mark.flaky(reruns=2)
        def test_a(soak_iteration):
            soak_iteration.run()
        """,
    )
    done = bench.soak(1, INSTANT)
    assert done.returncode == 4
    assert "an iteration cannot be run again" in done.stderr


def test_a_body_that_a_plugin_enters_again_does_not_run(bench: Workbench) -> None:
    bench.write(
        "conftest.py",
        """
        import pytest

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_makereport(item, call):
            if call.when == "call":
                try:
                    item.ihook.pytest_runtest_call(item=item)
                except pytest.fail.Exception as error:
                    print(f"again: {error}")
            return (yield)
        """,
    )
    bench.write(
        "test_own.py",
        """
        from pathlib import Path

        def test_own(soak_iteration):
            with Path("bodies").open("a") as file:
                file.write("body\\n")
            soak_iteration.run()
        """,
    )
    done = bench.soak(2, INSTANT, "--soak-gate=smoke")
    assert (bench.directory / "bodies").read_text().count("body") == 2
    assert done.stdout.count("again: an iteration never runs twice") == 2
