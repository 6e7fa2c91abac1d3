"""What a rotation decides, from listings alone."""

from __future__ import annotations

from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.artifacts.names import PRODUCTION_SNAPSHOT as SNAPSHOT
from pytest_soak.artifacts.names import iteration_of
from pytest_soak.artifacts.rotation.plan import (
    DAY,
    Action,
    File,
    Limits,
    Listing,
    plan_rotation,
)

NOW = 1000.0 * DAY
WEEK = Limits(ttl=7 * DAY, max_bytes=1e9, keep=2)


def file(path: str, days: float = 0.0, size: int = 10) -> File:
    return File(PurePosixPath(path), size, NOW - days * DAY)


def plan(*files: File, limits: Limits = WEEK, left: tuple[str, ...] = ()) -> list[Action]:
    listing = Listing(files, {PurePosixPath(run): "running" for run in left})
    return plan_rotation(listing, NOW, limits)


def told(actions: list[Action]) -> list[str]:
    return [f"{action.kind} {action.path}" for action in actions]


def summaries(folder: str, *names: object, days: float = 0.0) -> list[File]:
    return [file(f"{folder}/ITER_SUMMARY_{name}.json", days) for name in names]


def test_the_newest_summaries_by_number_stay_whatever_their_dates() -> None:
    files = [*summaries("latest", 9, 100, "final", days=30), *summaries("latest", 10, 2)]
    (action,) = plan(*files)
    assert [f.path.name for f in action.files] == ["ITER_SUMMARY_2.json", "ITER_SUMMARY_9.json"]
    assert str(action.path) == "latest/ITER_SUMMARY_2,9.json"


def test_each_lane_keeps_its_own() -> None:
    files = [*summaries("runs/r/a", 1, 2, 3, 4), *summaries("runs/r/b", 1, 2)]
    assert told(plan(*files)) == ["remove runs/r/a/ITER_SUMMARY_1-2.json"]


def test_what_only_looks_like_a_summary_stays() -> None:
    names = ["01", "1x", "-1", "", "\u0661", "1" * 19]
    deeper = summaries("latest/lane/feeds", 1, 2, 3)
    assert plan(*summaries("latest", *names, 5, 6), *deeper) == []


def test_an_old_snapshot_is_compressed_a_younger_or_other_one_is_not() -> None:
    files = [
        file(f"latest/{SNAPSHOT}", 8),
        file(f"latest/lane/{SNAPSHOT}", 7),
        file(f"latest/a/b/{SNAPSHOT}", 8),
        file("latest/RESULT.json", 8),
    ]
    (action,) = plan(*files)
    assert (action.kind, str(action.target)) == ("compress", f"latest/{SNAPSHOT}.gz")


def test_an_earlier_run_is_archived_once_every_file_of_it_is_old() -> None:
    old = [file("runs/old/RESULT.json", 8), file("runs/old/feeds/a.jsonl", 9)]
    mixed = [file("runs/mixed/RESULT.json", 8), file("runs/mixed/lane/x", 1)]
    (action,) = plan(*old, *mixed)
    assert (told([action]), str(action.target)) == (["archive runs/old"], "runs/old.tar.gz")
    assert {f.path.name for f in action.files} == {"RESULT.json", "a.jsonl"}


def test_an_archived_run_is_thinned_out_before() -> None:
    actions = plan(*summaries("runs/r", 1, 2, 3, days=9))
    assert told(actions) == ["remove runs/r/ITER_SUMMARY_1.json", "archive runs/r"]
    assert len(actions[1].files) == 2


def test_latest_is_never_archived_and_what_lies_beside_runs_is_left() -> None:
    assert plan(file("latest/x", 99), file("runs/x.tar.gz", 99), file("runs/notes", 99)) == []


def test_a_run_that_must_be_left_alone_is() -> None:
    files = [*summaries("latest", 1, 2, 3), file("runs/r/RESULT.json", 9)]
    assert plan(*files, left=("latest", "runs/r")) == []


def test_what_an_action_replaces_counts_before_it() -> None:
    (action,) = plan(file("runs/r/a", 9, size=100), file("runs/r.tar.gz", 9, size=7))
    assert action.size == 107


paths = st.builds(
    lambda *parts: "/".join(part for part in parts if part),
    st.sampled_from(["latest", "runs/a", "runs/b", "runs"]),
    st.sampled_from(["", "lane", "lane/artifacts"]),
    st.sampled_from([SNAPSHOT, "x.json"]) | st.integers(0, 12).map("ITER_SUMMARY_{}.json".format),
)
listings = st.lists(
    st.builds(file, paths, st.floats(0, 20), st.integers(0, 99)), unique_by=lambda f: f.path
)
limits = st.builds(Limits, st.floats(0, 20).map(lambda d: d * DAY), st.just(1e9), st.integers(1, 6))


def after(files: list[File], actions: list[Action]) -> list[File]:
    """The listing once the actions were carried out."""
    gone = {one for action in actions for one in action.files}
    made = {
        File(action.target, 5, max(one.modified for one in action.files))
        for action in actions
        if action.target
    }
    replaced = {one.path for one in made}
    return sorted({f for f in files if f not in gone and f.path not in replaced} | made)


@given(listings, limits)
def test_a_second_rotation_finds_nothing_to_do(files: list[File], limits: Limits) -> None:
    actions = plan(*files, limits=limits)
    assert plan(*after(files, actions), limits=limits) == []


@given(listings, limits)
def test_nothing_but_surplus_summaries_goes_for_good(files: list[File], limits: Limits) -> None:
    actions = plan(*files, limits=limits)
    for action in actions:
        if action.target is None:
            lane = action.files[0].path.parent
            beside = [f.path.name for f in files if f.path.parent == lane]
            summaries = [name for name in beside if iteration_of(name)]
            assert len(summaries) - len(action.files) == limits.keep
            assert all(iteration_of(file.path.name) for file in action.files)
    gone = [one for action in actions for one in action.files]
    assert len(gone) == len(set(gone))
