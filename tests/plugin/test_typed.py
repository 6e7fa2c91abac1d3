"""What was typed and cannot be meant: one line with the remedy, before anything runs."""

from __future__ import annotations

import pytest
from harness import INSTANT, Workbench


def problem(bench: Workbench, *arguments: str, **env: str) -> str:
    """The one line of an error that ends a session with status 4."""
    done = bench.pytest("-p", "no:cacheprovider", *arguments, **env)
    assert done.returncode == 4, done.everything
    assert "Traceback" not in done.everything
    (line,) = (x for x in done.everything.splitlines() if x.startswith("ERROR: "))
    return line.removeprefix("ERROR: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--soak-iteration=3",),
            "--soak-iteration: no such option; did you mean '--soak-iterations'?",
        ),
        (
            ("--soak-iterations=3", "--no-soak-autotune"),
            "--no-soak-autotune: no such option; did you mean '--no-soak-auto-tune'?",
        ),
        (
            ("--soak-profile=steady_safe",),
            "--soak-profile: nothing is soaked without --soak-iterations or --soak-duration",
        ),
        (
            ("--no-soak-guards", "-q"),
            "--no-soak-guards: nothing is soaked without --soak-iterations or --soak-duration",
        ),
    ],
)
def test_an_option_that_does_nothing_is_refused(
    bench: Workbench, arguments: tuple[str, ...], message: str
) -> None:
    assert problem(bench, *arguments) == message


def test_options_in_a_file_wait_for_a_soak_and_a_users_own_are_left_alone(
    bench: Workbench,
) -> None:
    bench.write("pytest.ini", "[pytest]\naddopts = --soak-profile=steady_safe\n")
    bench.write("conftest.py", "def pytest_addoption(parser): parser.addoption('--soak-depth')\n")
    bench.write("test_plain.py", "def test_plain(pytestconfig): assert pytestconfig\n")
    assert bench.pytest("-q").returncode == 0
    done = bench.soak(1, INSTANT, "--soak-depth=3")
    assert done.returncode == 0, done.everything


def test_an_unknown_gate_says_where_gates_are_looked_for(bench: Workbench) -> None:
    bench.write("pytest.ini", "[pytest]\n")
    bench.write("gates/mine.yaml", "name: mine\n")
    below = bench.beside("below")
    (below.directory / "gates").mkdir()
    found = problem(below, "--soak-iterations=1", "--soak-gate=min")
    where = bench.directory / "gates"
    assert found == (
        f"--soak-gate: unknown gate 'min'; did you mean 'mine'? (yours are looked for in {where})"
    )


def test_a_factory_that_takes_no_lane_is_told_what_to_take(bench: Workbench) -> None:
    bench.write(
        "conftest.py",
        """
        import pytest


        class Bot:
            def start(self, lane): pass
            def run(self, overrides, window): return {"net_bps": 3.0}
            def stop(self): pass


        @pytest.fixture(scope="session")
        def soak_target():
            return Bot
        """,
    )
    found = problem(bench, "--soak-iterations=1")
    assert found == (
        "target Bot: is called with one argument, the LaneInfo of its lane, but takes Bot() "
        "(too many positional arguments); e.g. def __init__(self, lane)"
    )


def test_a_gate_over_kpis_that_a_bot_lacks_names_the_option(bench: Workbench) -> None:
    bench.write(
        "bots.py",
        """
        from pytest_soak.testing import InstantTarget

        class Plain(InstantTarget):
            parameters = {"spread": {"default": 1.0, "bounds": [0, 5]}}
            kpis = ("net_bps", "risk_ratio")
        """,
    )
    found = problem(bench, "--soak-iterations=1", "--soak-target=bots:Plain")
    assert found.startswith(
        "gate soak: bots:Plain does not give maker_taker_ratio, p95_latency_ms, adverse_bps_p95, "
        "net_quote, num_fills; give a gate without by --soak-gate=FILE.yaml, e.g. one that holds {"
    )


def test_a_profile_is_explained_for_the_bot_it_is_for(bench: Workbench) -> None:
    bench.write("profiles/mine.yaml", "overrides: {spread: 2}\n")
    bench.write(
        "bots.py",
        """
        from pytest_soak.testing import InstantTarget

        class Plain(InstantTarget):
            parameters = {"spread": {"default": 1.0, "bounds": [0, 5]}}
        """,
    )
    done = bench.command("config", "explain", "--profile=mine", "--target=bots:Plain")
    assert (done.returncode, done.stdout) == (0, "spread  2  profile:mine\n")
    done = bench.command("config", "explain", "--profile=mine")
    assert done.returncode == 4
    assert "unknown parameter 'spread'; " in done.stderr
    assert "give --target=module:attr" in done.stderr
    shown = bench.pytest("--soak-show-config", "--soak-profile=mine")
    assert shown.returncode == 4
    assert "profiles/mine.yaml:1: unknown parameter 'spread'" in shown.stderr
    own = bench.pytest("--soak-show-config", "--soak-profile=mine", "--soak-target=bots:Plain")
    assert own.returncode == 0, own.everything


def test_a_turned_option_and_a_misspelt_key_of_the_ini_file_are_told(bench: Workbench) -> None:
    found = problem(bench, "--soak-iterations=1", "--soak-no-markers")
    assert found == "--soak-no-markers: no such option; did you mean '--no-soak-markers'?"
    bench.write("pytest.ini", "[pytest]\nsoak_gat = smoke\n")
    found = problem(bench, "--soak-iterations=1")
    assert found == "ini soak_gat: no such key; did you mean 'soak_gate'?"
