"""`pytest-soak config` and `pytest-soak freeze`."""

from __future__ import annotations

import json

import pytest
from harness import INSTANT, Workbench

LATEST = "artifacts/soak/latest"


def test_list_names_what_is_shipped_and_what_is_yours(bench: Workbench) -> None:
    bench.write("profiles/mine.yaml", "description: My own.\noverrides: {}\n")
    bench.write("scenarios/calm.yaml", "regime: volatile\n")
    rows = [line.split(maxsplit=3) for line in bench.command("config", "list").lines]
    assert ["profile", "mine", "yours", "My own."] in rows
    assert ["market", "calm", "yours"] in rows
    assert ["market", "calm", "shipped"] not in rows
    assert ["market", "spike", "shipped"] in rows
    kinds = {(kind, name) for kind, name, *_ in rows}
    assert {("profile", "default"), ("preset", "maker_bias_uplift_v1")} <= kinds
    assert {("gate", "soak"), ("tuner", "rules")} <= kinds


def test_explain_gives_each_override_its_source(bench: Workbench) -> None:
    done = bench.command(
        *("config", "explain", "--profile", "steady_safe"),
        *("--preset", "maker_bias_uplift_v1", "--set", "tail_age_ms=700"),
    )
    rows = {line.split()[0]: line.split()[1:] for line in done.lines}
    assert rows["min_interval_ms"] == ["90", "preset:maker_bias_uplift_v1"]
    assert rows["tail_age_ms"] == ["700", "cli"]
    assert rows["concurrency_limit"] == ["3", "profile:steady_safe"]


def test_show_prints_the_file_and_schema_the_schema(bench: Workbench) -> None:
    assert "tail_age_ms: 740" in bench.command("config", "show", "steady_safe").stdout
    schema = json.loads(bench.command("config", "schema", "tuning-report").stdout)
    assert schema["title"] == "TuningReport"


def test_a_snapshot_by_hand_can_be_soaked_again(bench: Workbench) -> None:
    bench.soak(6, INSTANT, "--soak-set=tail_age_ms=700")
    made = bench.command("freeze", "--input", LATEST, "--output", "snap.json", "--profile", "prod")
    assert made.returncode == 0, made.everything
    snapshot = json.loads((bench.directory / "snap.json").read_text())
    assert (snapshot["profile"], snapshot["overrides"]["tail_age_ms"]) == ("prod", 700)
    assert snapshot["kpis"]["net_bps"] == {"median": 3.1, "n": 2, "sd": 0.0}
    again = bench.soak(1, INSTANT, "--soak-profile=snap.json")
    assert again.artifact("ITER_SUMMARY_1.json")["overrides"]["tail_age_ms"] == 700


def test_a_snapshot_of_another_target_says_so(bench: Workbench) -> None:
    bench.soak(6, INSTANT)
    bench.command("freeze", "--input", LATEST, "--output", "snap.json")
    bench.write(
        "bot.py",
        """
        from pytest_soak.testing import InstantTarget

        class Bot(InstantTarget):
            parameters = {"half_spread_bps": 1.0}
        """,
    )
    done = bench.soak(1, "--soak-target=bot:Bot", "--soak-profile=snap.json")
    assert done.returncode == 4
    assert "snapshot of pytest_soak.testing:InstantTarget" in done.everything
    assert "unknown parameter 'base_spread_bps_delta'" in done.everything


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("config", "show", "steady"), "did you mean 'steady_safe'?"),
        (("config", "schema", "iter-summry"), "did you mean 'iter-summary'?"),
        (("config", "explain", "--profile", "nope"), "unknown profile 'nope'"),
        (("config", "explain", "--set", "x=1"), "unknown parameter 'x'"),
        (("config", "explain", "bot:Bot"), "(bot:Bot); a target is named by --target=bot:Bot"),
        (("config", "gates"), "No such command 'gates'. `config list` lists every gate"),
        (("config", "profile"), "No such command 'profile'. `config list` lists every profile"),
        (("config", "shw"), "'show'"),
        (("freeze", "--input", "none", "--output", "x"), "none: cannot be read"),
        (
            ("freeze", "--input", "list.json", "--output", "x"),
            "expected the schema 'pytest-soak/final-summary/1'",
        ),
        (("freeze",), "Missing option"),
    ],
)
def test_mistakes_end_with_one_line_and_four(
    bench: Workbench, arguments: tuple[str, ...], problem: str
) -> None:
    bench.write("list.json", "[1]")
    done = bench.command(*arguments)
    assert done.returncode == 4
    assert problem in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (bench.directory / "x").exists()


@pytest.mark.parametrize("arguments", [(), ("config",), ("metrics",)])
def test_a_group_without_a_command_says_what_it_has(
    bench: Workbench, arguments: tuple[str, ...]
) -> None:
    done = bench.module("pytest_soak", *arguments)
    assert (done.returncode, done.stderr) == (4, "")
    assert done.lines[0].startswith("Usage: ")
    assert "Commands:" in done.lines


def test_migrate_makes_a_profile_that_soaks_and_tells_what_is_broken(bench: Workbench) -> None:
    bench.write("artifacts/soak/steady_safe_overrides.json", '{"tail_age_ms": 701}')
    bench.write("artifacts/soak/ultra_safe_overrides.json", "[]")
    foretold = bench.command("config", "migrate", "--dry-run")
    assert not (bench.directory / "profiles").exists()
    done = bench.command("config", "migrate")
    assert (done.returncode, done.everything) == (4, foretold.everything)
    assert done.lines == [
        "steady_safe_overrides.json: kept as legacy/steady_safe_overrides.json; is now "
        "profiles/steady_safe.yaml, which goes before the shipped profile of that name"
    ]
    assert done.stderr == (
        "ERROR: artifacts/soak/ultra_safe_overrides.json: expected one object of overrides, "
        "got a list\n"
    )
    soak = bench.soak(1, INSTANT, "--soak-profile=steady_safe")
    assert soak.artifact("ITER_SUMMARY_1.json")["overrides"]["tail_age_ms"] == 701
