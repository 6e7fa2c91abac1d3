"""The report of a run that goes on, and the command that makes one of what a run left."""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from builders import FakeClock, usage_error
from pages import Page, words
from runs import metric, outcome_of, summary_of, write_lane, write_result, write_run

from pytest_soak import soak
from pytest_soak.commands.report import make_report
from pytest_soak.report.page import report_text
from pytest_soak.report.read import read_run
from pytest_soak.report.while_running import LEAST_SECONDS, TIMES, Pace, expected_seconds
from pytest_soak.testing import InstantTarget


class Timed(InstantTarget):
    """Each window takes so many seconds of the clock; remembers the title of the report then."""

    seconds = 6.0

    def __init__(self, lane: Any) -> None:
        self.lane = lane

    def run(self, overrides: Mapping[str, float], window: Any) -> Mapping[str, float | None]:
        type(self).clock.seconds += self.seconds
        type(self).titles.append(title_of(type(self).folder))
        return super().run(overrides, window)

    clock: FakeClock
    folder: Path
    titles: list[str]


def title_of(root: Path) -> str:
    page = root / "artifacts/soak/latest/report.html"
    text = page.read_text("utf-8") if page.exists() else "<title></title>"
    return text.partition("<title>")[2].partition("</title>")[0]


def soaked(tmp_path: Path, **options: Any) -> list[str]:
    Timed.clock, Timed.folder, Timed.titles = FakeClock(), tmp_path, []
    soak(Timed, folder=tmp_path, clock=Timed.clock, **options)
    return Timed.titles


def test_it_is_written_between_iterations_and_says_how_far_the_run_has_come(tmp_path: Path) -> None:
    titles = soaked(tmp_path, iterations=6)
    lane = f"default-calm-42, target {__name__}:Timed"
    assert titles[0] == titles[1] == ""  # nothing is due in the first ten seconds
    assert titles[2] == f"IN PROGRESS: 2 of 6, {lane}"
    assert titles[4] == f"IN PROGRESS: 4 of 6, {lane}"
    assert title_of(tmp_path) == f"PASS: {lane}"


def test_it_counts_all_lanes(tmp_path: Path) -> None:
    titles = soaked(tmp_path, iterations=2, seed=[1, 2])
    assert titles[-1].startswith("IN PROGRESS: 2 of 4, ")


def test_a_soak_of_less_than_ten_seconds_has_none_on_the_way(tmp_path: Path) -> None:
    Timed.seconds = 1.5
    try:
        assert set(soaked(tmp_path, iterations=6)) == {""}
    finally:
        Timed.seconds = 6.0


def test_it_goes_where_the_user_wants_the_report(tmp_path: Path) -> None:
    soaked(tmp_path, iterations=3, report="mine.html")
    assert set(Timed.titles) == {""}
    assert (tmp_path / "mine.html").exists()


