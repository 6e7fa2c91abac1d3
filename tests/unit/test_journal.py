"""The journal read back: whole, cut short, flipped, edited, or of another soak."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders import attempt, fills, lane_of, observation, plan, usage_error
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_soak.artifacts.feed_index import LaneIndex
from pytest_soak.artifacts.feeds import Feeds
from pytest_soak.artifacts.lane_journal import LaneJournal, read_journal
from pytest_soak.artifacts.layout import LaneFiles
from pytest_soak.engine.past import NOTHING, Carried, Done, Edits, Ended
from pytest_soak.engine.record import Ending
from pytest_soak.engine.tail import packed
from pytest_soak.engine.watch import Watched
from pytest_soak.errors import ArtifactError
from pytest_soak.kpi.summary import Summary
from pytest_soak.kpi.usage import Usage
from pytest_soak.observation.closing import Closing
from pytest_soak.observation.columns import BREAKER, RESOURCE
from pytest_soak.storage.files import append, sweep
from pytest_soak.storage.journal import DamageError, decode, encode
from pytest_soak.testing import GOOD

FINGERPRINT = {"gate": {"name": "soak", "thresholds": [{"metric": "net_bps"}]}, "minutes": 60.0}
WINDOW = observation(
    start_us=1_735_689_600_000_000,
    fills=fills([(1, True, 99.0, 2.0, 0.1, 100.0, 100.0)]),
)
payloads = st.lists(st.text(st.characters(blacklist_categories=("Cc", "Cs"))), min_size=1)


def at(home: Path) -> LaneFiles:
    return LaneFiles(home, home, home / "runtime_overrides.json")


def journal(home: Path, fingerprint: object = None) -> LaneJournal:
    lane = at(home)
    feeds = Feeds(lane, LaneIndex("x", "sim"), kept=True)
    return LaneJournal(lane, fingerprint or FINGERPRINT, feeds)  # type: ignore[arg-type]


def done(iteration: int, net: float = 3.0) -> Done:
    return Done(
        iteration=iteration,
        edits=Edits(),
        summary=Summary(kpis={**GOOD, "net_bps": net, "risk_ratio": None}),
        state_hash="a" * 64,
        started="2025-01-01T00:00:00.000+00:00",
        seconds=0.1,
    )


def carried(iteration: int) -> Carried:
    rows = np.zeros(3, BREAKER)
    rows["time_us"] = iteration
    return Carried(
        closing=Closing(inventory=1.5, start_us=iteration, fills="x", ids=("a",)),
        usage=Usage().with_rows(np.zeros(2, RESOURCE)),
        watched=Watched(tails={"breaker": packed(rows)}),
    )


def written(home: Path, iterations: int = 3) -> LaneJournal:
    made = journal(home)
    made.begin()
    for n in range(1, iterations + 1):
        made.take(Edits(values={"tail_age_ms": 700.0 + n}))
        made.keep(done(n), carried(n), repr(n).encode(), None)
    return made


def opened(home: Path) -> LaneJournal:
    found = journal(home)
    found.open()
    return found


@given(payloads)
def test_lines_come_back_as_they_were_written(texts: list[str]) -> None:
    data = b"".join(encode(text) for text in texts)
    assert decode(data) == (texts, len(data))


@given(payloads, st.data())
def test_a_cut_or_flipped_file_gives_a_prefix_or_an_error(
    texts: list[str], data: st.DataObject
) -> None:
    whole = bytearray(b"".join(encode(text) for text in texts))
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        del whole[place:]
    else:
        whole[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        found, size = decode(bytes(whole))
    except DamageError:
        return
    assert found == texts[: len(found)] != texts
    assert size == sum(len(encode(text)) for text in found)


floats = st.floats(-1e100, 1e100)


@example(5e-324).via("the smallest number")
@given(floats)
def test_a_measurement_comes_back_to_the_last_bit(value: float) -> None:
    again = Done.model_validate_json(done(1, value).model_dump_json())
    assert repr(again.summary.kpis["net_bps"]) == repr(value)
    assert again == done(1, value)
    assert list(again.summary.kpis) == list(done(1, value).summary.kpis)


def test_a_journal_cut_at_any_byte_is_a_shorter_one_or_refused(tmp_path: Path) -> None:
    written(tmp_path)
    path = at(tmp_path).journal
    whole = path.read_bytes()
    full, lengths = read_journal(at(tmp_path)), set()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        found, message = attempt(lambda: read_journal(at(tmp_path)))
        assert path.read_bytes() == whole[:size]
        if found is None:
            assert message.startswith(f"{path}:1: is damaged")
            continue
        assert found.iterations == full.iterations[: len(found.iterations)]
        assert whole[: found.size] in (whole[:size], whole[:size].rpartition(b"\n")[0] + b"\n")
        lengths.add(len(found.iterations))
    assert lengths == {0, 1, 2}


def test_a_bit_flipped_anywhere_is_told_or_costs_the_last_line(tmp_path: Path) -> None:
    written(tmp_path, iterations=2)
    path = at(tmp_path).journal
    whole = path.read_bytes()
    full, refused = read_journal(at(tmp_path)), 0
    last = whole[:-1].rindex(b"\n") + 1
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        found, message = attempt(lambda: read_journal(at(tmp_path)))
        assert path.read_bytes() == flipped
        if found is None:
            assert message.startswith(f"{path}:")
            refused += 1
        else:
            assert place >= last - 1, "only the last line may be lost, or joined with the one above"
            assert found.iterations == full.iterations[: len(found.iterations)]
    assert refused > last - 10


def test_what_was_journaled_comes_back(tmp_path: Path) -> None:
    made = written(tmp_path)
    made.take(Edits(refused="edit refused"))
    past = opened(tmp_path).past
    assert past.begun
    assert past.iterations == (done(1), done(2), done(3))
    assert past.checkpoint == b"3"
    assert past.carried == carried(3)
    assert past.edits == Edits(refused="edit refused")
    assert past.end is None
    made.end(Ended(ending=Ending.TARGET, cause="lost"))
    assert opened(tmp_path).past.end == Ended(ending=Ending.TARGET, cause="lost")


def test_where_nothing_is_carried_on_there_is_no_file_for_it(tmp_path: Path) -> None:
    made = written(tmp_path)
    made.keep(done(4), NOTHING, None, None)
    assert {path.name for path in tmp_path.glob("checkpoint_*")} == set()
    assert opened(tmp_path).past.carried == NOTHING


def test_without_a_journal_there_is_no_past(tmp_path: Path) -> None:
    past = opened(tmp_path).past
    assert (past.begun, past.iterations, past.checkpoint, past.end) == (False, (), None, None)


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"minutes": 30.0}, "minutes: 60 in the journal, 30 now"),
        ({"gate": {"name": "x"}}, "gate.name: 'soak' in the journal, 'x' now"),
        (
            {"gate": {"name": "soak", "thresholds": [{"metric": "risk_ratio"}]}},
            "gate.thresholds.0.metric: 'net_bps' in the journal, 'risk_ratio' now",
        ),
        (
            {"gate": {"name": "soak", "thresholds": []}},
            "gate.thresholds.0: {'metric': 'net_bps'} in the journal, not there now",
        ),
        ({"new": None}, "new: not there in the journal, null now"),
    ],
)
def test_another_soak_is_refused_by_its_first_difference(
    tmp_path: Path, change: dict[str, object], difference: str
) -> None:
    written(tmp_path)
    before = at(tmp_path).journal.read_bytes()
    message = usage_error(journal(tmp_path, FINGERPRINT | change).open)
    assert message.startswith(f"--soak-resume: {difference}; give what the journal has")
    assert at(tmp_path).journal.read_bytes() == before


@pytest.mark.parametrize("name", ["checkpoint_3", "checkpoint_lane_3"])
def test_a_lost_or_changed_checkpoint_is_refused(tmp_path: Path, name: str) -> None:
    written(tmp_path)
    path = tmp_path / name
    path.write_bytes(b"4")
    assert usage_error(lambda: opened(tmp_path)).startswith(f"{path}: is not what the journal says")
    path.unlink()
    assert usage_error(lambda: opened(tmp_path)).startswith(f"{path}: cannot be read")


def test_a_feed_that_lost_bytes_is_refused(tmp_path: Path) -> None:
    made = written(tmp_path)
    made.keep(done(4), NOTHING, None, WINDOW)
    feed = tmp_path / "feeds/fills_20250101.jsonl"
    size = feed.stat().st_size
    with feed.open("ab") as file:
        file.write(b"half a li")
    (tmp_path / "feeds/fills_20250102.jsonl").write_text("of the next day\n")
    (tmp_path / "feeds/mine.jsonl").write_text("a user's\n")
    opened(tmp_path).settle()
    assert feed.stat().st_size == size
    assert {path.name for path in feed.parent.iterdir()} == {
        *(f"{name}_20250101.jsonl" for name in ("fills", "marks", "quoting")),
        "mine.jsonl",
        "INDEX.json",
    }
    feed.write_bytes(feed.read_bytes()[:-1])
    assert usage_error(lambda: opened(tmp_path)) == (
        f"{feed}: {size - 1} bytes are left of {size}; start anew"
    )


def test_lines_that_do_not_belong_there_are_refused(tmp_path: Path) -> None:
    written(tmp_path)
    path = at(tmp_path).journal
    header, *rest = path.read_bytes().splitlines(keepends=True)
    end = encode('{"kind":"end","end":{"ending":"test","cause":"x"}}')
    for lines, bad in [
        ([header, *rest[2:]], 3),
        ([header, header], 2),
        (rest, 1),
        ([header, end, *rest], 3),
        ([header, *rest, *rest[:2]], 9),
        ([header, encode('{"kind":"iteration"}')], 2),
        ([encode("[]")], 1),
    ]:
        path.write_bytes(b"".join(lines))
        message = usage_error(lambda: read_journal(at(tmp_path)))
        assert message.startswith(f"{path}:{bad}: is not what a journal has there"), bad


def test_settling_takes_away_what_a_killed_process_left_and_nothing_else(tmp_path: Path) -> None:
    written(tmp_path)
    path = at(tmp_path).journal
    whole = path.read_bytes()
    path.write_bytes(whole + encode("x" * 50)[:20])
    for name in (
        "checkpoint_4",
        "checkpoint_lane_4",
        ".journal.17.tmp",
        ".notes.tmp",
        "mine.1.tmp",
        ".a.b.c.tmp",
    ):
        (tmp_path / name).write_text("")
    opened(tmp_path).settle()
    assert path.read_bytes() == whole
    assert {p.name for p in tmp_path.iterdir()} == {
        *("journal", "checkpoint_3", "checkpoint_lane_3", ".notes.tmp", "mine.1.tmp", ".a.b.c.tmp"),
    }


def test_an_append_that_fails_half_way_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    made = written(tmp_path)
    path = at(tmp_path).journal
    whole = path.read_bytes()
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ArtifactError, match=r"journal: cannot be written: No space left"):
        append(path, encode("x"))
    monkeypatch.undo()
    assert path.read_bytes() == whole
    made.keep(done(4), NOTHING, None, None)
    assert len(opened(tmp_path).past.iterations) == 4


def test_what_cannot_be_swept_is_told(tmp_path: Path) -> None:
    (tmp_path / ".x.1.tmp").mkdir()
    with pytest.raises(ArtifactError, match="cannot be written"):
        sweep(tmp_path)


def test_a_journal_that_leads_elsewhere_is_refused() -> None:
    lane = lane_of(of=plan(iterations=2))
    lane.run.run_iteration()
    lane.journal.kept[0] = lane.journal.kept[0].model_copy(update={"state_hash": "b" * 64})
    message = usage_error(lambda: lane_of(journal=lane.journal.again()))
    assert "pytest-soak itself has changed" in message
    shorter = lane_of(of=plan(iterations=2))
    shorter.run.run_iteration()
    shorter.run.run_iteration()
    message = usage_error(lambda: lane_of(of=plan(iterations=1), journal=shorter.journal.again()))
    assert "has 2 iterations in its journal, more than the 1 asked for" in message
