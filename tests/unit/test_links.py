"""Symbolic links within an artifact root: refused by name, and what they lead to is untouched."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import FakeClock, fills, inputs, observation
from finished_runs import outcome, result, write_run

from pytest_soak.artifacts.feed_index import LaneIndex
from pytest_soak.artifacts.feeds import Feeds
from pytest_soak.artifacts.lane_journal import LaneJournal
from pytest_soak.artifacts.layout import Layout
from pytest_soak.artifacts.rotation.plan import DAY
from pytest_soak.clock import SystemClock
from pytest_soak.commands.merge import merge
from pytest_soak.commands.migrate import migrate
from pytest_soak.commands.reopen import reopen
from pytest_soak.commands.rotate import rotate
from pytest_soak.engine.past import NOTHING, Done, Edits
from pytest_soak.errors import ArtifactError, SoakUsageError
from pytest_soak.kpi.summary import Summary
from pytest_soak.report.write import write_report
from pytest_soak.run.folder import RunFolder
from pytest_soak.run.resolve import resolve_settings
from pytest_soak.run.result import ResultFile
from pytest_soak.storage.files import append, append_lines, cut, write_bytes
from pytest_soak.storage.lock import LOCK, RootLock

LANE = "default-calm-42"
WINDOW = observation(
    start_us=1_735_689_600_000_000,
    fills=fills([(1, True, 99.0, 2.0, 0.1, 100.0, 100.0)]),
)

DONE = Done(
    iteration=1, edits=Edits(), summary=Summary(kpis={}), state_hash="a", started="", seconds=0.1
)


def session(root: Path, **cli: str) -> None:
    """All that a session writes, the lane's iteration but its report."""
    settings = resolve_settings(inputs(root.parent, {"dir": root.name, **cli}))
    layout = Layout(settings.directory, several_lanes=False)
    made = RunFolder(settings, layout, ResultFile(settings, layout, FakeClock()))
    try:
        made.prepare()
    finally:
        made.release()


def resumed(root: Path) -> None:
    session(root, resume="1")


def worker(root: Path) -> None:
    RootLock(root).take_as("gw0")


def lane(root: Path) -> None:
    """A lane that began with a link already in place: one of a bot, say."""
    files = Layout(root, several_lanes=False).lane(LANE)
    journal = LaneJournal(files, {}, Feeds(files, LaneIndex("x", "sim"), kept=True))
    journal.begin()
    journal.keep(DONE, NOTHING, b"state", WINDOW)
    for path in (files.summary(1), files.artifact("KPI_GATE.json"), files.named("TUNING.json")):
        write_bytes(path, b"{}")


def report(root: Path) -> None:
    write_report(Layout(root, several_lanes=False), root / "pages/mine.html", {})


def rotated(root: Path) -> None:
    rotate(root, -1 / DAY, 900, 1, print, SystemClock(), dry=False)


def migrated(root: Path) -> None:
    migrate(root, root.parent / "mine", print, dry=False)


def reopened(root: Path) -> None:
    reopen(root / "runs/old")


def merged(root: Path) -> None:
    merge([root.parent / "job"], root, None, allow_different=False)


CASES: list[tuple[str, Callable[[Path], None]]] = [
    *((name, session) for name in (".soak.pid", LOCK, "latest", "runs", "runtime_overrides.json")),
    (".soak-gw0.lock", session),
    (".soak-gw0.lock", worker),
    *(
        (f"latest/{name}", resumed)
        for name in ("journal", "feeds", "artifacts", "RESULT.json", "x", "ITER_SUMMARY_final.json")
    ),
    *(
        (f"latest/{name}", lane)
        for name in ("journal", "feeds", "artifacts", "ITER_SUMMARY_1.json", "checkpoint_1")
    ),
    *((f"latest/{name}", lane) for name in ("artifacts/audit.jsonl", "feeds/fills_20250101.jsonl")),
    *((name, report) for name in ("latest/STEADY_TREND.md", "pages", "pages/mine.html")),
    *((f"rotation{name}", rotated) for name in ("", "/.leaving", "/.half", "/ROTATION_LOG.jsonl")),
    (".soak.pid", rotated),
    *((name, migrated) for name in ("legacy", "applied_profile.json", LOCK)),
    *((name, reopened) for name in ("runs", "runs/old", "latest", ".soak.pid")),
    *((name, merged) for name in ("latest", "runs", ".soak.pid", LOCK)),
]


def content(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def refusal(call: Callable[[], None]) -> str:
    try:
        call()
    except (ArtifactError, SoakUsageError) as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("name", "act"), CASES, ids=lambda value: getattr(value, "__name__", value)
)
@pytest.mark.parametrize("dangling", [False, True])
def test_a_link_is_refused_by_name(
    tmp_path: Path, name: str, act: Callable[[Path], None], *, dangling: bool
) -> None:
    root, link = tmp_path / "soak", tmp_path / "soak" / name
    write_run(root, result(outcome(42, profile="default", lane=LANE)))
    write_run(tmp_path / "job", result(outcome(42)))
    lane(root)
    for folder in ("runs/old", "rotation", "pages"):
        (root / folder).mkdir(parents=True)
    (root / "runs/old/RESULT.json").write_text("{}")
    (root / "applied_profile.json").write_text("{}")
    (root / "runtime_overrides.json").write_text("{}")
    outside = tmp_path / "outside"
    outside.mkdir()
    if link.exists():
        link.rename(outside / "there")
    else:
        (outside / "there").write_text("mine")
    before = content(outside)
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside / ("gone" if dangling else "there"))
    message = refusal(lambda: act(root))
    assert content(outside) == before
    if not dangling or link.exists():
        assert str(link) in message
        assert "symbolic link" in message or act is reopened


@pytest.mark.parametrize("act", [session, lane, rotated, migrated, merged])
def test_the_root_itself_may_be_a_link(tmp_path: Path, act: Callable[[Path], None]) -> None:
    write_run(tmp_path / "job", result(outcome(42)))
    (tmp_path / "disk").mkdir()
    root = tmp_path / "soak"
    root.symlink_to(tmp_path / "disk")
    act(root)
    assert list((tmp_path / "disk").rglob("*"))


def test_no_write_goes_through_the_last_part_of_a_path(tmp_path: Path) -> None:
    outside, link = tmp_path / "outside", tmp_path / "link"
    outside.write_text("mine")
    link.symlink_to(outside)
    acts: list[Callable[[], None]] = [
        lambda: append(link, b"x"),
        lambda: append_lines(link, ["x"]),
        lambda: cut(link, 1),
    ]
    for act in acts:
        assert f"{link}: a symbolic link" in refusal(act)
    write_bytes(link, b"replaced")
    assert (outside.read_text(), link.read_text()) == ("mine", "replaced")


def test_resuming_tells_it_as_one_usage_error(tmp_path: Path) -> None:
    root = tmp_path / "soak"
    write_run(root, result(outcome(42, profile="default", lane=LANE)))
    lane(root)
    (root / "latest/x").symlink_to(tmp_path)
    with pytest.raises(ArtifactError, match="latest/x: a symbolic link"):
        resumed(root)
    assert json.loads((root / "latest/RESULT.json").read_text())["status"] == "finished"