def test_one_that_cannot_be_written_is_told_and_fails_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(layout: object, report: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr("pytest_soak.report.write.write_unfinished", broken)
    Timed.clock, Timed.folder, Timed.titles = FakeClock(), tmp_path, []
    done = soak(Timed, folder=tmp_path, clock=Timed.clock, iterations=6)
    assert (str(done.verdict), done.problems) == ("PASS", ())


def test_the_next_is_due_after_twenty_times_what_the_last_took() -> None:
    pace = Pace(0.0)
    assert not pace.is_due(LEAST_SECONDS - 0.1)
    assert pace.is_due(LEAST_SECONDS)
    assert not pace.is_due(LEAST_SECONDS, expected=1.0)
    pace.done(10.0, 12.0)
    assert not pace.is_due(12.0 + TIMES * 2.0 - 0.1)
    assert pace.is_due(12.0 + TIMES * 2.0)


def test_many_fast_iterations_are_not_burdened_by_the_first() -> None:
    """Ten thousand of them would take seconds to be read, and are done in a dozen."""
    assert Pace(0.0).is_due(LEAST_SECONDS, expected_seconds(24))
    assert not Pace(0.0).is_due(30.0, expected_seconds(10_000))


def test_a_run_that_was_killed_is_called_unfinished(tmp_path: Path) -> None:
    killed(tmp_path)
    assert "<title>NOT FINISHED: 2 of 24, safe-calm-1, target fake</title>" in page(tmp_path)
    (tmp_path / ".soak.pid").write_text(str(os.getpid()))
    assert "<title>IN PROGRESS: 2 of 24, safe-calm-1" in page(tmp_path)


def page(root: Path) -> str:
    return report_text(read_run(root), {})


def killed(root: Path) -> Path:
    """A run of one lane that a process left after two iterations."""
    write_lane(root / "latest", [summary_of(1), summary_of(2)], [metric()])
    (root / "latest/ITER_SUMMARY_final.json").unlink()
    write_result(root / "latest", [], {"iterations": "24", "minutes": "60"})
    path = root / "latest/RESULT.json"
    result = json.loads(path.read_text())
    path.write_text(
        json.dumps(result | {"status": "running", "verdict": None, "unfinished": ["safe-calm-1"]})
    )
    return root


def test_the_report_is_made_anew_beside_the_run(tmp_path: Path) -> None:
    root = killed(tmp_path / "artifacts/soak")
    done = make_report(root, None, tmp_path)
    assert done == root / "latest/report.html"
    assert "NOT FINISHED" in done.read_text("utf-8")


@pytest.mark.parametrize("below", ["", "latest", "latest/safe-calm-2"])
def test_it_is_made_of_a_root_a_run_and_a_lane(tmp_path: Path, below: str) -> None:
    write_run(tmp_path / "latest", lanes=2, iterations=3)
    done = make_report(tmp_path / below, None, tmp_path)
    assert done.parent == tmp_path / (below or "latest")
    shown = words(Page(done.read_text("utf-8")))
    assert ("safe-calm-1" in shown) == (below != "latest/safe-calm-2")


def test_of_a_packed_run_it_goes_where_it_is_wanted(tmp_path: Path) -> None:
    write_run(tmp_path / "runs/old", lanes=2, iterations=3)
    plain = make_report(tmp_path / "runs/old", "plain.html", tmp_path).read_text("utf-8")
    with tarfile.open(tmp_path / "runs/old.tar.gz", "w:gz") as packed:
        packed.add(tmp_path / "runs/old", "old")
    shutil.rmtree(tmp_path / "runs/old")
    run = tmp_path / "runs/old"
    assert "is packed; say where the report goes" in usage_error(
        lambda: make_report(run, None, tmp_path)
    )
    assert make_report(run, "here.html", tmp_path).read_text("utf-8") == plain


def test_the_report_is_no_link_and_no_folder(tmp_path: Path) -> None:
    write_run(tmp_path / "latest", iterations=3)
    (tmp_path / "latest/report.html").symlink_to(tmp_path / "elsewhere")
    problem = usage_error(lambda: make_report(tmp_path, None, tmp_path))
    assert "symbolic link, which is not followed" in problem
    assert not (tmp_path / "elsewhere").exists()
    assert "expected a file" in usage_error(lambda: make_report(tmp_path, ".", tmp_path))


def test_a_merged_run_says_where_its_comparison_is(tmp_path: Path) -> None:
    write_run(tmp_path, lanes=2, iterations=3)
    (tmp_path / "COMPARISON.json").write_text("{}")
    assert "see COMPARISON.json beside it" in page(tmp_path)


def test_lanes_that_were_not_begun_are_counted_too(tmp_path: Path) -> None:
    killed(tmp_path)
    path = tmp_path / "latest/RESULT.json"
    result = json.loads(path.read_text())
    done = outcome_of("safe-calm-9", 24).model_dump(mode="json")
    more = {"lanes": [done], "unfinished": ["safe-calm-1", "safe-calm-2"]}
    path.write_text(json.dumps(result | more))
    assert "2 of 72" in page(tmp_path)
