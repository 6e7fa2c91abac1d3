"""Many runs as one: what it says, what may go together, and how it differs from another."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import usage_error
from finished_runs import journal, outcome, result, write_run
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.artifacts import stored_run
from pytest_soak.artifacts.models import RunResult
from pytest_soak.artifacts.stored_run import Stored, StoredRun, artifacts, find_run
from pytest_soak.commands.merge import merge, merged_lines
from pytest_soak.merging.alike import check_alike
from pytest_soak.merging.compare import compare
from pytest_soak.merging.join import check_distinct, join
from pytest_soak.report.differences import difference_rows
from pytest_soak.run.verdict import verdict_line
from pytest_soak.storage.files import write_json


def run(of: RunResult, name: str = "a") -> StoredRun:
    return StoredRun(name, Path("/nowhere") / name, of)


one = run(result(outcome(1)))
other = run(result(outcome(2)), "b")


def test_good_runs_make_a_good_run() -> None:
    merged = join([one, other], [])
    assert (merged.verdict, merged.exit_status, merged.status) == ("PASS", 0, "finished")
    assert verdict_line(merged) == "PASS for 2 lanes (2 PASS, sim)"


@pytest.mark.parametrize(
    ("changes", "lane", "verdict", "line"),
    [
        ({"verdict": "WARN"}, "WARN", "WARN", "WARN for 2 lanes (1 PASS, 1 WARN, sim): WARN s"),
        ({"verdict": "FAIL", "exit_status": 1}, "FAIL", "FAIL", "FAIL for 2 lanes (1 PASS, 1 FAIL"),
        ({"verdict": "FAIL", "exit_status": 1}, "PASS", "FAIL", "FAIL: something beside the gates"),
        ({"exit_status": 3}, "PASS", "FAIL", "FAIL: something beside the gates failed; PASS for 2"),
        (
            {"status": "running", "verdict": None},
            None,
            None,
            "NO VERDICT: 1 lane finished; interrupted",
        ),
        ({"status": "interrupted"}, "PASS", None, "NO VERDICT: 2 lanes finished"),
        (
            {"verdict": None, "unfinished": ["x-calm-2"]},
            None,
            None,
            "NO VERDICT: 1 lane finished; ",
        ),
    ],
)
def test_the_whole_is_no_better_than_its_parts(
    changes: dict[str, Any], lane: str | None, verdict: str | None, line: str
) -> None:
    bad = run(result(outcome(2, verdict=lane), **changes), "b")
    merged = join([one, bad], [])
    assert merged.verdict == verdict
    assert merged.exit_status == (0 if verdict == "WARN" else 1)
    assert verdict_line(merged).startswith(line)


def test_a_run_that_left_nothing_is_no_pass_and_is_named() -> None:
    merged = join([one], ["b (no RESULT.json)"])
    assert (merged.verdict, merged.status, merged.exit_status) == (None, "interrupted", 1)
    assert verdict_line(merged) == ("NO VERDICT: 1 lane finished; not finished: b (no RESULT.json)")
    failed = join([run(result(outcome(1, verdict="FAIL"), verdict="FAIL"))], ["b (no RESULT.json)"])
    assert failed.verdict == "FAIL"
    assert verdict_line(failed).endswith("not finished: b (no RESULT.json)")


_STATES = st.sampled_from(
    [
        ("finished", "PASS", 0),
        ("finished", "WARN", 0),
        ("finished", "FAIL", 1),
        ("finished", None, 1),
        ("interrupted", None, 2),
        ("running", None, None),
    ]
)


@given(states=st.lists(_STATES, min_size=1, max_size=6), empty=st.booleans())
def test_only_runs_that_are_all_good_are_good(
    states: list[tuple[str, Any, Any]], empty: bool
) -> None:
    runs = [
        run(result(outcome(n, verdict=v), status=s, verdict=v, exit_status=e), str(n))
        for n, (s, v, e) in enumerate(states)
    ]
    merged = join(runs, ["gone"] if empty else [])
    good = not empty and all(e == 0 for _, _, e in states)
    assert (merged.exit_status == 0) is good
    assert (merged.verdict in ("PASS", "WARN")) is good
    assert RunResult.model_validate_json(merged.model_dump_json(by_alias=True)) == merged


@given(seed=st.integers(0, 1000))
def test_the_order_of_the_lanes_is_not_that_of_the_runs(seed: int) -> None:
    lanes = [outcome(n, market) for n in (1, 2, 10) for market in ("calm", "volatile", "spike")]
    random.Random(seed).shuffle(lanes)
    found = join([run(result(lane), lane.lane) for lane in lanes], []).lanes
    assert [(x.market, x.seed) for x in found] == [
        (market, n) for market in ("calm", "volatile", "spike") for n in (1, 2, 10)
    ]


def test_a_lane_in_two_runs_is_refused() -> None:
    for again in (result(outcome(1)), result(unfinished=["STEADY_SAFE-calm-1"], verdict=None)):
        message = usage_error(lambda again=again: check_distinct([one, run(again, "b")]))  # type: ignore[misc]
        assert message.lower() == "steady_safe-calm-1: this lane is in a and b; give one of them"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"source": "mock"}, "target: sim in a, mock in b; "),
        ({"gate_mode": "off"}, "settings.gate-mode: hard or soft in a, off in b; "),
        ({"settings": {"iterations": "6", "minutes": "30"}}, "settings.minutes: 60 in a, 30 in b;"),
        (
            {"settings": {"iterations": "6", "minutes": "60", "feeds": "1"}},
            "settings.feeds: not given in a, 1 in b; ",
        ),
        ({"meta": {"pytest_soak": "1.1"}}, "package: 1.0 in a, 1.1 in b; "),
        ({"meta": {"pytest_soak": "1.1"}, "source": "mock"}, "package: 1.0"),
    ],
)
def test_runs_that_differ_are_refused_by_the_path(changes: dict[str, Any], path: str) -> None:
    message = usage_error(lambda: check_alike([one, one, run(result(**changes), "b")]))
    assert message.startswith(path)
    assert message.endswith("merge runs with the same, or give --allow-different-settings")


def test_lanes_and_the_way_a_gate_ends_them_may_differ() -> None:
    settings = {"iterations": "6", "minutes": "60", "market": "spike", "gate-mode": "hard"}
    hard = run(result(outcome(1, "spike"), settings=settings, gate_mode="hard"), "b")
    check_alike([one, hard])
    merged = join([one, hard], [])
    assert merged.gate_mode == "soft"
    assert (merged.settings["market"], merged.settings["gate-mode"]) == ("calm,spike", "soft,hard")


def test_a_profile_of_one_name_must_be_one_profile() -> None:
    mine = run(result(outcome(1).model_copy(update={"began_with": "ab" * 32})))
    same = run(result(outcome(2).model_copy(update={"began_with": "ab" * 32})), "b")
    theirs = run(result(outcome(3).model_copy(update={"began_with": "cd" * 32})), "c")
    check_alike([mine, one, same])
    message = usage_error(lambda: check_alike([mine, same, theirs]))
    assert message.startswith("profiles.steady_safe: overrides abababababab in a, overrides cdcd")


def gated(root: Path, seed: int, fail_unless: str, market: str = "calm") -> StoredRun:

    metric = {
        "gate": "mine",
        "metric": "net_bps",
        "value": 3.0,
        "verdict": "PASS",
        "fail_unless": fail_unless,
        "warn_unless": None,
        "reason": "",
        "no_data": False,
    }
    write_run(root, result(outcome(seed, market)))
    found = find_run(root)
    assert found is not None
    gate = {
        "schema": "pytest-soak/kpi-gate/1",
        "source": "sim",
        "meta": {},
        "lane": f"steady_safe-{market}-{seed}",
        "gate": "mine",
        "mode": "soft",
        "final": True,
        "iteration": 6,
        "verdict": "PASS",
        "verdict_raw": "PASS",
        "note": "",
        "reasons": [],
        "metrics": [metric],
    }
    write_json(found.folder / "artifacts" / "KPI_GATE.json", gate)
    return found


def test_a_gate_of_one_name_must_be_one_gate_on_a_market(tmp_path: Path) -> None:
    runs = [gated(tmp_path / "a", 1, ">= 2"), gated(tmp_path / "b", 2, ">= 1", "volatile")]
    check_alike(runs)
    message = usage_error(lambda: check_alike([*runs, gated(tmp_path / "c", 3, ">= 1.9")]))
    assert message.startswith("gates.mine.calm.net_bps.fail_unless: >= 2 in ")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is not valid JSON"),
        ("[]", "expected the schema 'pytest-soak/result/1', got None"),
        ('{"schema": "pytest-soak/result/9"}', "got 'pytest-soak/result/9'"),
        ('{"schema": "pytest-soak/result/1"}', "missing key"),
    ],
)
def test_a_damaged_result_is_one_line(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "RESULT.json").write_text(text)
    assert problem in usage_error(lambda: find_run(tmp_path))


@pytest.mark.parametrize(
    "names",
    [
        {"lane": "../../x"},
        {"profile": "../x", "lane": "../x-calm-1"},
        {"profile": "a/b", "lane": "a/b-calm-1"},
        {"market": "..", "lane": "steady_safe-..-1"},
    ],
)
def test_a_lane_cannot_lead_out_of_the_folder(tmp_path: Path, names: dict[str, str]) -> None:
    write_run(tmp_path, result(outcome(1, **names)))
    assert "lanes.0" in usage_error(lambda: find_run(tmp_path))


def paired(medians: list[float], before: list[float]) -> list[list[str]]:
    def of(values: list[float], name: str) -> StoredRun:
        lanes = [outcome(n, medians={"net_bps": v}) for n, v in enumerate(values)]
        return run(result(*lanes), name)

    found = compare(of(medians, "new"), of(before, "old"))
    judged = [kpi.model_copy(update={"judged": True}) for kpi in found.kpis]
    return difference_rows(found.model_copy(update={"kpis": judged}))[1:]


def test_the_difference_has_an_interval_where_there_are_enough_pairs() -> None:
    (row,) = paired([3.1, 3.2, 3.3, 3.4], [3.0, 3.0, 3.0, 3.0])
    assert row[:5] == ["steady_safe", "calm", "net_bps", "median", "4"]
    assert row[5:8] == ["3", "3.25", "+0.25"]
    low, high = (float(part) for part in row[8].split(" to "))
    # 0.25 +- 3.1824 * 0.1291 / 2, by Student's t with three degrees of freedom
    assert [low, high] == pytest.approx([0.0446, 0.4554], abs=1e-3)
    assert paired([3.1, 3.2], [3.0, 3.0])[0][8] == "too few pairs"
    assert paired([3.0, 3.0, 3.0], [3.0, 3.0, 3.0]) == []
    assert paired([3.0, 3.0, 1e308], [3.0, 3.0, -1e308]) == []


def test_merging_writes_nothing_when_it_refuses(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / name, result(outcome(1))) for name in "ab"]
    output = tmp_path / "out"
    usage_error(lambda: merge(runs, output, None, allow_different=True))
    usage_error(lambda: merge(runs[:1], output, tmp_path / "gone", allow_different=True))
    usage_error(lambda: merge([tmp_path / "gone"], output, None, allow_different=True))
    damaged = tmp_path / "b/latest/ITER_SUMMARY_1.json"
    damaged.write_text("{}")
    message = usage_error(lambda: merge(runs[1:], output, None, allow_different=True))
    assert message.startswith(f"{damaged}: expected the schema 'pytest-soak/iter-summary/1'")
    assert not output.exists()


def test_the_lanes_of_a_run_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [write_run(tmp_path / f"{n}", result(outcome(n))) for n in (1, 2)]
    folders = list[Path]()

    def counted(folder: Path) -> Iterator[Stored]:
        folders.append(folder)
        return artifacts(folder)

    monkeypatch.setattr(stored_run, "artifacts", counted)
    merge(runs, tmp_path / "out", None, allow_different=False)
    assert sorted(folders) == [run / "latest" for run in runs]


def test_a_run_of_which_a_good_lane_is_gone_is_refused(tmp_path: Path) -> None:
    root = write_run(tmp_path / "a", result(outcome(1), outcome(2)))
    final = root / "latest/steady_safe-calm-2/ITER_SUMMARY_final.json"
    final.unlink()
    message = usage_error(lambda: merge([root], tmp_path / "out", None, allow_different=True))
    said = "RESULT.json says PASS, 6 of 6 iterations, but ITER_SUMMARY_final.json is missing"
    assert message == f"{final.parent}: {said}; get the whole run"
    assert not (tmp_path / "out").exists()


def test_a_lane_that_failed_fails_the_whole_also_without_its_files(tmp_path: Path) -> None:
    root = write_run(tmp_path / "a", result(outcome(1, verdict="FAIL"), verdict="FAIL"))
    (root / "latest/ITER_SUMMARY_final.json").unlink()
    assert merge([root], tmp_path / "out", None, allow_different=True).result.verdict == "FAIL"


def test_a_mode_that_judges_nothing_is_said_of_the_whole() -> None:
    off = run(result(outcome(2), gate_mode="off"), "b")
    merged = join([one, off], [])
    assert merged.gate_mode == "off"
    assert verdict_line(merged) == "PASS for 2 lanes (2 PASS, sim, gate off)"
    assert verdict_line(join([off], [])).endswith("(6 iterations, sim, gate off)")


def test_lanes_of_which_not_all_is_left_are_never_called_identical(tmp_path: Path) -> None:
    def of(name: str, **facts: Any) -> StoredRun:
        found = find_run(write_run(tmp_path / name, result(outcome(1, **facts))))
        assert found is not None
        return found

    (pair,) = compare(of("a"), of("b")).lanes
    assert not pair.identical
    assert pair.difference.startswith("0 of 6 iterations are left to compare")
    (pair,) = compare(of("c", counts={"PASS": 4, "FAIL": 2}), of("d")).lanes
    assert pair.difference == "RESULT.json counts.FAIL: None -> 2.0"


def test_a_run_that_says_more_than_its_files_is_not_joined(tmp_path: Path) -> None:
    good = write_run(tmp_path / "good", result(outcome(1)))
    edited = write_run(tmp_path / "edited", result(outcome(2, verdict="FAIL"), verdict="FAIL"))
    write_json(edited / "latest/RESULT.json", result(outcome(2)).data())
    empty = write_run(tmp_path / "empty", result())

    def joined(bad: Path) -> str:
        out = tmp_path / "out"
        return usage_error(lambda: merge([good, bad], out, None, allow_different=True))

    assert "ITER_SUMMARY_final.json does not" in joined(edited)
    assert "RESULT.json: names no lane" in joined(empty)


def test_what_only_a_run_under_way_needs_is_left_behind(tmp_path: Path) -> None:
    kept = [
        "TUNING_REPORT.json",
        "artifacts/audit.jsonl",
        "feeds/fills_20250101.jsonl",
        "mine.txt",
    ]
    left = ["checkpoint_3", ".x.tmp", "runtime_overrides.json", "report.html"]
    several = tmp_path / "b/latest/steady_safe-spike-3"
    root = write_run(tmp_path / "a", result(outcome(1)))
    write_run(tmp_path / "b", result(outcome(2), outcome(3, "spike")))
    for folder in (root / "latest", several):
        for name in (*kept, *left):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(name)
    journal(root, 6)
    journal(tmp_path / "b", 6, "steady_safe-spike-3")
    merge([root, tmp_path / "b"], tmp_path / "out", None, allow_different=False)
    for lane in ("steady_safe-calm-1", "steady_safe-spike-3"):
        home = tmp_path / "out/latest" / lane
        found = [p.relative_to(home).as_posix() for p in home.rglob("*") if p.is_file()]
        assert sorted(found) == sorted([*kept, "ITER_SUMMARY_final.json"])


def test_what_a_file_says_stays_on_its_line(tmp_path: Path) -> None:
    forged = "bad\n::error::forged\x1b[2J"
    root = write_run(tmp_path / "a", result(outcome(1, reasons=[forged]), unfinished=[forged]))
    lines = list(merged_lines(merge([root], tmp_path / "out", None, allow_different=False)))
    assert len(lines) == 4
    assert all(line.isprintable() and not line.startswith("::") for line in lines)
