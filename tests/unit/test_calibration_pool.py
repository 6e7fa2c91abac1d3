"""The pool of recorded lanes, and the command that fills it."""

from __future__ import annotations

import json
import pickle
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from builders import usage_error
from clusters import GONE, FakeCluster
from crashes import journal_lines

from pytest_soak import cli
from pytest_soak.api import soak
from pytest_soak.calibration import pool as pool_module
from pytest_soak.calibration import study
from pytest_soak.calibration.causes import CAUSES
from pytest_soak.calibration.pool import Order, fill, orders, recorded
from pytest_soak.commands import calibrate
from pytest_soak.config.parameters import reference_table
from pytest_soak.errors import ArtifactError, SoakUsageError
from pytest_soak.run.resolve import Inputs, resolve_settings
from pytest_soak.run.settings import Settings

NET = "name: net\nthresholds:\n  - {metric: net_bps, fail_unless: '>= 2'}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings_of(folder: Path, **options: str) -> Settings:
    texts = {"target": "mock", "iterations": "5", "gate": "smoke"}
    given = {name.replace("_", "-"): text for name, text in options.items()}
    return resolve_settings(Inputs(texts | given, {}, {}, folder, folder, folder))


def orders_of(folder: Path, seeds: Sequence[int] = (1, 2, 3), **options: str) -> list[Order]:
    text = ",".join(map(str, seeds))
    return orders(settings_of(folder, seed=text, **options), folder / "pool")


def fill_counted(orders: Sequence[Order], jobs: int = 1) -> int:
    done: list[None] = []
    fill(orders, jobs, lambda: done.append(None))
    return len(done)


def test_what_is_there_is_not_recorded_again(folder: Path) -> None:
    three = orders_of(folder)
    assert fill_counted(three[:2]) == 2
    kept = three[0].file.read_bytes()
    assert fill_counted(three) == 1
    assert three[0].file.read_bytes() == kept
    assert [len(recorded(one).done) for one in three] == [5, 5, 5]
    assert len({str(recorded(one).done[0].summary.kpis) for one in three}) == 3


def test_processes_record_what_one_records(folder: Path) -> None:
    both = orders_of(folder, [1, 2])
    fill(both, 1, lambda: None)
    kept = [recorded(one) for one in both]
    shutil.rmtree(folder / "pool")
    assert fill_counted(both, jobs=2) == 2
    for one, before in zip(both, kept, strict=True):
        now = recorded(one)
        assert [d.summary for d in now.done] == [d.summary for d in before.done]


LOOSE = "name: loose\nthresholds:\n  - {metric: net_bps, fail_unless: '>= -50'}\n"


def walking_orders(folder: Path, minutes: str = "60") -> list[Order]:
    (folder / "loose.yaml").write_text(LOOSE, encoding="utf-8")
    return orders_of(folder, target="clusters:Walking", gate="loose.yaml", minutes=minutes)


def test_a_cluster_records_what_one_process_records(folder: Path) -> None:
    every = [*walking_orders(folder), *walking_orders(folder, minutes="30")]
    fill(every, 1, lambda: None)
    kept = [journal_lines(one.file) for one in every]
    shutil.rmtree(folder / "pool")
    cluster, done = FakeCluster(dies=(2, 9)), list[None]()
    fill(every, 1, lambda: done.append(None), cluster)
    assert [journal_lines(one.file) for one in every] == kept
    assert (len(done), len(cluster.tasks), cluster.most) == (6, 30, 2)
    fill(every, 1, lambda: done.append(None), cluster)
    assert len(cluster.tasks) == 30


def test_a_cluster_that_goes_away_loses_the_lanes_under_way_alone(folder: Path) -> None:
    every = walking_orders(folder)
    problem = usage_error(lambda: fill(every, 1, lambda: None, FakeCluster(answers=12)))
    assert GONE in problem
    assert [one.file.exists() for one in every] == [True, True, False]


def test_an_interruption_loses_the_lane_under_way_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = pool_module.record, []

    def interrupted(*given: Any) -> None:
        calls.append(given)
        if len(calls) == 3:
            raise KeyboardInterrupt
        real(*given)

    monkeypatch.setattr(pool_module, "record", interrupted)
    three = orders_of(folder)
    with pytest.raises(KeyboardInterrupt):
        fill(three, 1, lambda: None)
    assert [one.file.exists() for one in three] == [True, True, False]
    monkeypatch.undo()
    assert fill_counted(three) == 1


