"""A soak in an empty directory: items, markers, verdict, exit status, artifacts."""

from __future__ import annotations

import re

import pytest
from harness import INSTANT, MARKER, Workbench


def test_each_iteration_is_an_item_with_a_summary_line(bench: Workbench) -> None:
    done = bench.soak(6, INSTANT, "--soak-profile=steady_safe", "-v")
    assert done.returncode == 0, done.everything
    ids = re.findall(r"^(soak::\S+) PASSED", done.stdout, re.MULTILINE)
    assert ids == [f"soak::steady_safe-calm-42::iter{n:04d}" for n in range(1, 7)]
    assert [re.findall(r"iter=(\d+)", line) for line in done.summaries()] == [
        [str(n)] for n in range(1, 7)
    ]


def test_the_last_line_says_what_was_judged(bench: Workbench) -> None:
    done = bench.soak(5, INSTANT, "--soak-profile=steady_safe")
    assert done.last_line == (
        "PASS for steady_safe on calm (5 iterations, pytest_soak.testing:InstantTarget)"
    )


@pytest.mark.parametrize(
    ("duration", "told"),
    [
        ("1m", ["soak: NOTE: 1m becomes one window of 60 min, 60 min in all; shorter windows are"]),
        ("90m", ["soak: NOTE: 90m becomes 2 windows of 60 min, 120 min in all; shorter windows"]),
        ("2h", []),
    ],
)
def test_what_a_duration_came_to_is_told(bench: Workbench, duration: str, told: list[str]) -> None:
    done = bench.pytest(f"--soak-duration={duration}", INSTANT, "--collect-only")
    notes = [line for line in done.lines if "NOTE" in line]
    assert [note[: len(start)] for note, start in zip(notes, told, strict=True)] == told


def test_nothing_graded_is_a_warning_that_says_so(bench: Workbench) -> None:
    done = bench.soak(4, INSTANT)
    assert done.returncode == 0
    assert done.last_line.startswith("WARN for default on calm (4 iterations")
    assert done.last_line.endswith(": nothing graded yet")


@pytest.mark.parametrize(
    "arguments",
    [(), ("-q", "--soak-markers"), ("-s",), ("-v",), ("-n", "1"), ("-qq", "--soak-markers")],
)
def test_marker_lines_come_whole_whatever_the_verbosity(
    bench: Workbench, arguments: tuple[str, ...]
) -> None:
    done = bench.soak(3, INSTANT, *arguments)
    assert len(done.summaries()) == 3
    assert len(done.markers("| kpi_gate | verdict=")) == 4
    assert sum("final=1" in line for line in done.markers("| kpi_gate |")) == 1
    assert all(MARKER.match(line) for line in done.lines if line.startswith("|"))


def test_the_seed_marker_says_when_no_override_was_given(bench: Workbench) -> None:
    plain = bench.soak(1, INSTANT)
    assert plain.markers("| seed |") == ["| seed | overrides | default_overrides.json |"]
    given = bench.soak(1, INSTANT, '--soak-overrides-json={"tail_age_ms": 700}')
    assert given.markers("| seed |") == []


def test_header_table_and_artifacts_name_the_target(bench: Workbench) -> None:
    done = bench.soak(2, "--soak-target=mock", "--soak-gate=smoke")
    assert "target mock" in done.stdout.split("collected")[0]
    assert "\nPASS  mock: medians of its last 2 graded, P2 W0 F0\n" in done.stdout
    for name in ("RESULT.json", "ITER_SUMMARY_1.json", "ITER_SUMMARY_final.json"):
        assert done.artifact(name)["source"] == "mock"
    for name in ("EDGE_REPORT.json", "KPI_GATE.json"):
        assert done.artifact(f"artifacts/{name}")["source"] == "mock"


def test_a_gate_that_is_called_otherwise_than_its_file_is_said_in_the_header(
    bench: Workbench,
) -> None:
    bench.write("gates/x.yaml", 'name: y\nthresholds: [{metric: net_bps, fail_unless: "> 0"}]\n')
    done = bench.soak(1, INSTANT, "--soak-gate=x")
    assert "soak: gate y of x (soft), artifacts in artifacts/soak" in done.lines
    bench.write("y.yaml", 'name: y\nthresholds: [{metric: net_bps, fail_unless: "> 0"}]\n')
    done = bench.soak(1, INSTANT, "--soak-gate=y.yaml")
    assert "soak: gate y (soft), artifacts in artifacts/soak" in done.lines


