"""`--soak-resume`: what was done is not done again, and the end is that of an undisturbed run."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from crashes import contents
from harness import HANGS, INSTANT, Outcome, Workbench, wait_for
from kills import BOT, CASES, Killer

ROOT = Path("artifacts/soak")
LOOSE = "--soak-gate=smoke"
KILLS = {"bot": 2, "mock": 1, "sim": 1, "controller": 2, "worker": 1}

DYING_BOT = """
    import json
    import os
    from pathlib import Path
    from pytest_soak.testing import GOOD, InstantTarget

    class Bot(InstantTarget):
        place = 1.0

        def start(self, lane):
            Path("starts").open("a").write("start ")

        def run(self, overrides, window):
            if Path("die").exists() and window.iteration == int(Path("die").read_text()):
                Path("die").unlink()
                os._exit(9)
            if Path("raise").exists() and window.iteration == 3:
                raise ConnectionError("lost")
            self.place = (self.place * 1.7 + overrides["min_interval_ms"] / 100) % 3
            return {**GOOD, "net_bps": 1.5 + self.place}

        def checkpoint(self):
            return repr(self.place).encode()

        def restore(self, data):
            Path("starts").open("a").write(f"restore {data.decode()} ")
            self.place = float(data)
"""


@pytest.fixture
def desk(bench: Workbench) -> Workbench:
    bench.write("bot.py", DYING_BOT)
    return bench


def soak(desk: Workbench, iterations: int, *more: str) -> Outcome:
    return desk.soak(iterations, "--soak-target=bot:Bot", LOOSE, "--soak-auto-tune", *more)


def killed(desk: Workbench, iteration: int, *more: str, of: int = 6) -> Outcome:
    """A soak that is gone in the middle of `iteration`."""
    desk.write("die", str(iteration))
    done = soak(desk, of, *more)
    assert done.returncode == 9
    return done


def files(desk: Workbench) -> dict[str, bytes]:
    """The bytes of every file of the run."""
    root = desk.directory / ROOT
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.startswith(".soak")
    }


def undisturbed(desk: Workbench, iterations: int, *more: str) -> dict[str, Any]:
    other = desk.beside("undisturbed")
    other.write("bot.py", DYING_BOT)
    soak(other, iterations, *more)
    return contents(other.directory / ROOT)


@pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_killed_at_random_it_ends_with_the_same_bytes(case: Any, bench: Workbench) -> None:
    killer = Killer(case, bench, random.Random(42))
    assert killer.wanted[0] == 0
    assert killer.trial("killed", KILLS[case.name])


def test_a_resumed_soak_replays_what_was_done_and_runs_the_rest(desk: Workbench) -> None:
    killed(desk, 4)
    done = soak(desk, 6, "--soak-resume", "--junitxml=junit.xml", "-v")
    assert done.returncode == 0, done.everything
    said = "soak: resumed: iterations 1-3 from the journal, the target goes on from its checkpoint"
    assert f"{said} with iteration 4" in done.lines
    assert [line.split("iter=")[1].split()[0] for line in done.summaries()] == ["4", "5", "6"]
    assert "6 passed" in done.stdout
    assert done.stdout.count(" PASSED") == 6
    assert (desk.directory / "junit.xml").read_text().count("<testcase") == 6
    assert done.last_line.startswith("PASS for default on calm (6 iterations, bot:Bot)")
    starts = (desk.directory / "starts").read_text().split()
    assert starts[:3] == ["start", "start", "restore"]
    assert contents(desk.directory / ROOT) == undisturbed(desk, 6)


def test_a_target_without_a_checkpoint_begins_afresh_and_that_is_said(bench: Workbench) -> None:
    bench.soak(2, INSTANT, LOOSE)
    done = bench.soak(4, INSTANT, LOOSE, "--soak-resume")
    assert done.returncode == 0, done.everything
    said = "soak: resumed: iterations 1-2 from the journal, the target keeps no checkpoint"
    assert f"{said} and begins with iteration 3" in done.lines


def test_a_finished_soak_resumed_says_the_same_again(desk: Workbench) -> None:
    first = soak(desk, 3)
    before = contents(desk.directory / ROOT)
    again = soak(desk, 3, "--soak-resume")
    assert (again.returncode, again.last_line) == (first.returncode, first.last_line)
    assert "iterations 1-3 from the journal, where the lane ended (completed)" in again.stdout
    assert again.summaries() == []
    assert (desk.directory / "starts").read_text() == "start "
    assert contents(desk.directory / ROOT) == before


def test_more_iterations_extend_a_finished_soak_and_fewer_are_refused(desk: Workbench) -> None:
    soak(desk, 3)
    before = files(desk)
    fewer = soak(desk, 2, "--soak-resume")
    assert fewer.returncode == 4
    assert "3 iterations in its journal, more than the 2 asked for" in fewer.last_line
    assert files(desk) == before
    assert soak(desk, 5, "--soak-resume").returncode == 0
    assert contents(desk.directory / ROOT) == undisturbed(desk, 5)


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ("--soak-set=tail_age_ms=700", "overrides.values.tail_age_ms: 620 in the journal, 700 now"),
        ("--soak-feeds", "feeds: False in the journal, True now"),
        ("--soak-seed=7", "lanes: default-calm-42 in "),
    ],
)
def test_other_settings_are_refused_by_name(desk: Workbench, change: str, difference: str) -> None:
    soak(desk, 2)
    before = files(desk)
    workers = ("-n", "1") if change == "--soak-feeds" else ()
    done = soak(desk, 4, "--soak-resume", change, *workers)
    assert done.returncode == 4, done.everything
    assert f"ERROR: --soak-resume: {difference}" in done.everything
    assert "Traceback" not in done.everything
    assert files(desk) == before


def test_another_version_of_the_package_is_refused(desk: Workbench) -> None:
    soak(desk, 2)
    package = "from pytest_soak import version\n\nversion.__version__ = '9.9'\n"
    desk.write("conftest.py", package)
    done = soak(desk.fresh(), 4, "--soak-resume")
    assert done.returncode == 4
    assert "pytest_soak: " in done.last_line
    assert "in the journal, '9.9' now" in done.last_line


def test_other_limits_of_the_control_loop_are_refused_by_name(desk: Workbench) -> None:
    soak(desk, 2)
    desk.write(
        "conftest.py",
        """
        from pytest_soak.run import resolve

        shipped = resolve.load_limits()
        stricter = shipped.guards.model_copy(update={"cooldown_iterations": 5})
        resolve.load_limits = lambda: shipped.model_copy(update={"guards": stricter})
        """,
    )
    done = soak(desk, 4, "--soak-resume")
    assert done.returncode == 4
    assert "limits.guards.cooldown_iterations: 2 in the journal, 5 now" in done.last_line


def test_another_version_of_the_target_is_refused(bench: Workbench) -> None:
    text = (
        "from pytest_soak.testing import InstantTarget\nclass Bot(InstantTarget):\n    version = "
    )
    bench.write("bot.py", f"{text}'a1'\n")
    bench.soak(1, "--soak-target=bot:Bot", LOOSE)
    bench.write("bot.py", f"{text}'b2'\n")
    done = bench.soak(2, "--soak-target=bot:Bot", LOOSE, "--soak-resume")
    assert done.returncode == 4
    assert "target_version: 'a1' in the journal, 'b2' now" in done.last_line


def test_a_changed_source_of_a_target_without_a_version_is_noted_for_good(bench: Workbench) -> None:
    path = bench.write(
        "bot.py",
        """
        from pytest_soak.testing import InstantTarget

        class Bot(InstantTarget):
            pass
        """,
    )
    command = ("--soak-target=bot:Bot", LOOSE, "--soak-resume")
    assert bench.soak(1, *command).markers("| iter_watch | NOTE |") == []
    assert bench.soak(2, *command).markers("| iter_watch | NOTE |") == []
    path.write_text(path.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    note = (
        "the target's source file is not what it was in iteration 2: this lane mixes two versions"
    )
    [marker] = bench.soak(3, *command).markers("| iter_watch | NOTE |")
    assert f"iter=3 {note}" in marker
    done = bench.soak(4, *command)
    assert done.returncode == 0, done.everything
    assert done.markers("| iter_watch | NOTE |") == []
    [told] = done.artifact("ITER_SUMMARY_3.json")["notes"]
    assert told.startswith(note)
    report = bench.directory / ROOT / "latest/report.html"
    assert f"iteration 3: {note}".replace("'", "&#39;") in report.read_text(encoding="utf-8")


def test_nothing_to_resume_is_a_new_run_that_says_so(desk: Workbench) -> None:
    done = soak(desk, 2, "--soak-resume")
    assert done.returncode == 0
    assert any(line.startswith("soak: nothing to resume in ") for line in done.lines)
    assert len(done.summaries()) == 2


@pytest.mark.parametrize("damage", ["flip", "folder"])
def test_a_damaged_journal_is_refused_and_left_alone(desk: Workbench, damage: str) -> None:
    soak(desk, 3)
    path = desk.directory / ROOT / "latest/journal"
    flipped = path.read_bytes().replace(b'"net_bps"', b'"net_bsp"', 1)
    path.unlink()
    if damage == "folder":
        path.mkdir()
    else:
        path.write_bytes(flipped)
    before = files(desk)
    done = soak(desk, 4, "--soak-resume")
    assert done.returncode == 4, done.everything
    assert f"ERROR: {path}" in done.last_line
    assert "Traceback" not in done.everything
    assert files(desk) == before
    assert soak(desk, 1).returncode == 0


def test_a_lane_that_its_target_ended_has_no_second_chance(desk: Workbench) -> None:
    desk.write("raise", "")
    first = soak(desk, 5)
    before = contents(desk.directory / ROOT)
    (desk.directory / "raise").unlink()
    done = soak(desk, 5, "--soak-resume")
    assert (done.returncode, done.last_line) == (first.returncode, first.last_line)
    assert "iterations 1-2 from the journal, where the lane ended (target)" in done.stdout
    assert "1 failed, 2 passed, 2 skipped" in done.stdout
    assert contents(desk.directory / ROOT) == before
    extended = soak(desk, 9, "--soak-resume")
    assert extended.returncode == 1
    assert extended.last_line.startswith("FAIL for default on calm (2 of 9 iterations")


def test_a_lane_that_its_gate_ended_has_no_second_chance(bench: Workbench) -> None:
    bench.write("g.yaml", 'name: g\nthresholds: [{metric: net_bps, fail_unless: ">= 9"}]\n')
    given = (INSTANT, "--soak-gate=g.yaml", "--soak-gate-mode=hard")
    first = bench.soak(3, *given)
    before = contents(bench.directory / ROOT)
    done = bench.soak(3, *given, "--soak-resume")
    assert (done.returncode, done.last_line) == (first.returncode, first.last_line)
    assert "iteration 1 from the journal, where the lane ended (gate)" in done.stdout
    assert "gate: net_bps" in done.stdout
    assert contents(bench.directory / ROOT) == before


def test_tests_of_replayed_iterations_pass_and_fail_as_they_did(bench: Workbench) -> None:
    test = """
        def test_a(soak_iteration, soak_phase):
            record = soak_iteration.run()
            assert record.iteration == soak_iteration.number != 2
    """
    bench.write("test_a.py", test)
    first = bench.soak(3, INSTANT, LOOSE)
    done = bench.soak(3, INSTANT, LOOSE, "--soak-resume")
    assert done.last_line == first.last_line
    assert "1 failed, 2 passed" in done.stdout


def test_a_test_that_did_not_run_its_iteration_has_ended_the_lane(bench: Workbench) -> None:
    bench.write(
        "test_a.py",
        """
        from pathlib import Path

        def test_a(soak_iteration):
            if soak_iteration.number < 3 or Path("mended").exists():
                soak_iteration.run()
        """,
    )
    first = bench.soak(4, INSTANT, LOOSE)
    before = contents(bench.directory / ROOT)
    bench.write("mended", "")
    done = bench.soak(4, INSTANT, LOOSE, "--soak-resume")
    assert (done.returncode, done.last_line) == (first.returncode, first.last_line)
    assert "the test did not call soak_iteration.run()" in done.last_line
    assert contents(bench.directory / ROOT) == before


def test_a_target_that_cannot_go_on_yet_may_be_resumed_later(desk: Workbench) -> None:
    killed(desk, 4)
    text = (desk.directory / "bot.py").read_text()
    desk.write("bot.py", text.replace('.write("start ")', ".no_exchange"))
    done = soak(desk, 6, "--soak-resume")
    assert done.returncode == 1
    assert "the target's start raised AttributeError" in done.last_line
    desk.write("bot.py", text)
    assert soak(desk, 6, "--soak-resume").returncode == 0


def test_a_new_run_says_how_to_go_on_with_the_unfinished_one(desk: Workbench) -> None:
    killed(desk, 4)
    edited = desk.directory / ROOT / "runtime_overrides.json"
    edited.write_text(json.dumps(json.loads(edited.read_text()) | {"tail_age_ms": 711}))
    other = desk.soak(1, INSTANT, LOOSE, "--soak-profile=aggressive")
    [told] = [line for line in other.lines if "was not finished" in line]
    run = told.split("pytest-soak reopen ")[1].split(" and give")[0]
    opened = desk.command("reopen", run)
    assert opened.returncode == 0, opened.everything
    assert "is the latest run now; the one before is " in opened.stdout
    done = soak(desk, 6, "--soak-resume")
    assert done.returncode == 0, done.everything
    overrides = [done.artifact(f"ITER_SUMMARY_{n}.json")["overrides"] for n in range(1, 7)]
    assert [one["tail_age_ms"] for one in overrides] == [620, 620, 620, 711, 711, 711]
    assert done.artifact("ITER_SUMMARY_4.json")["notes"] == ["operator set tail_age_ms: 620 -> 711"]
    assert "was not finished" not in desk.soak(1, INSTANT, LOOSE).stdout


@pytest.mark.parametrize("what", ["artifacts/soak/latest", "nowhere", "artifacts/soak/runs"])
def test_only_a_run_can_be_reopened(desk: Workbench, what: str) -> None:
    soak(desk, 1)
    done = desk.command("reopen", what)
    assert done.returncode == 4
    assert "expected the folder of a run" in done.stderr


def test_a_run_that_a_rotation_archived_is_reopened_once_it_is_unpacked(desk: Workbench) -> None:
    killed(desk, 4)
    desk.soak(1, INSTANT, LOOSE)
    desk.command("rotate", "--ttl-days=0")
    (archive,) = (desk.directory / ROOT / "runs").glob("*.tar.gz")
    run = archive.with_name(archive.name.removesuffix(".tar.gz"))
    refused = desk.command("reopen", str(run))
    assert refused.returncode == 4
    assert f"a rotation has archived this run; tar -xzf {archive.name} there" in refused.stderr
    with tarfile.open(archive) as packed:
        packed.extractall(archive.parent, filter="data")
    assert desk.command("reopen", str(run)).returncode == 0
    done = soak(desk, 5, "--soak-resume")
    assert done.returncode == 0, done.everything
    assert [line.split("iter=")[1].split()[0] for line in done.summaries()] == ["4", "5"]


WAITING_BOT = """
    import time
    from pathlib import Path
    from pytest_soak.testing import InstantTarget

    class Bot(InstantTarget):
        def run(self, overrides, window):
            Path("waiting").touch()
            while not Path("go").exists():
                time.sleep(0.02)
            return super().run(overrides, window)
