"""Sessions whose windows are run on a cluster."""

from __future__ import annotations

from pathlib import Path

from crashes import contents
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


def test_a_session_runs_lanes_in_turn_and_leaves_the_same_bytes(bench: Workbench) -> None:
    asked = ("--soak-target=clusters:Walking", "--soak-seed=1..3", "--soak-gate=loose.yaml")
    done = []
    for name, where in (("there", ["--soak-cluster=dask://127.0.0.1:8786"]), ("here", [])):
        desk = bench.beside(name)
        desk.write("conftest.py", CONFTEST)
        desk.write("loose.yaml", GATE)
        desk.write("test_mine.py", USERS)
        done.append(desk.soak(2, *asked, *where))
    there, here = done
    assert there.returncode == here.returncode == 0, there.everything
    lanes = [line.split("lane=")[1].split(" ")[0] for line in there.summaries()]
    assert [lane[-1] for lane in lanes] == list("121233")
    assert there.last_line == here.last_line
    roots = [one.directory / "artifacts" / "soak" for one in done]
    assert contents(roots[0]) == contents(roots[1])


def test_workers_of_two_kinds_are_refused(bench: Workbench) -> None:
    done = bench.soak(2, "--soak-cluster=dask://127.0.0.1:8786", "-n1")
    assert done.returncode == 4
    assert "--soak-cluster: the cluster's workers run the lanes side by side" in done.everything
