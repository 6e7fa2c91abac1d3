"""The workflows as files: their schema, their pins, and that no shell gets an expression."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from workflow_runner import WORKFLOWS, Workflow

from pytest_soak.release.steps import STEPS

_ACTION = "(actions/[a-z-]+|pypa/gh-action-pypi-publish)"
PUBLISHING = {("id-token", "write"), ("attestations", "write")}
"""What the job that publishes may do, and no other."""
NAMES = sorted(path.stem for path in WORKFLOWS.glob("*.yml"))


def tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    assert program, f"{name} is not installed"
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def steps(name: str) -> Iterator[dict[str, Any]]:
    for job in Workflow(name).jobs.values():
        yield from job["steps"]


def test_the_schema_of_workflows_holds() -> None:
    files = [str(WORKFLOWS / f"{name}.yml") for name in NAMES]
    done = tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files)
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_nothing() -> None:
    done = tool("zizmor", "--offline", "--no-progress", "--strict-collection", str(WORKFLOWS))
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_would_find_something(tmp_path: Path) -> None:
    text = Workflow("soak").text.replace('-- "$PACKAGE"', "${{ inputs.package }}")
    (tmp_path / "soak.yml").write_text(text)
    done = tool("zizmor", "--offline", "--no-progress", str(tmp_path / "soak.yml"))
    assert done.returncode != 0
    assert "template-injection" in done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_actions_are_pinned_and_shells_get_no_expression(name: str) -> None:
    workflow = Workflow(name)
    for line in re.findall(r"uses: (.*)", workflow.text):
        assert re.fullmatch(rf"{_ACTION}@[0-9a-f]{{40}} # v\d+\.\d+\.\d+", line)
    assert workflow.data["permissions"] == {}
    assert workflow.data["defaults"] == {"run": {"shell": "bash"}}
    for job in workflow.jobs.values():
        assert {(n, p) for n, p in job["permissions"].items() if p != "read"} <= PUBLISHING
        assert set(job["permissions"]) <= {"contents", "actions", *(n for n, _ in PUBLISHING)}
        assert "timeout-minutes" in job
    for step in steps(name):
        assert "${{" not in step.get("run", "")
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] == "false"


def test_one_commit_of_each_action() -> None:
    found = {use for name in NAMES for step in steps(name) if (use := step.get("uses"))}
    assert len(found) == len({use.partition("@")[0] for use in found}) == 6


@pytest.mark.parametrize("name", NAMES)
def test_each_job_ends_with_a_rotation_and_an_upload_of_its_own_name(name: str) -> None:
    for job, facts in Workflow(name).jobs.items():
        if (name, job) == ("publish", "publish"):
            continue  # which uploads to PyPI
        *_, before, last = facts["steps"]
        assert last["uses"].startswith("actions/upload-artifact@")
        assert last["with"]["name"].endswith("-${{ github.run_id }}-${{ github.run_attempt }}")
        if job != "tests" and name not in ("release", "publish"):  # no artifacts, or all are kept
            assert (before["run"], before["if"]) == ("pytest-soak rotate", "always()")


def test_only_the_job_that_publishes_may_write_and_it_runs_nothing_of_ours() -> None:
    for name in NAMES:
        for job, facts in Workflow(name).jobs.items():
            writes = "write" in facts["permissions"].values()
            assert writes is ((name, job) == ("publish", "publish")), (name, job)
    publish = Workflow("publish")
    assert publish.data["on"] == {"release": {"types": ["published"]}}
    job = publish.jobs["publish"]
    assert {(n, p) for n, p in job["permissions"].items()} == PUBLISHING
    assert (job["needs"], job["environment"]) == ("build", "pypi")
    used = [step["uses"].partition("@")[0] for step in job["steps"]]
    assert used == [
        "actions/download-artifact",
        "actions/attest-build-provenance",
        "pypa/gh-action-pypi-publish",
    ]


def test_every_job_that_soaks_a_repository_installs_it_in_the_same_way() -> None:
    texts = {
        step["run"]
        for name in ("soak", "soak-24h", "release")
        for job in Workflow(name).jobs.values()
        if any(step.get("uses", "").startswith("actions/checkout@") for step in job["steps"])
        for step in job["steps"]
        if step.get("name") == "Install"
    }
    (text,) = texts
    assert "requirements.txt" in text
    assert text.endswith('python -m pip install -- "$PACKAGE"\n')


def test_by_hand_and_called_the_inputs_are_the_same() -> None:
    soak = Workflow("soak")
    wanted = {
        "iterations": "6",
        "hours": "",
        "auto_tune": "true",
        "overrides_json": "",
        "profile": "",
        "market": "",
        "runs_on": "ubuntu-latest",
        "package": "pytest-soak",
    }
    assert soak.inputs("workflow_dispatch") == soak.inputs("workflow_call") == wanted


def test_a_day_is_soaked_weekly_on_each_system_within_its_time() -> None:
    day = Workflow("soak-24h")
    assert day.data["on"]["schedule"] == [{"cron": "17 3 * * 6"}]
    assert day.jobs["soak"]["timeout-minutes"] == "1500"
    uploads = [s["with"] for s in steps("soak-24h") if s.get("uses", "").startswith("actions/up")]
    assert [upload["retention-days"] for upload in uploads] == ["90", "90"]
    for job in Workflow("ci").jobs.values():
        systems = job["strategy"]["matrix"]["os"]
        assert systems == ["ubuntu-latest", "macos-latest", "windows-latest"]


def test_the_verdict_expects_every_job_of_the_matrix() -> None:
    jobs = Workflow("soak-24h").jobs
    merge = next(s for s in jobs["verdict"]["steps"] if s.get("name", "").startswith("Merge"))
    matrix = jobs["soak"]["strategy"]["matrix"]
    assert merge["env"]["PROFILES"].split() == matrix["profile"]
    assert merge["env"]["MARKETS"].split() == matrix["market"]


def test_a_release_is_led_where_it_is_asked_for_alone() -> None:
    release = Workflow("release")
    assert release.data["on"]["schedule"] == [{"cron": "0 9 * * *"}]
    asked = {job: facts["if"] for job, facts in release.jobs.items()}
    assert asked.pop("step") == "github.event_name == 'workflow_dispatch'"
    for condition in asked.values():
        assert condition.startswith("vars.SOAK_RELEASE == 'true' && ")
    inputs = release.data["on"]["workflow_dispatch"]["inputs"]
    assert set(inputs["step"]["options"]) == {*STEPS, "run", "rules"}