def test_what_goes_before_the_packages_own_is_said_in_the_header(bench: Workbench) -> None:
    chosen = ("--soak-market=calm,spike", "--soak-profile=aggressive,steady_safe")
    assert "is yours" not in bench.soak(1, INSTANT, *chosen).stdout
    bench.write("scenarios/calm.yaml", "regime: volatile\n")
    bench.write("profiles/steady_safe.yaml", "overrides: {}\n")
    header = bench.soak(1, INSTANT, *chosen).stdout.split("collected")[0]
    assert [line for line in header.splitlines() if "is yours" in line] == [
        "soak: profile steady_safe is yours, not the one of the package",
        "soak: market calm is yours, not the one of the package",
    ]


def test_several_lanes_are_told_apart(bench: Workbench) -> None:
    done = bench.soak(2, INSTANT, "--soak-profile=steady_safe,aggressive", "--soak-seed=1..2")
    lanes = {
        f"{profile}-calm-{seed}" for profile in ("steady_safe", "aggressive") for seed in (1, 2)
    }
    assert {line.split("lane=")[1].removesuffix(" |") for line in done.summaries()} == lanes
    assert {lane["lane"] for lane in done.artifact("RESULT.json")["lanes"]} == lanes
    for lane in lanes:
        assert done.iteration_files(lane) == [
            "ITER_SUMMARY_1.json",
            "ITER_SUMMARY_2.json",
            "ITER_SUMMARY_final.json",
        ]
        assert (done.directory / "artifacts/soak/latest" / lane / "runtime_overrides.json").exists()
    assert done.last_line.startswith("WARN for 4 lanes (4 WARN")
    assert sum(line.startswith("2 lanes: not calibrated (") for line in done.lines) == 2


def test_a_new_run_keeps_the_earlier_one(bench: Workbench) -> None:
    bench.soak(1, INSTANT)
    first = (bench.directory / "artifacts/soak/latest/ITER_SUMMARY_1.json").read_bytes()
    bench.soak(2, INSTANT)
    (run,) = (bench.directory / "artifacts/soak/runs").iterdir()
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}", run.name)
    assert (run / "ITER_SUMMARY_1.json").read_bytes() == first
    assert (bench.directory / "artifacts/soak/.gitignore").read_text() == "*\n"


def test_nothing_is_written_outside_the_artifact_folder(bench: Workbench) -> None:
    bench.soak(2, INSTANT, "-p", "no:cacheprovider", "--soak-dir=here/there")
    assert {name.split("/")[0] for name in bench.files()} == {"here"}


@pytest.mark.parametrize("extra", [("--collect-only",), ("--soak-show-config",), ("--help",)])
def test_looking_writes_nothing(bench: Workbench, extra: tuple[str, ...]) -> None:
    done = bench.soak(2, INSTANT, "-p", "no:cacheprovider", *extra)
    assert done.returncode == 0, done.everything
    assert bench.files() == set()


def test_show_config_gives_each_value_with_its_source(bench: Workbench) -> None:
    bench.write("pytest.ini", "[pytest]\nsoak_minutes = 30\nsoak_profile = aggressive\n")
    done = bench.soak(2, "--soak-show-config", "--soak-seed=7", SOAK_PROFILE="ultra_safe")
    rows = {line.split()[0]: line.split()[1:] for line in done.lines if line.strip()}
    assert rows["profile"] == ["ultra_safe", "env"]
    assert rows["minutes"] == ["30", "ini"]
    assert rows["seed"] == ["7", "cli"]
    assert rows["gate"] == ["soak", "default"]
    assert rows["sigma"] == ["0.01", "default"]


def test_use_mock_is_announced_and_yields_to_a_given_target(bench: Workbench) -> None:
    mocked = bench.soak(1, "--soak-gate=smoke", USE_MOCK="1")
    assert "USE_MOCK=1 makes the target mock" in mocked.stdout
    assert mocked.artifact("RESULT.json")["source"] == "mock"
    given = bench.soak(1, INSTANT, USE_MOCK="1")
    assert given.artifact("RESULT.json")["source"] == "pytest_soak.testing:InstantTarget"


def test_kpis_are_junit_properties(bench: Workbench) -> None:
    done = bench.soak(1, INSTANT, "--junitxml=report.xml")
    text = (done.directory / "report.xml").read_text()
    assert '<property name="net_bps" value="3.1"' in text
    assert '<property name="verdict" value="PASS"' in text


def test_strict_markers_and_warnings_as_errors_work(bench: Workbench) -> None:
    done = bench.soak(2, INSTANT, "--strict-markers", "-W", "error")
    assert done.returncode == 0, done.everything
