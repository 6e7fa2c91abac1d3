"""Sessions whose windows are run on a cluster."""

from __future__ import annotations

from pathlib import Path

from harness import Workbench

TESTS = Path(__file__).parents[1]
CONFTEST = f"""
    import sys
    from contextlib import nullcontext

    sys.path.insert(0, {str(TESTS)!r})
    from clusters import FakeCluster
    from pytest_soak.session import on_cluster

    on_cluster.connected = lambda *given: nullcontext(FakeCluster(dies=(2, 5)))
"""
GATE = "name: loose\nthresholds:\n  - {metric: net_bps, fail_unless: '>= -50'}\n"
USERS = """
    def test_mine(soak_iteration):
        assert soak_iteration.run().iteration == soak_iteration.number
"""


def test_a_session_runs_lanes_in_turn(bench: Workbench) -> None:
    bench.write("conftest.py", CONFTEST)
    bench.write("loose.yaml", GATE)
    bench.write("test_mine.py", USERS)
    asked = ("--soak-target=clusters:Walking", "--soak-seed=1..3", "--soak-gate=loose.yaml")
    done = bench.soak(2, *asked, "--soak-cluster=dask://127.0.0.1:8786")
    assert done.returncode == 0, done.everything
    lanes = [line.split("lane=")[1].split(" ")[0] for line in done.summaries()]
    assert [lane[-1] for lane in lanes] == list("121233")
    assert done.last_line == "PASS for 3 lanes (3 PASS, clusters:Walking)"


def test_workers_of_two_kinds_are_refused(bench: Workbench) -> None:
    done = bench.soak(2, "--soak-cluster=dask://127.0.0.1:8786", "-n1")
    assert done.returncode == 4
    assert "--soak-cluster: the cluster's workers run the lanes side by side" in done.everything