"""


@pytest.mark.parametrize(
    ("workers", "others"),
    [((), ("--soak-resume",)), (("-n", "1"), ("-n", "1"))],
    ids=["", "xdist"],
)
def test_a_second_session_is_refused_with_the_pid_of_the_first(
    bench: Workbench, workers: tuple[str, ...], others: tuple[str, ...]
) -> None:
    bench.write("bot.py", WAITING_BOT)
    arguments = ("--soak-iterations=2", "--soak-target=bot:Bot", LOOSE)
    first = subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments, *workers],
        cwd=bench.directory,
        env=bench.environment({}),
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_for(bench.directory / "waiting")
    before = files(bench)
    second = bench.pytest(*arguments, *others)
    assert second.returncode == 4, second.everything
    assert f"in use by another session (process {first.pid}); wait" in second.everything
    assert "Traceback" not in second.everything
    assert bench.pytest(*arguments, "--collect-only").returncode == 0
    assert files(bench) == before
    bench.write("go", "")
    output, _ = first.communicate(timeout=HANGS)
    assert first.returncode == 0, output
    assert bench.pytest(*arguments).returncode == 0


SLEEPING_BOT = """
    import time
    from pathlib import Path
    from pytest_soak.testing import InstantTarget

    class Bot(InstantTarget):
        def run(self, overrides, window):
            if window.iteration == 3 and not Path("asleep").exists():
                Path("asleep").touch()
                while not Path("resuming").exists():
                    time.sleep(0.02)
            return super().run(overrides, window)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills")
