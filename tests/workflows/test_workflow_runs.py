"""Every `run:` block of the workflows, run as GitHub would run it; none is left out."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import stat
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from finished_runs import outcome, result, write_run
from harness import INSTANT, Workbench
from releases import make_lock
from warm import Warm
from workflow_runner import RUN, WORKFLOWS, Job, Workflow

import pytest_soak
from benchmarks.releasing_bot import BOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are sh scripts")

ROOT = Path(__file__).parents[2]
PACKAGE = Path(pytest_soak.__file__).parent
"""As it is under test, with the compiled kernel."""
CHECKOUT = ("README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml", "conftest.py")
INSTANT_INI = f"soak_target = {INSTANT.partition('=')[2]}\n"
TESTS = ("harness.py", "warm.py", "builders.py", "unit/test_canonical.py")

PYTHON = """#!/bin/sh
if [ "$1 $2" = "-m pytest" ]; then shift; {module} "$@"; fi
{python} "$@"
"""
PYTEST_SOAK = """#!/bin/sh
{module} pytest_soak.cli "$@"
"""

Start = Callable[..., Job]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory, warm: Warm | None) -> dict[str, str]:
    """`python` and `pytest-soak` are those of this test; pip is offline and installs nothing."""
    folder = tmp_path_factory.mktemp("bin")
    for name, text in {"python": PYTHON, "pytest-soak": PYTEST_SOAK}.items():
        module = f'exec "{sys.executable}" -m' if warm is None else warm.asked()
        script = folder / name
        script.write_text(text.format(python=f'exec "{sys.executable}"', module=module))
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    inherited = Workbench(folder).environment({})
    path = [str(_metadata(tmp_path_factory)), str(PACKAGE.parent), inherited.get("PYTHONPATH", "")]
    return inherited | {
        "PATH": f"{folder}:{inherited['PATH']}",
        "PYTHONPATH": ":".join(path),
        "PIP_DRY_RUN": "1",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "GITHUB_ACTIONS": "true",
    }


def _metadata(factory: pytest.TempPathFactory) -> Path:
    """A folder that makes this checkout an installed package, where it is none."""
    folder = factory.mktemp("site")
    try:
        importlib.metadata.distribution("pytest-soak").version  # noqa: B018 - whether it is there
    except importlib.metadata.PackageNotFoundError:
        info = folder / "pytest_soak-0.1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pytest-soak\nVersion: 0.1.0\n")
        (info / "entry_points.txt").write_text("[pytest11]\nsoak = pytest_soak.plugin\n")
    return folder


@pytest.fixture
def start(environment: dict[str, str], bench: Workbench) -> Start:
    def run(name: str, job: str, inputs: Any = (), matrix: Any = (), **how: Any) -> Job:
        workflow = Workflow(name)
        return Job(
            workflow,
            job,
            bench.directory,
            environment
            | {
                "GITHUB_STEP_SUMMARY": str(bench.directory / "summary.md"),
                "PATH": f"{bench.directory / 'bin'}:{environment['PATH']}",
            },
            inputs=dict(inputs),
            matrix=dict(matrix),
            **how,
        ).run()

    return run


def good(job: Job) -> Job:
    assert not job.failed, "\n".join(f"{s.name}: {s.returncode}\n{s.output}" for s in job.steps)
    return job


def soak(start: Start, **inputs: str) -> Job:
    """`soak.yml` with its defaults, but for `inputs`."""
    return start("soak", "soak", Workflow("soak").inputs("workflow_dispatch") | inputs)


def checkout(bench: Workbench) -> None:
    """This repository, with few of its tests."""
    for name in CHECKOUT:
        shutil.copy2(ROOT / name, bench.directory)
    installed = shutil.ignore_patterns("profiles")  # a wheel has them in the package
    shutil.copytree(PACKAGE, bench.directory / "pytest_soak", ignore=installed)
    shutil.copytree(ROOT / "profiles", bench.directory / "profiles")
    bench.write(".github/workflows/soak.yml", Workflow("soak").text)  # a wheel has it
    for name in TESTS:
        bench.write(f"tests/{name}", (ROOT / "tests" / name).read_text(encoding="utf-8"))


def downloaded(bench: Workbench) -> None:
    """A run of each job of the matrix; of one job several attempts, of which the last warns."""
    matrix = Workflow("soak-24h").jobs["soak"]["strategy"]["matrix"]
    for profile in matrix["profile"]:
        for market in matrix["market"]:
            lane = outcome(42, market, lane=f"{profile}-{market}-42", profile=profile)
            write_run(bench.directory / job_folder(profile, market, 1), result(lane))
    for attempt, verdict in ((2, "FAIL"), (10, "WARN")):
        run = result(outcome(42, verdict=verdict), verdict=verdict)
        write_run(bench.directory / job_folder("steady_safe", "calm", attempt), run)


def job_folder(profile: str, market: str, attempt: int) -> str:
    return f"runs/soak-24h-{profile}-{market}-{RUN['run_id']}-{attempt}"


def locked(bench: Workbench) -> None:
    """A repository with a bot, a plan and a lock."""
    bench.write("locked_bot.py", BOT)
    bench.write("release.yaml", RELEASE)
    make_lock(bench.directory, range(1, 6), 20.0)


def prepared(bench: Workbench) -> None:
    """A repository whose release another run has prepared, and uploaded."""
    bench.write("locked_bot.py", BOT)
    bench.write("release.yaml", RELEASE)
    assert bench.command("release", "prep").returncode == 0
    packed(bench, bench.directory / "artifacts")


def packed(bench: Workbench, release: Path) -> None:
    """Move the folder of a release to where it is downloaded to, two attempts of one run."""
    for attempt in ("9", "10"):
        folder = bench.directory / f"before/release-step-77-{attempt}"
        folder.mkdir(parents=True)
        with tarfile.open(folder / "release.tgz", "w:gz") as archive:
            if attempt == "10":
                archive.add(release, ".")
    shutil.rmtree(release)


DOING = """#!/bin/sh
case "$2" in
build) mkdir -p dist; touch dist/pytest_soak-1.2.3.tar.gz dist/pytest_soak-1.2.3-py3-none-any.whl ;;
twine) echo "checked $5 $6" ;;
pip) echo "installed $4 $5" ;;
venv) mkdir -p "$3/bin"; cp "$(command -v python)" "$(command -v pytest-soak)" "$3/bin/" ;;
*) PATH="${{PATH#*:}}" exec python "$@" ;;
esac
"""


def built(bench: Workbench) -> None:
    """A stand-in for what builds, checks and installs; what soaks is what is under test."""
    script = bench.write("bin/python", DOING.format())
    script.chmod(script.stat().st_mode | stat.S_IXUSR)


def with_daily(bench: Workbench) -> None:
    """The same, and a stand-in for the report of the day."""
    prepared(bench)
    script = bench.write("bin/pytest-soak", "#!/bin/sh\necho $*; ls artifacts/release\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)


RELEASE = "target: locked_bot:Bot\ncandidate: {overrides: {fetch_ms: 21.0}}\nseeds: 1\n"


class Scenario(NamedTuple):
    """A repository and a matrix in which all of a job goes well, and what its steps then say.

    `how` are the inputs that differ from their defaults, variables and the event.
    """

    repository: Callable[[Workbench], object]
    matrix: dict[str, str]
    says: dict[str, str]
    how: dict[str, Any] = {}  # noqa: RUF012 - it is not changed


SOAK = "Soak, and judge by the KPI gate"
MERGE = "Merge the newest attempt of each job"
SCENARIOS = {
    "ci tests": Scenario(
        checkout,
        {"os": "ubuntu-latest"},
        {"Install": "equirement already satisfied: check-jsonschema", "Test": " passed"},
    ),
    "ci smoke": Scenario(
        checkout,
        {"os": "ubuntu-latest"},
        {
            "Soak": "PASS for default on calm (3 iterations, sim)",
            "Rotate": "disk use of ",
        },
    ),
    "soak soak": Scenario(
        lambda bench: shutil.copy(WORKFLOWS / "soak.yml", bench.directory),
        {},
        {SOAK: " for default on calm (6 iterations, sim)"},
        {"inputs": {"auto_tune": "false"}},
    ),
    "soak-24h soak": Scenario(
        lambda bench: None,
        {"profile": "steady_safe", "market": "calm"},
        {
            SOAK: "PASS for steady_safe on calm (24 iterations, sim) as tuned",
            "Trend": "Verdict: PASS. 24 iterations",
            "Release gate": "PASS: gate release on the medians of steady_safe-calm-42",
            "Freeze": "RELEASE_SNAPSHOT.json: steady_safe-calm-42, signature ",
        },
    ),
    "publish build": Scenario(
        built,
        {},
        {
            "Check": "checked dist/pytest_soak-1.2.3",
            "Soak what was built": "PASS for default on calm (3 iterations, sim)",
        },
        {"event": "release", "payload": {"release": {"tag_name": "v1.2.3"}}},
    ),
    "publish publish": Scenario(lambda bench: None, {}, {}),
    "release check": Scenario(
        locked,
        {},
        {
            "Prep": "PASS: prep of release.yaml, ",
            "Shadow": "PASS: shadow of release.yaml, ",
            "Lock": "PASS: release.yaml against lock 1, 5 runs, exactly",
        },
        {"event": "pull_request"},
    ),
    "release daily": Scenario(
        with_daily,
        {},
        {"Daily": "release daily\nFEATURE_FLAGS_SNAPSHOT.json\nLEDGER.jsonl\n"},
        {"event": "schedule", "variables": {"SOAK_RELEASE_RUN": "77"}},
    ),
    "release step": Scenario(
        prepared,
        {},
        {"Step": "PASS: shadow of release.yaml, ", "How it stands": "2  shadow   done     PASS"},
        {"inputs": {"step": "shadow", "from_run": "77"}},
    ),
    "soak-24h verdict": Scenario(
        downloaded, {}, {MERGE: "WARN for 9 lanes (8 PASS, 1 WARN, sim): WARN steady_safe-calm-42"}
    ),
}
JOBS = [
    f"{path.stem} {job}" for path in WORKFLOWS.glob("*.yml") for job in Workflow(path.stem).jobs
]


@pytest.mark.parametrize("key", sorted(JOBS))
def test_every_block_runs_and_does_its_work(start: Start, bench: Workbench, key: str) -> None:
    scenario, (name, job) = SCENARIOS[key], key.split()
    scenario.repository(bench)
    by_hand = Workflow(name).inputs("workflow_dispatch") if name in ("soak", "release") else {}
    inputs = by_hand | scenario.how.get("inputs", {})
    done = good(start(name, job, **{"matrix": scenario.matrix, **scenario.how, "inputs": inputs}))
    assert {(job, step.name) for step in done.steps} == {
        block for block in Workflow(name).blocks() if block[0] == job
    }
    for step, text in scenario.says.items():
        assert text in done.output(step)


def test_soak_yml_takes_its_defaults_from_the_default_layer(start: Start, bench: Workbench) -> None:
    bench.write("pytest.ini", f"[pytest]\n{INSTANT_INI}")
    done = good(soak(start))
    assert "| seed | overrides | default_overrides.json |" in done.output(SOAK).splitlines()
    assert done.outputs["bundle"] == {"name": "soak"}
    settings = _result(bench)["settings"]
    assert (settings["auto-tune"], settings["iterations"]) == ("true", "6")
    assert (bench.directory / "summary.md").read_text().startswith("### HOLD for default")
    assert "as tuned for 1 of 4 hours, 3 more needed" in done.output(SOAK)
    assert "artifacts/soak/junit.xml" in bench.files()


def test_soak_yml_soaks_what_the_repository_says(start: Start, bench: Workbench) -> None:
    bench.write(
        "conftest.py",
        """
        import pytest
        from pytest_soak.testing import InstantTarget

        @pytest.fixture
        def soak_target():
            return InstantTarget
        """,
    )
    bench.write("pytest.ini", "[pytest]\nsoak_gate = smoke\n")
    bench.write("my/fast.yaml", "overrides: {min_interval_ms: 50}\n")
    given = {"overrides_json": '{"tail_age_ms": 600}', "profile": "my/fast.yaml"}
    done = good(soak(start, iterations="", hours="3", auto_tune="false", market="spike", **given))
    told = done.output(SOAK)
    assert "| seed |" not in told
    assert "PASS for fast on spike (3 iterations, pytest_soak.testing:InstantTarget)" in told
    assert done.outputs["bundle"] == {"name": "soak-my_fast.yaml-spike"}
    settings = _result(bench)["settings"]
    assert (settings["auto-tune"], settings["overrides-json"]) == (
        "false",
        given["overrides_json"],
    )


@pytest.mark.parametrize(("tag", "status"), [("1.2.3", 0), ("v1.2.30", 1), ("v1", 1)])
def test_only_a_release_of_its_own_version_is_built(
    start: Start, bench: Workbench, tag: str, status: int
) -> None:
    built(bench)
    payload = {"release": {"tag_name": tag}}
    done = start("publish", "build", event="release", payload=payload)
    assert {step.name: step.returncode for step in done.steps}["Check"] == status


def test_soak_yml_leaves_profile_and_market_to_the_repository(
    start: Start, bench: Workbench
) -> None:
    bench.write("pytest.ini", f"[pytest]\nsoak_profile = mine\nsoak_market = spike\n{INSTANT_INI}")
    bench.write("profiles/mine.yaml", "overrides: {min_interval_ms: 50}\n")
    done = soak(start, iterations="2")
    assert " for mine on spike (2 iterations, " in done.output(SOAK)
    assert done.outputs["bundle"] == {"name": "soak"}


def test_soak_yml_applies_no_profile_to_a_bot_of_another_table(
    start: Start, bench: Workbench
) -> None:
    assert bench.command("init").returncode == 0
    done = good(soak(start, iterations="3", auto_tune="false"))
    assert "PASS for default on calm (3 iterations, conftest:Bot)" in done.output(SOAK)


@pytest.mark.parametrize("auto_tune", ["true", "false"])
def test_soak_yml_soaks_the_bot_of_a_repository_with_a_conftest(
    start: Start, bench: Workbench, auto_tune: str
) -> None:
    bench.write("conftest.py", "import pytest\n")
    assert bench.command("init", "--ci=github").returncode == 0
    done = good(soak(start, auto_tune=auto_tune))
    assert "(6 iterations, soak_bot:Bot)" in done.output(SOAK).splitlines()[-1]


@pytest.mark.parametrize(
    ("files", "installed"),
    [
        ({}, ["-- pytest-soak"]),
        ({"requirements.txt": "x"}, ["-r requirements.txt", "-- pytest-soak"]),
        ({"pyproject.toml": "[project]\n"}, [".", "-- pytest-soak"]),
        ({"pyproject.toml": "[build-system]\n"}, [".", "-- pytest-soak"]),
        ({"pyproject.toml": "[tool.ruff]\n"}, ["-- pytest-soak"]),
        ({"setup.py": ""}, [".", "-- pytest-soak"]),
    ],
)
def test_soak_yml_installs_the_repository(
    start: Start, bench: Workbench, files: dict[str, str], installed: list[str]
) -> None:
    for name, text in files.items():
        bench.write(name, text)
    script = bench.write("bin/python", "#!/bin/sh\nshift 3; echo $*\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    assert soak(start).steps[0].output.splitlines() == installed


def test_an_input_is_never_a_command(start: Start, bench: Workbench) -> None:
    bad = '$(touch pwned); "; touch pwned; `touch pwned` #'
    done = soak(start, profile=bad, market=bad, package="pytest-soak", iterations=bad)
    assert done.failed
    assert "pwned" not in bench.files()
    assert set(done.outputs["bundle"]["name"]) <= set("soak-_.touchpwned")
    assert soak(start, package=bad).steps[0].returncode != 0
    assert "pwned" not in bench.files()


def test_a_failed_soak_fails_the_job_and_is_rotated(start: Start, bench: Workbench) -> None:
    bench.write("pytest.ini", "[pytest]\nsoak_gate = never.yaml\nsoak_target = mock\n")
    bench.write(
        "never.yaml", 'name: never\nthresholds: [{metric: net_bps, fail_unless: ">= 99"}]\n'
    )
    done = soak(start, iterations="1")
    assert [step.returncode for step in done.steps] == [0, 0, 1, 0]
    assert "::error title=default-calm-42::net_bps = " in done.steps[2].output


@pytest.mark.parametrize(("market", "mode"), [("calm", "hard"), ("volatile", "soft")])
def test_the_gate_is_hard_on_calm_only(
    start: Start, bench: Workbench, market: str, mode: str
) -> None:
    bench.write("pytest.ini", f"[pytest]\n{INSTANT_INI}")
    good(start("soak-24h", "soak", matrix={"profile": "aggressive", "market": market}))
    assert _result(bench)["gate_mode"] == mode
    assert "artifacts/soak/latest/RELEASE_SNAPSHOT.json" in bench.files()


def test_a_day_without_one_of_its_jobs_is_no_pass(start: Start, bench: Workbench) -> None:
    write_run(bench.directory / job_folder("steady_safe", "calm", 1), result(outcome(42)))
    done = start("soak-24h", "verdict")
    told = done.output(MERGE)
    assert "NO VERDICT: 1 lane finished; not finished: runs/soak-24h-aggressive-calm-" in told
    assert [step.returncode for step in done.steps] == [0, 1, 0]
    assert "::error title=runs/soak-24h-aggressive-calm-" in told


def step(start: Start, **inputs: str) -> Job:
    """A step of a release by hand."""
    return start("release", "step", Workflow("release").inputs("workflow_dispatch") | inputs)


def test_a_step_that_is_none_is_no_command(start: Start, bench: Workbench) -> None:
    bad = '$(touch pwned)"; touch pwned; `touch pwned` #'
    for name in (bad, "judge"):
        done = step(start, step=name, reason=bad, from_run=bad)
        ran = {one.name: one.returncode for one in done.steps}
        assert ran["Unpack it"] != 0  # nothing was downloaded
        assert "Step" not in ran
        done = step(start, step=name, reason=bad)
        assert next(one.returncode for one in done.steps if one.name == "Step") == 4
    done = step(start, step="lock", reason=bad)
    assert "release.yaml: no such plan" in done.output("Step")
    assert "pwned" not in bench.files()


def test_steps_go_on_from_what_another_run_uploaded(start: Start, bench: Workbench) -> None:
    bench.write("locked_bot.py", BOT)
    bench.write("release.yaml", RELEASE)
    done = good(step(start, step="prep"))
    assert "1  prep     done" in done.output("How it stands")
    shutil.rmtree(bench.directory / "artifacts")
    folder = bench.directory / "before/release-step-5-1"
    folder.mkdir(parents=True)
    (bench.directory / "packed/release.tgz").rename(folder / "release.tgz")
    done = good(step(start, step="rules", from_run="5"))
    assert "1  prep     done     PASS, line 2 of the ledger" in done.output("How it stands")


@pytest.mark.parametrize(("event", "status"), [("pull_request", 0), ("push", 3)])
def test_what_is_held_fails_a_branch_of_a_release_and_no_pull_request(
    start: Start, bench: Workbench, event: str, status: int
) -> None:
    script = bench.write("bin/pytest-soak", "#!/bin/sh\n[ $2 != lock ] || exit 3\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    done = start("release", "check", event=event)
    assert [one.returncode for one in done.steps] == [0, 0, 0, status]
    bench.write("bin/pytest-soak", "#!/bin/sh\n[ $2 != lock ] || exit 1\n")
    assert start("release", "check", event=event).steps[-1].returncode == 1


def _result(bench: Workbench) -> Any:
    path = bench.directory / "artifacts/soak/latest/RESULT.json"
    return json.loads(path.read_text(encoding="utf-8"))