def test_a_lane_that_was_recorded_for_another_gate_is_judged_by_this_one(folder: Path) -> None:
    (before,) = orders_of(folder, [1])
    fill([before], 1, lambda: None)
    (strict,) = orders_of(folder, [1], gate="release", gate_mode="hard")
    assert fill_counted([strict]) == 0
    found = recorded(strict)
    assert (found.plan.gate.name, found.plan.gate_mode) == ("release", "hard")


def test_a_lane_is_recorded_to_its_end_also_where_its_gate_would_end_it(folder: Path) -> None:
    (folder / "net.yaml").write_text(NET.replace("2", "100"), encoding="utf-8")
    (one,) = orders_of(folder, [1], gate="net.yaml", gate_mode="hard")
    fill([one], 1, lambda: None)
    assert len(recorded(one).done) == 5
    assert recorded(one).fails


def test_another_lane_in_its_place_is_refused_by_name(folder: Path) -> None:
    one, two, _ = several = orders_of(folder)
    fill(several, 1, lambda: None)
    shutil.copy(two.file, one.file)
    assert f"{one.file}: is of another seed: 2, not 1; take it away" in usage_error(
        lambda: recorded(one)
    )
    (turned,) = orders_of(folder, [2], market_set="sigma=0.02")
    assert "is of another settings (" in usage_error(lambda: fill([turned], 1, lambda: None))
    newer = two._replace(wanted=two.wanted._replace(version="another"))
    assert "is of another version of the target: " in usage_error(lambda: recorded(newer))
    two.file.write_bytes(b"nothing\n")
    assert "is damaged" in usage_error(lambda: fill([two], 1, lambda: None))


def test_a_symbolic_link_in_the_pool_is_not_followed(folder: Path) -> None:
    (one,) = orders_of(folder, [1])
    one.file.parent.mkdir()
    one.file.symlink_to(folder / "elsewhere")
    with pytest.raises(ArtifactError, match="a symbolic link"):
        orders_of(folder, [1])


def test_a_bot_in_real_time_is_to_be_soaked(folder: Path) -> None:
    problem = usage_error(lambda: orders_of(folder, [1], target="process:true"))
    assert problem.endswith("soak it yourself, and give --from=RUN")


def test_an_error_of_another_process_is_what_it_was_there() -> None:
    error = SoakUsageError("lane 1", "did not end")
    again = pickle.loads(pickle.dumps(error))
    assert (again.source, again.problem, str(again)) == ("lane 1", "did not end", str(error))


def test_a_bot_that_breaks_is_told(folder: Path) -> None:
    text = (
        "from pytest_soak.testing import InstantTarget\n"
        "class Breaks(InstantTarget):\n"
        "    def run(self, overrides, window):\n"
        "        raise RuntimeError('no connection')\n"
    )
    (folder / "breaking.py").write_text(text, encoding="utf-8")
    (one,) = orders_of(folder, [1], target="breaking:Breaks")
    assert "no connection" in usage_error(lambda: fill([one], 1, lambda: None))
    assert not one.file.exists()


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_each_cause_is_another_lane_in_every_size(folder: Path, cause: Any) -> None:
    settings = settings_of(folder, target="sim", profile="steady_safe", gate="soak")
    plain = orders(settings, folder / "pool")[0].wanted.plan
    seen = set()
    for size in cause.sizes:
        turned = orders(cause.turn(settings, size), folder / "pool", cause.name)[0].wanted.plan
        assert turned.gate == plain.gate
        assert turned.lane.market == "calm"
        seen.add((str(turned.lane.scenario), str(turned.overrides.values)))
    assert len(seen) == 4
    assert (str(plain.lane.scenario), str(plain.overrides.values)) not in seen


