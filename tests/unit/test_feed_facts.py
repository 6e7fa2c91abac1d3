"""The command `pytest-soak feed facts`: its table, its files and its refusals."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from feeds import quiet

from pytest_soak import cli
from pytest_soak.artifacts.feed_facts import feed_facts
from pytest_soak.artifacts.models import shipped_schema
from pytest_soak.commands.feed_facts import table_lines
from pytest_soak.config.scenarios import BUILT_IN
from pytest_soak.facts.definitions import FACTS
from pytest_soak.facts.lanes import survey
from pytest_soak.market import compile

SHORT = ("--lanes=2", "--hours=0.05")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["pytest-soak", "feed", "facts", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0)


def test_the_table_has_every_fact_within_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "volatile", "--seed=7", "--set=sigma=0.02", *SHORT) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "volatile, sigma=0.02: 2 lanes of 0.05 h, seeds 7 to 8"
    assert max(map(len, lines)) <= 80
    rows = {line.split()[0]: line.split() for line in lines if line.startswith("  ")}
    assert [fact.name for fact in FACTS if fact.name not in rows] == []
    assert [line for line in lines if line in {fact.group for fact in FACTS}] == [
        "spread",
        "orders",
        "response",
        "returns",
    ]
    assert rows["spread_bps"][3] == "2"
    assert rows["hill_1s"] == ["hill_1s", "-", "-", "0", "2", "to", "5"]


def test_lanes_that_are_left_out_are_counted_and_what_they_lack_is_told() -> None:
    facts = feed_facts(BUILT_IN["calm"], {}, [1, 2], 1.0, survey([quiet(), quiet(400)]))
    lines = table_lines(facts)
    (row,) = [line.split() for line in lines if line.startswith("  effective_half_bps")]
    assert row == ["effective_half_bps", "1", "-", "1"]
    assert "left out of effective_half_bps: a lane needs 30 market orders" in lines
    assert not any(line.startswith("left out of spread_bps") for line in lines)


def test_both_files_are_written_and_the_document_is_an_artifact(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    assert run(monkeypatch, *SHORT, "--json=made/facts.json", "--picture=facts.svg") == 0
    data = json.loads((folder / "made" / "facts.json").read_text(encoding="utf-8"))
    jsonschema.validate(data, json.loads(shipped_schema("feed-facts")))
    assert (data["source"], data["market"], data["hours"]) == ("sim", "calm", 0.05)
    assert (data["seeds"], data["settings"], data["scenario_hash"]) == ([42, 43], {}, None)
    assert {*data["facts"]} == {fact.name for fact in FACTS}
    assert data["facts"]["spread_bps"]["lanes"] == 2
    assert data["facts"]["spread_bps"]["reason"] is None
    missing = data["facts"]["hill_1s"]
    assert (missing["mean"], missing["half_width"], missing["lanes"]) == (None, None, 0)
    assert missing["reason"].startswith("needs ")
    assert ElementTree.parse(folder / "facts.svg").getroot().get("role") == "img"


def test_the_same_market_gives_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    for n in "12":
        run(monkeypatch, *SHORT, f"--json={n}.json", f"--picture={n}.svg")
    for suffix in ("json", "svg"):
        assert (folder / f"1.{suffix}").read_bytes() == (folder / f"2.{suffix}").read_bytes()


def test_a_market_of_the_users_own(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "fine.yaml").write_text(
        "regime: calm\ninstrument: {tick: 0.0005}\n", encoding="utf-8"
    )
    assert run(monkeypatch, "fine.yaml", *SHORT, "--json=f.json") == 0
    data = json.loads((folder / "f.json").read_text(encoding="utf-8"))
    assert (data["market"], data["tick"]) == ("fine", 0.0005)
    assert len(data["scenario_hash"]) == 64


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cam"], "MARKET: unknown market 'cam'; did you mean 'calm'?"),
        (["gone.yaml"], "MARKET: no such market file: gone.yaml"),
        ([""], "MARKET: "),
        (["--lanes=0"], "'--lanes': 0 is not in the range"),
        (["--lanes=1e3"], "'--lanes': '1e3' is not a valid integer"),
        (["--seed=-1"], "'--seed': -1 is not in the range"),
        (["--hours=0"], "--hours: expected 0.01 to 168 hours a lane, got 0"),
        (["--hours=nan"], "--hours: expected 0.01 to 168 hours a lane, got nan"),
        (["--hours=inf"], "--hours: expected 0.01 to 168 hours a lane, got inf"),
        (["--hours=1e9"], "--hours: expected 0.01 to 168 hours a lane, got 1e+09"),
        (["--hours=-3"], "--hours: expected 0.01 to 168 hours a lane, got -3"),
        (["--set=sgima=0.02"], "--set: unknown market setting 'sgima'; did you mean 'sigma'?"),
        (["--set=sigma=nan"], "--set: sigma: expected 0 to 0.1, got nan"),
        (["--set=sigma"], "--set: expected KEY=NUMBER, got 'sigma'; e.g. sigma=2.5"),
        (["--json="], "--json: expected the path of a file, got ''"),
        (["--json=folder"], "--json: expected a file, folder is a folder"),
        (["--picture=link"], "--picture: link is a symbolic link, which is not followed"),
        (["--json=a", "--picture=./a"], "--picture: ./a is the file of --json; name another"),
        ([*SHORT, "--json=file/in.json"], "cannot be written"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    folder: Path,
    arguments: list[str],
    message: str,
) -> None:
    (folder / "folder").mkdir()
    (folder / "file").write_text("kept", encoding="utf-8")
    (folder / "link").symlink_to(folder / "file")
    assert run(monkeypatch, *arguments) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ERROR: ")
    assert message in line
    assert (folder / "file").read_text(encoding="utf-8") == "kept"


def test_people_are_told_that_they_wait_for_the_kernel(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compile, "kernel_is_compiled", lambda: False)
    assert run(monkeypatch, *SHORT) == 0
    told = capsys.readouterr()
    assert told.err.startswith("compiling the market kernel, ")
    assert "compiling" not in told.out