def test_a_resume_waits_for_the_worker_of_a_killed_session(bench: Workbench) -> None:
    bench.write("bot.py", SLEEPING_BOT)
    arguments = ("--soak-iterations=5", "--soak-target=bot:Bot", LOOSE)
    first = subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments, "-n", "1"],
        cwd=bench.directory,
        env=bench.environment({}),
        stdout=subprocess.DEVNULL,
    )
    wait_for(bench.directory / "asleep")
    first.kill()
    first.wait()
    bench.write("conftest.py", "open('resuming', 'w').close()\n")
    done = bench.pytest(*arguments, "--soak-resume")
    assert done.returncode == 0, done.everything
    assert "resumed: iterations 1-3 from the journal" in done.stdout
    resumed = contents(bench.directory / ROOT)
    assert bench.pytest(*arguments).returncode == 0
    assert contents(bench.directory / ROOT) == resumed


def test_the_bot_of_the_kills_goes_on_only_from_its_checkpoint() -> None:
    made: dict[str, Any] = {}
    exec(BOT.format(sleep=0), made)
    one, other = made["Bot"](None), made["Bot"](None)
    overrides = {"min_interval_ms": 65.0}
    one.run(overrides, None)
    assert one.run(overrides, None) != other.run(overrides, None)


def test_presets_and_phases_do_not_compound_across_a_resume(desk: Workbench) -> None:
    changing = ("--soak-preset=maker_bias_uplift_v1", "--soak-warmup")
    killed(desk, 3, *changing)
    killed(desk, 5, "--soak-resume", *changing)
    assert soak(desk, 6, "--soak-resume", *changing).returncode == 0
    assert contents(desk.directory / ROOT) == undisturbed(desk, 6, *changing)