def test_causes_are_what_they_say(folder: Path) -> None:
    settings = settings_of(folder, target="sim", profile="steady_safe")
    turned = {cause.name: cause.turn(settings, cause.sizes[1]) for cause in CAUSES}
    (fees,), (slow,) = turned["fees"].scenarios, turned["latency"].scenarios
    assert (fees.instrument.maker_fee_bps, fees.instrument.taker_fee_bps) == (-0.7, 3.7)
    assert slow.venue.to_gateway.base_ms == 62.0
    values = {name: one.layers[-1].values for name, one in turned.items() if one.layers}
    assert values == {
        "size": {"impact_cap_ratio": 0.06},
        "spread": {"base_spread_bps_delta": 0.25},
        "taking": {"rescue_max_ratio": 0.4},
    }
    assert all(name in reference_table() for one in values.values() for name in one)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["pytest-soak", "calibrate", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0)


MOCK = ("--target=mock", "--gate=smoke", "--iterations=2")


def test_the_command_says_and_writes_what_it_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in (study, calibrate):
        monkeypatch.setattr(module, "FEWEST_LANES", 12)
    (folder / "net.yaml").write_text(NET, encoding="utf-8")
    given = ("--target=mock", "--gate=net.yaml", "--iterations=1", "--seeds=1..12")
    assert run(monkeypatch, *given) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("gate net (soft) on calm, default, mock ")
    assert lines[0].endswith(": 12 lanes of 1 h")
    assert re.fullmatch(r"false alarms \d+\.\d % \[\d+\.\d, \d+\.\d\]", lines[1])
    assert lines[2].index("median") == lines[3].index(re.split(" +", lines[3])[1])
    assert lines[-1] == "wrote artifacts/soak/CALIBRATION.json"
    assert (folder / "artifacts" / "soak" / ".gitignore").exists()
    data = json.loads((folder / "artifacts" / "soak" / "CALIBRATION.json").read_text("utf-8"))
    (found,) = data["gates"]
    assert found["seeds"] == list(range(1, 13))
    assert found["false_alarms"]["lanes"] == 12


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--seeds=1..58"], "--seeds: 58 lanes cannot show a rate of 5 % at 95 %: 59 can, 1 more"),
        (["--gate=soak"], "--iterations: gate soak grades none of 2 iterations: 3 more needed"),
        (["--causes"], "--causes: can be made in sim alone; leave it out"),
        (["--seeds=x"], "--seeds: expected seeds like 42"),
        (["--market=calm,spike"], "--profile, --market: calibrate one of each at a time"),
        (["--from=runs"], "--target: the lanes of --from have their own; leave it out"),
        (["--output="], "--output: expected the path of a file"),
        (
            ["--cluster=dask://h"],
            "--cluster: expected dask://HOST:PORT, as in dask://127.0.0.1:8786",
        ),
        (["--cluster=dask://h:1", "--jobs=2"], "--jobs: with --cluster its workers run the lanes"),
        (["--gate=soaq"], "did you mean 'soak'?"),
    ],
)
def test_mistakes_are_one_line_and_status_four(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    problem: str,
) -> None:
    assert run(monkeypatch, *MOCK, *arguments) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert problem in line
    assert not list(folder.iterdir())


def test_runs_of_a_bot_of_ones_own_are_judged_by_their_own_gate(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(study, "DRAWS", 10)
    (folder / "net.yaml").write_text(NET, encoding="utf-8")
    for name, seeds in (("a", [1, 2, 3, 4]), ("b", [5, 6, 7, 8])):
        soak("mock", iterations=2, gate="net.yaml", seed=seeds, dir=name, folder=folder)
    assert run(monkeypatch, "--from=a", "--from=b", "--output=mine.json") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == (
        "false alarms not known (8 of 59 lanes, 51 more needed to show 5 % at 95 %)"
    )
    assert lines[2] == "the changes below: 10 lanes drawn in blocks from them"
    assert lines[-1] == "wrote mine.json"
    assert run(monkeypatch, "--from=a", "--from=a") == 4
    assert "measured the very same as" in capsys.readouterr().err
    assert run(monkeypatch, "--from=none") == 4
    assert "none: no run in it" in capsys.readouterr().err


def test_an_interruption_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*given: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pool_module, "record", interrupted)
    assert run(monkeypatch, *MOCK, "--seeds=1..59") == 2
    assert "the same command goes on" in capsys.readouterr().err
