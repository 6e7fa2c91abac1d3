"""Soaks of bots that are processes: in windows of a second, by one call."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from programs import FAST, running_in, trades

import pytest_soak
from pytest_soak import Event, IterationFinished, Notice, ProcessTarget, Sampled, SoakResult, soak
from pytest_soak.process import resources
from pytest_soak.storage.files import opened

GATE = {"name": "some", "thresholds": [{"metric": "restarts", "fail_unless": "<= 9"}]}


class Heard:
    """A handler that keeps the events, and makes a file when the first window is over."""

    def __init__(self, later: Path) -> None:
        self.events: list[Event] = []
        self._later = later

    def start(self, settings: pytest_soak.Settings) -> None:
        pass

    def handle(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, IterationFinished):
            self._later.touch()

    def close(self) -> None:
        pass

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def soaked(
    folder: Path, target: ProcessTarget, iterations: int = 2, **more: Any
) -> tuple[SoakResult, Heard]:
    (folder / "some.yaml").write_text(json.dumps(GATE))
    heard = Heard(folder / "later")
    options: dict[str, Any] = {"minutes": 0.02, "gate": "some.yaml"} | more
    found = soak(target, iterations=iterations, folder=folder, handlers=[heard], **options)
    assert running_in(folder) == []
    return found, heard


def bot(folder: Path, more: str = "", start: str = "", **options: Any) -> ProcessTarget:
    return ProcessTarget(trades(more, start), cwd=folder, stop_seconds=5, **options)


def summary(found: SoakResult, iteration: int) -> dict[str, Any]:
    text = (found.folder / f"ITER_SUMMARY_{iteration}.json").read_text()
    return dict(json.loads(text))


def cause(found: SoakResult) -> str:
    return " ".join(reason for lane in found.lanes for reason in lane.reasons)


def test_a_bot_is_measured_by_its_feeds_window_after_window(tmp_path: Path) -> None:
    found, heard = soaked(tmp_path, bot(tmp_path), 3)
    assert found.text == f"PASS for default on calm (3 iterations, {heard.events[0].plan.target})"  # type: ignore[attr-defined]
    records = [event.record for event in heard.of(IterationFinished)]
    for record in records:
        kpis = record.summary.kpis
        assert kpis["net_bps"] == pytest.approx(1.14, rel=1e-4)
        assert (kpis["restarts"], kpis["feed_errors"], kpis["feed_late"]) == (0, 0, 0)
        assert abs(kpis["clock_skew_ms"]) < 60_000
        assert "log_errors" not in {k for k, v in kpis.items() if v is not None}
    assert {event.iteration for event in heard.of(Sampled)} == {1, 2, 3}
    lines = (next(found.folder.glob("feeds/fills_*.jsonl"))).read_text().splitlines()
    times = [json.loads(line)["time_us"] for line in lines]
    told = [part.part for part in heard.of(Sampled)]
    inside = [time for time in times if told[0].start_us <= time < told[-1].end_us]
    assert inside == [int(time) for part in told for time in part.fills["time_us"]]
    assert all(before.end_us == part.start_us for before, part in pairwise(told))
    assert list(found.folder.glob("feeds/resources_*.jsonl"))
    entries = json.loads((found.folder / "feeds/INDEX.json").read_text())["files"]
    named = {entry["file"]: (entry["bytes"], entry["lane"]) for entry in entries}
    lane = "default-calm-42"
    assert named == {x.name: (x.stat().st_size, lane) for x in found.folder.glob("feeds/*.jsonl")}


def test_it_is_told_all_of_its_lane(tmp_path: Path) -> None:
    start = f"open({str(tmp_path / 'told.json')!r}, 'w').write(json.dumps(dict(os.environ)))"
    flags = {"maker.fast": {"type": "bool", "default": False}}
    target = bot(tmp_path, start=start, flags=flags, env={"MINE": "1"})
    found, _ = soaked(
        tmp_path, target, 1, seed=7, set={"tail_age_ms": 700}, flag={"maker.fast": True}
    )
    told = json.loads((tmp_path / "told.json").read_text())
    names = ("LANE", "PROFILE", "MARKET", "SEED", "ITERATIONS", "MINUTES")
    assert [told[f"SOAK_{name}"] for name in names] == [
        "default-calm-7",
        "default",
        "calm",
        "7",
        "1",
        "0.02",
    ]
    assert told["MINE"] == "1"
    assert json.loads(told["MM_RUNTIME_OVERRIDES_JSON"])["tail_age_ms"] == 700
    runtime = Path(told["MM_RUNTIME_OVERRIDES_PATH"])
    assert json.loads(runtime.read_text())["tail_age_ms"] == 700
    assert json.loads(Path(told["SOAK_CONFIG_PATH"]).read_text()) == {"maker": {"fast": True}}
    assert Path(told["SOAK_FEEDS_DIR"]) == found.folder / "feeds"
    assert summary(found, 1)["flags"] == {"maker.fast": True}


def test_changed_overrides_reach_it_with_a_hup(tmp_path: Path) -> None:
    start = (
        "import signal\n"
        "def hup(*a): print('hup', json.load(open(runtime))['tail_age_ms'], flush=True)\n"
        "signal.signal(signal.SIGHUP, hup)"
    )
    target = bot(tmp_path, start=start, reload="hup")

    class Operator(Heard):
        def handle(self, event: Event) -> None:
            if isinstance(event, IterationFinished) and event.record.iteration == 1:
                path = tmp_path / "artifacts/soak/runtime_overrides.json"
                path.write_text(json.dumps(json.loads(path.read_text()) | {"tail_age_ms": 650}))

    (tmp_path / "some.yaml").write_text(json.dumps(GATE))
    operator = Operator(tmp_path / "later")
    found = soak(
        target, iterations=3, minutes=0.02, gate="some.yaml", folder=tmp_path, handlers=[operator]
    )
    assert (found.folder / "bot.log").read_text() == "hup 650\n"
    assert summary(found, 2)["overrides"]["tail_age_ms"] == 650


def test_errors_in_its_output_are_counted_window_by_window(tmp_path: Path) -> None:
    more = "if state['n'] % 5 == 0: print('ERROR', flush=True)"
    _, heard = soaked(tmp_path, bot(tmp_path, more, error_pattern="ERROR"))
    counts = [e.record.summary.kpis["log_errors"] for e in heard.of(IterationFinished)]
    log = (tmp_path / "artifacts/soak/latest/bot.log").read_text()
    assert all(count > 0 for count in counts)
    assert sum(counts) <= log.count("ERROR")


LATER = "if os.path.exists('later'): "
"""When the first window is over."""
FAILURES: Mapping[str, tuple[str, str]] = {
    "exits": (f"{LATER}print('sorry'); raise SystemExit(3)", "exited by itself with status 3; "),
    "is killed": (
        f"{LATER}print('sorry', flush=True); os.kill(os.getpid(), 9)",
        "was ended by SIGKILL; its",
    ),
    "broken JSON": (f"{LATER}append('marks', '{{broken' + chr(10))", "not JSON: {broken"),
    "NaN": (f"{LATER}write('marks', mid=float('nan'), inventory=0)", "not JSON"),
    "another day": (
        f"{LATER}write('marks', **dict(time_us=now() - 10**12, mid=1, inventory=0))",
        "expected the day of marks_",
    ),
    "a line of 10 MB": (f"{LATER}append('marks', 'x' * 10**7 + chr(10))", "longer than"),
    "no folder": (
        f"{LATER}import shutil; shutil.rmtree(feeds); time.sleep(3600)",
        "the folder of the feeds is gone",
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_is_one_clear_line_and_costs_no_window_before(
    tmp_path: Path, failure: str
) -> None:
    more, told = FAILURES[failure]
    found, _ = soaked(tmp_path, bot(tmp_path, more), 9)
    assert found.exit_status == 1
    assert told in cause(found)
    assert "\n" not in cause(found)
    assert summary(found, 1)["summary"]["verdict"] == "PASS"
    if "print" in more:
        assert cause(found).endswith("its last line: sorry")


@pytest.mark.parametrize(
    ("command", "options", "told"),
    [
        (["no-such-bot"], {}, "the bot cannot be started: "),
        ([*FAST, "raise SystemExit('no key')"], {}, "with status 1; its last line: no key"),
        (
            [*FAST, "print('up'); import time; time.sleep(3600)"],
            {"ready_seconds": 1},
            "was not ready after 1 s: waited for the first line of a feed in ",
        ),
    ],
)
def test_a_bot_that_does_not_come_up_fails_its_first_window(
    tmp_path: Path, command: list[str], options: dict[str, Any], told: str
) -> None:
    found, _ = soaked(tmp_path, ProcessTarget(command, cwd=tmp_path, **options))
    assert found.exit_status == 1
    assert told in cause(found)


def test_a_full_disk_is_no_fault_of_the_bot_and_costs_no_window_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, mode: str) -> Any:
        if (tmp_path / "later").exists():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return opened(path, mode)

    monkeypatch.setattr(resources, "EVERY_SECONDS", 0.1)
    monkeypatch.setattr(resources, "opened", full)
    found, _ = soaked(tmp_path, bot(tmp_path), 3)
    assert found.exit_status == 1
    assert "/feeds/resources_" in cause(found)
    assert cause(found).endswith("cannot be written: No space left on device")
    assert "raised" not in cause(found)
    assert summary(found, 1)["summary"]["verdict"] == "PASS"
    assert not (found.folder / "ITER_SUMMARY_2.json").exists()
    monkeypatch.undo()
    again, _ = soaked(tmp_path, bot(tmp_path), 3, resume=True)
    assert again.exit_status == 0


def test_a_bot_that_becomes_a_daemon_is_told_and_ended(tmp_path: Path) -> None:
    found, _ = soaked(tmp_path, bot(tmp_path, start="if os.fork(): os._exit(0)\nos.setsid()"))
    assert "the bot exited by itself with status 0; " in cause(found)


def test_two_processes_that_write_one_feed_are_noted(tmp_path: Path) -> None:
    numbered = (
        "lines = [0]\ndef tell(**row):\n    lines[0] += 1\n    write('acks', seq=lines[0], **row)"
    )
    more = "tell(latency_ms=1.0)"
    found, _ = soaked(tmp_path, bot(tmp_path, more, f"{numbered}\nos.fork()"), 1)
    assert any("with a number (seq) that had been told" in x for x in summary(found, 1)["notes"])


def test_times_of_the_future_are_noted(tmp_path: Path) -> None:
    more = "write('acks', **dict(time_us=now() + 600_000_000, latency_ms=1.0))"
    found, _ = soaked(tmp_path, bot(tmp_path, more), 1)
    assert any("clock is 600.0 s ahead of ours" in note for note in summary(found, 1)["notes"])


def test_a_bot_that_closes_its_output_is_measured_all_the_same(tmp_path: Path) -> None:
    found, _ = soaked(tmp_path, bot(tmp_path, start="os.close(1); os.close(2)"), 1)
    assert found.exit_status == 0


def test_it_is_started_anew_and_that_is_a_kpi(tmp_path: Path) -> None:
    once = f"open({str(tmp_path / 'once')!r}, 'x')"
    more = (
        f"if state['n'] == 4:\n    try: {once}\n    except FileExistsError: pass\n"
        "    else: os._exit(3)"
    )
    found, heard = soaked(tmp_path, bot(tmp_path, more, max_restarts=1), 3)
    records = [event.record for event in heard.of(IterationFinished)]
    assert sum(record.summary.kpis["restarts"] for record in records) == 1
    notes = [note for record in records for note in record.notes]
    assert any("exited by itself with status 3 and was started anew" in note for note in notes)
    assert found.exit_status == 0


def test_a_bot_that_floods_and_heeds_no_sigterm_is_measured_all_the_same(tmp_path: Path) -> None:
    start = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    target = ProcessTarget(trades("print('x' * 1_000_000)", start), cwd=tmp_path, stop_seconds=0.2)
    found, _ = soaked(tmp_path, target, 1)
    assert found.exit_status == 0


def test_a_bot_that_tells_no_mid_says_so(tmp_path: Path) -> None:
    program = trades()[-1].replace("trade()\n", "write('acks', latency_ms=1.0)\n")
    found, _ = soaked(tmp_path, ProcessTarget([*FAST, program], cwd=tmp_path))
    assert "they have no mark and no fill" in cause(found)


def test_a_bot_may_reckon_its_own_kpis(tmp_path: Path) -> None:
    program = trades()[-1].replace("trade()\n", "write('kpis', kpis=dict(num_fills=7))\n")
    found, heard = soaked(tmp_path, ProcessTarget([*FAST, program], cwd=tmp_path), 1)
    kpis = heard.of(IterationFinished)[0].record.summary.kpis
    assert (kpis["num_fills"], kpis["restarts"]) == (7, 0)
    assert found.exit_status == 0


def test_that_sigterm_was_not_enough_is_noted(tmp_path: Path) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    target = ProcessTarget(trades(start=deaf), cwd=tmp_path, stop_seconds=0.2)
    found, heard = soaked(tmp_path, target, 1)
    [told] = heard.of(Notice)
    assert told.text == "the bot was not gone 0.2 s after SIGTERM: SIGKILL ended it"
    assert (told.lane, found.exit_status) == ("default-calm-42", 0)


def test_one_that_heeds_sigterm_has_no_such_note(tmp_path: Path) -> None:
    assert soaked(tmp_path, bot(tmp_path), 1)[1].of(Notice) == []


def test_shadow_is_noted(tmp_path: Path) -> None:
    found, _ = soaked(tmp_path, bot(tmp_path, shadow=True), 1)
    assert any("shadow" in note for note in summary(found, 1)["notes"])


def test_a_pause_is_refused_for_it_would_trade_on(tmp_path: Path) -> None:
    with pytest.raises(pytest_soak.SoakUsageError, match="trades on in a pause"):
        soaked(tmp_path, bot(tmp_path), sleep=1)


def test_a_link_in_place_of_its_feeds_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    class Linking(ProcessTarget):
        def start(self, lane: pytest_soak.LaneInfo) -> None:
            assert lane.feeds is not None
            lane.feeds.symlink_to(elsewhere)
            super().start(lane)

    found, _ = soaked(tmp_path, Linking(trades(), cwd=tmp_path))
    assert "symbolic link, which is not followed" in cause(found)
    assert list(elsewhere.iterdir()) == []
