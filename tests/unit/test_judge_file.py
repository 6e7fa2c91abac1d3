from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from builders import lane_of, plan

from pytest_soak import cli
from pytest_soak.artifacts import build
from pytest_soak.engine.events import LaneFinished
from pytest_soak.storage.files import write_json
from pytest_soak.testing import GOOD


def pytest_soak(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit status of the command `pytest-soak`."""
    monkeypatch.setattr(sys, "argv", ["pytest-soak", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a good and a bad iteration and the end of a lane."""
    monkeypatch.chdir(tmp_path)
    lane = lane_of(GOOD, {**GOOD, "net_bps": 1.0, "risk_ratio": 0.9}, GOOD, of=plan(iterations=3))
    records = [lane.run.run_iteration() for _ in range(3)]
    for name, record in (("good", records[0]), ("bad", records[1])):
        write_json(tmp_path / f"{name}.json", build.iter_summary(record).data())
    end = lane.events[-1]
    assert isinstance(end, LaneFinished)
    final = build.final_summary(end.result)
    write_json(tmp_path / "final.json", final.data())
    return tmp_path


def test_a_good_iteration_passes_with_its_metrics_beside_the_thresholds(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pytest_soak(monkeypatch, "gate", "release", "good.json") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["risk_ratio", "0.3", "fail", "unless", "<=", "0.42", "PASS"]
    assert lines[-1] == "PASS: gate release on iteration 1 of steady_safe-calm-42"
    assert len(lines) == 5


def test_a_bad_iteration_fails_with_its_violations(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pytest_soak(monkeypatch, "gate", "release", "bad.json") == 1
    lines = capsys.readouterr().out.splitlines()
    assert "violation: net_bps = 1, fail unless >= 2.7 (release)" in lines
    assert "violation: risk_ratio = 0.9, fail unless <= 0.42 (release)" in lines
    assert lines[-1].startswith("FAIL: ")


def test_the_medians_of_a_lane_are_judged_from_its_final_summary(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pytest_soak(monkeypatch, "gate", "release", "final.json") == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "PASS: gate release on the medians of steady_safe-calm-42 (3 iterations)"


def test_a_warning_exits_0(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "g.yaml").write_text(
        "name: g\nthresholds: [{metric: net_bps, warn_unless: '>= 99'}]\n"
    )
    assert pytest_soak(monkeypatch, "gate", "g.yaml", "good.json") == 0


def test_the_block_of_the_files_market_applies_and_another_can_be_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "g.yaml").write_text(
        "name: g\nthresholds: [{metric: net_bps, fail_unless: '>= 0'}]\n"
        "markets:\n  calm:\n    thresholds: [{metric: net_bps, fail_unless: '>= 99', for: 3}]\n"
    )
    assert pytest_soak(monkeypatch, "gate", "g.yaml", "good.json") == 1
    assert pytest_soak(monkeypatch, "gate", "g.yaml", "good.json", "--market", "spike") == 0


def test_a_metric_that_a_known_file_lacks_fails(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "g.yaml").write_text(
        "name: g\nthresholds: [{metric: cancel_ratio, fail_unless: '> 0'}]\n"
    )
    assert pytest_soak(monkeypatch, "gate", "g.yaml", "good.json") == 1


def edited(folder: Path, **changes: Any) -> str:
    data = json.loads((folder / "good.json").read_text()) | changes
    write_json(folder / "edited.json", {k: v for k, v in data.items() if v is not None})
    return "edited.json"


def check_usage_error(
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert pytest_soak(monkeypatch, *arguments) == 4
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("ERROR: ")
    assert len(captured.err.splitlines()) == 1
    assert message in captured.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gate", "relaese", "good.json"], "unknown gate 'relaese'; did you mean 'release'?"),
        (["gate", "release", "gone.json"], "gone.json: cannot be read: No such file"),
        (["gate", "release", "good.json", "--market", "clam"], "--market: unknown market 'clam'"),
        (["gate", "typo.yaml", "good.json"], "unknown metric 'net_pbs'; did you mean 'net_bps'?"),
        (["gate", "release", "half.json"], "half.json:7: is not valid JSON"),
        (["gate", "release"], "Missing argument"),
        (["gat"], "No such command"),
        (["gate", "release", "good.json", "--marktet", "x"], "No such option"),
    ],
)
def test_a_usage_error_is_one_line_and_exits_4(
    arguments: list[str],
    message: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "typo.yaml").write_text(
        "name: g\nthresholds: [{metric: net_pbs, fail_unless: '>= 0'}]\n"
    )
    (folder / "half.json").write_text((folder / "good.json").read_text()[:99])
    check_usage_error(arguments, message, monkeypatch, capsys)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"summary": None}, "missing key 'summary'"),
        ({"summary": {}}, "missing key 'summary.phase'"),
        ({"iteration": "one"}, "iteration: expected a valid integer, got 'one'"),
        ({"schema": "pytest-soak/iter-summary/999"}, "expected the schema"),
    ],
)
def test_a_file_that_was_edited_out_of_shape_is_a_usage_error(
    changes: dict[str, Any],
    message: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["gate", "release", edited(folder, **changes)]
    check_usage_error(arguments, message, monkeypatch, capsys)


@pytest.mark.parametrize("text", ["[1]", "{}", '{"schema": 7}', '{"schema": "other/1"}'])
def test_a_readable_file_of_another_kind_passes_no_gate(
    text: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "other.json").write_text(text)
    assert pytest_soak(monkeypatch, "gate", "release", "other.json") == 1
    assert capsys.readouterr().out.startswith("FAIL: other.json: is no ITER_SUMMARY; give ")


def test_how_many_iterations_failed_is_judged_from_the_file_of_the_lane(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "name: g\nfailed: {fail_unless: '<= 10 %'}\n"
    (folder / "g.yaml").write_text(text + "thresholds: [{metric: net_bps, fail_unless: '> 0'}]")
    for failed, status in ((2, 0), (3, 1)):
        data = json.loads((folder / "final.json").read_text())
        data["result"] |= {"graded": 20, "failed": failed}
        write_json(folder / "final.json", data)
        assert pytest_soak(monkeypatch, "gate", "g.yaml", "final.json") == status
    assert "violation: 3 of 20 graded iterations failed (g)" in capsys.readouterr().out


SURE = """
name: sure
drift: RULE
thresholds:
  - {metric: net_bps, fail_unless: ">= 1", confidence: 0.95}
  - {metric: risk_ratio, fail_unless: "<= 0.9"}
"""


def test_medians_decide_nothing_that_wants_a_confidence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("sure.yaml").write_text(SURE.replace("RULE", "off"))
    assert pytest_soak(monkeypatch, "gate", "sure.yaml", "final.json") == 3
    why = "confidence 0.95 is of all iterations, and these are medians"
    assert f"violation: net_bps: not known ({why}) (sure)" in capsys.readouterr().out
    assert pytest_soak(monkeypatch, "gate", "sure.yaml", "good.json") == 0


@pytest.mark.parametrize(("rule", "status"), [("fail", 1), ("warn", 0), ("off", 0)])
def test_a_lane_that_drifted_does_so_for_another_gate(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    rule: str,
    status: int,
) -> None:
    final = json.loads(Path("final.json").read_text())
    final["result"]["drifts"] = {"net_bps": -0.1, "p95_latency_ms": 9.0}
    Path("final.json").write_text(json.dumps(final))
    text = SURE.replace("RULE", rule).replace(", confidence: 0.95", "")
    Path("sure.yaml").write_text(text)
    assert pytest_soak(monkeypatch, "gate", "sure.yaml", "final.json") == status
    told = "violation: net_bps drifts by -0.1 an iteration (sure)" in capsys.readouterr().out
    assert told is (rule != "off")


def test_help_and_version_exit_0(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pytest_soak(monkeypatch, "--help") == 0
    assert pytest_soak(monkeypatch, "--version") == 0
    assert "pytest-soak" in capsys.readouterr().out


def test_what_a_file_says_is_printed_on_lines_that_a_terminal_can_take(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "g.yaml").write_text(
        'name: g\nthresholds: [{metric: net_bps, fail_unless: "\\n>= 2\\n"}, '
        '{metric: "a\\e[2J", fail_unless: ">= 2"}]'
    )
    data = json.loads((folder / "good.json").read_text())
    data["summary"] |= {"a\x1b[2J": None, "reasons": {"a\x1b[2J": "\x07 " + "r" * 5000}}
    name = edited(folder, lane="two\nlines" + "x" * 5000, summary=data["summary"])
    assert pytest_soak(monkeypatch, "gate", "g.yaml", name) == 1
    lines = capsys.readouterr().out.split("\n")[:-1]
    assert len(lines) == 4
    assert all(line.isprintable() and len(line) < 500 for line in lines)


@pytest.mark.parametrize("suffix", ["json", "yaml"])
@pytest.mark.parametrize(
    ("old", "new"),
    [('"tail_age_ms": 620.0', '"tail_age_ms": BIG'), ('"tail_age_ms"', '"\\ud800"')],
)
def test_no_snapshot_is_made_of_what_no_file_can_hold(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    suffix: str,
    old: str,
    new: str,
) -> None:
    big = "1e999" if suffix == "json" else ".inf"
    text = (folder / "final.json").read_text()
    assert old in text
    (folder / f"x.{suffix}").write_text(text.replace(old, new.replace("BIG", big)))
    arguments = ["freeze", "--input", f"x.{suffix}", "--output", "out.json"]
    check_usage_error(arguments, f"x.{suffix}:", monkeypatch, capsys)
    assert not (folder / "out.json").exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("mine.yaml", b"\xff", "is not UTF-8 text"),
        ("mine.json.gz", b"x", "cannot be read: damaged"),
    ],
)
def test_a_profile_that_cannot_be_shown_is_a_usage_error(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: bytes,
    message: str,
) -> None:
    (folder / "profiles").mkdir()
    (folder / "profiles" / name).write_bytes(content)
    check_usage_error(["config", "show", "mine"], message, monkeypatch, capsys)


def test_a_profiles_description_is_listed_on_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "profiles").mkdir()
    (folder / "profiles" / "mine.yaml").write_text(
        'description: "two\\nlines \\e[2J"\noverrides: {}'
    )
    assert pytest_soak(monkeypatch, "config", "list") == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if " mine " in line)
    assert line.endswith("two lines \\x1b[2J")
