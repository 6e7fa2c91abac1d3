"""`pytest-soak compare` on files: what is read, what is printed, the exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from builders import usage_error
from finished_runs import journal
from shifted_runs import stored

from pytest_soak.artifacts.models import shipped_schema
from pytest_soak.canonical import dumps
from pytest_soak.cli import commands, main
from pytest_soak.commands.compare import EXIT_STATUS, compare, compared_lines


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return stored(tmp_path / "a", range(1, 5))


def test_the_table_fits_a_terminal_and_the_last_line_says_it(
    tmp_path: Path, reference: Path
) -> None:
    new = stored(tmp_path / "b", range(1, 5), -0.5, profile="aggressive")
    found = compare(reference, [new])
    lines = list(compared_lines(found))
    assert lines[0] == (
        f"{new}: aggressive on calm, beside steady_safe, against {reference}: "
        "paired by seed, 4 seeds"
    )
    head, row = lines[1:3]
    assert head.split() == ["KPI", "before", "difference,", "±", "95", "%", "could", "see", "found"]
    name, before, change, _, width, see, word = row.split()
    assert (name, word) == ("net_bps", "worse")
    assert float(before) == pytest.approx(3.0, abs=0.2)
    assert float(change) == pytest.approx(-0.5, abs=0.02)
    assert 0 < float(width) < float(see) < 0.1
    assert all(len(line) <= 80 for line in lines[1:3])
    assert "ratios of sums, by volume (others: means of iterations): net_bps" in lines
    assert lines[-1] == f"FAIL against {reference}: worse in {new} (aggressive on calm): net_bps"
    assert (found.verdict, EXIT_STATUS[found.verdict]) == ("FAIL", 1)


def test_the_widest_numbers_fit_too(tmp_path: Path, reference: Path) -> None:
    found = compare(reference, [stored(tmp_path / "b", range(11, 15), -123_456.789)])
    table = [line for line in compared_lines(found) if " ± " in line]
    assert len(table) == 5
    assert max(map(len, table)) <= 80
    assert any(line.startswith("a_name_that_is_long..  ") for line in table)


def test_each_run_is_compared_with_the_first(tmp_path: Path, reference: Path) -> None:
    same, worse = stored(tmp_path / "b", range(1, 5)), stored(tmp_path / "c", range(1, 5), -0.5)
    found = compare(reference, [same, worse])
    assert [(one.run, one.verdict) for one in found.comparisons] == [
        (str(same), "PASS"),
        (str(worse), "FAIL"),
    ]
    few = stored(tmp_path / "d", [8])
    assert compare(reference, [same, few]).verdict == "HOLD"
    assert compare(reference, [few, worse]).verdict == "FAIL"


def test_runs_of_other_versions_and_lanes_that_are_not_over_are_told(
    tmp_path: Path, reference: Path
) -> None:
    meta = {"pytest_soak": "1.1", "run": "x"}
    new = stored(tmp_path / "b", range(1, 4), meta=meta, unfinished=["steady_safe-calm-9"])
    found = compare(reference, [new])
    assert found.notes == [
        f"{reference} was made by pytest-soak 1.0, {new} by 1.1",
        f"not finished in {new}, and left out: steady_safe-calm-9",
    ]
    assert found.comparisons[0].notes == [f"without a partner: 1 lane of {reference}"]


def test_lanes_that_ended_early_or_were_tuned_are_told(tmp_path: Path, reference: Path) -> None:
    facts = {"planned": 24, "changed": ["tail_age_ms"]}
    (one,) = compare(reference, [stored(tmp_path / "b", range(1, 5), outcome=facts)]).comparisons
    assert one.notes == [
        f"4 lanes of {tmp_path / 'b'} ended early, and count as far as they came",
        f"4 lanes of {tmp_path / 'b'} had parameters moved under way",
    ]


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"settings": {"minutes": "30"}}, "settings.minutes: 60 in {a}, 30 in {b}; compare runs"),
        ({"outcome": {"drills": ["stalls"]}}, "{b}: steady_safe-calm-1 had the drill stalls"),
        (
            {"unfinished": [f"steady_safe-calm-{n}" for n in range(1, 5)]},
            "{b}: has no lane that came to its end; finish the run first",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(
    tmp_path: Path, reference: Path, facts: dict[str, Any], problem: str
) -> None:
    new = stored(tmp_path / "b", range(1, 5), **facts)
    message = usage_error(lambda: compare(reference, [new]))
    assert message.startswith(problem.format(a=reference, b=new))


def test_equal_lengths_written_in_two_ways_are_equal(tmp_path: Path, reference: Path) -> None:
    new = stored(tmp_path / "b", range(1, 5), settings={"minutes": "60.0"})
    assert compare(reference, [new]).verdict == "PASS"


def test_files_that_are_gone_broken_or_absurd_are_refused(tmp_path: Path, reference: Path) -> None:
    assert usage_error(lambda: compare(reference, [tmp_path / "gone"])).startswith(
        f"{tmp_path / 'gone'}: no run in it"
    )
    new = stored(tmp_path / "b", [1])
    path = new / "latest/ITER_SUMMARY_5.json"
    data = json.loads(path.read_text())
    data["summary"]["net_bps"] = 1e200
    path.write_text(json.dumps(data))
    message = usage_error(lambda: compare(reference, [new]))
    assert message.endswith("ITER_SUMMARY_5.json: net_bps: expected 1e+60 at most, got 1e+200")
    data["summary"]["net_bps"] = float("nan")
    path.write_text(json.dumps(data))
    assert str(path) in usage_error(lambda: compare(reference, [new]))
    cut = stored(tmp_path / "c", [1])
    journal(cut, 3)
    assert "the journal has 3 iterations" in usage_error(lambda: compare(reference, [cut]))


@pytest.mark.parametrize(
    ("seeds", "shift", "status"),
    [(range(1, 5), 0.0, 0), (range(1, 5), -0.5, 1), (range(8, 9), -0.5, 3)],
)
def test_the_exit_status_and_the_document(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    reference: Path,
    seeds: range,
    shift: float,
    status: int,
) -> None:
    given = [str(reference), str(stored(tmp_path / "b", seeds, shift))]
    assert commands.main(["compare", *given], standalone_mode=False) == status
    last_line = capsys.readouterr().out.splitlines()[-1]
    assert commands.main(["compare", "--json", *given], standalone_mode=False) == status
    printed = capsys.readouterr().out
    data = json.loads(printed)
    jsonschema.validate(data, json.loads(shipped_schema("compared-runs")))
    assert printed == dumps(data)
    assert data["text"] == last_line


@pytest.mark.parametrize(
    ("given", "problem"),
    [(["a", "gone"], "RUN: no run 'gone': "), (["a"], "Missing argument 'OTHER...'.")],
)
def test_a_mistake_is_one_line(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    given: list[str],
    problem: str,
) -> None:
    monkeypatch.chdir(stored(tmp_path / "a", range(1, 5)).parent)
    monkeypatch.setattr("sys.argv", ["pytest-soak", "compare", *given])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 4
    told = capsys.readouterr()
    assert (told.out, len(told.err.splitlines())) == ("", 1)
    assert told.err.startswith(f"ERROR: {problem}")
