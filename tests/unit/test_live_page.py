"""The live page: for this machine alone, tells only what is new, writes nothing."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import shutil
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from ab_reports import A, ab_report, write_abs
from aiohttp import ClientResponse, ClientSession
from aiohttp.test_utils import BaseTestServer, TestServer
from builders import FakeClock
from pages import HOSTILE, Page, words
from runs import metric, summary_of, write_lane, write_result, write_run

from pytest_soak.artifacts.ab_models import AbArm
from pytest_soak.artifacts.models import LaneOutcome
from pytest_soak.clock import SystemClock
from pytest_soak.live import server
from pytest_soak.live import watch as watch_module
from pytest_soak.live.sections import Sections
from pytest_soak.live.server import HOST, application
from pytest_soak.live.watch import LEAST_SECONDS, Watch, is_over, signature
from pytest_soak.report.read import Reader, read_run
from pytest_soak.report.while_running import Pace
from pytest_soak.storage.files import write_json

HANGS = 300
Given = TypeVar("Given")
Event = tuple[str, dict[str, Any]]


class Tomorrow(SystemClock):
    """All files are old."""

    def now(self) -> datetime:
        return super().now() + timedelta(days=1)


class AlwaysDue(Pace):
    def is_due(self, now: float, expected: float = 0.0) -> bool:
        return True


@dataclass
class Asking:
    """A client of a live page."""

    session: ClientSession
    server: BaseTestServer

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        async with self.session.get(self.server.make_url(path), headers=headers) as answer:
            return answer.status, await answer.text()

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[Event]]:
        async with self.session.get(self.server.make_url("/events")) as answer:
            assert answer.status == 200, await answer.text()
            yield events_of(answer)


async def events_of(answer: ClientResponse) -> AsyncIterator[Event]:
    kind = ""
    async for line in answer.content:
        name, _, value = line.decode().strip().partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value)


def asked(path: Path, ask: Callable[[Asking], Awaitable[Given]]) -> Given:
    async def main() -> Given:
        app = application(Watch(path, path, Tomorrow()))
        async with (
            asyncio.timeout(HANGS),
            TestServer(app, host=HOST) as served,
            ClientSession() as session,
        ):
            return await ask(Asking(session, served))

    return asyncio.run(main())


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(watch_module, "Pace", AlwaysDue)


def going_on(root: Path, iterations: int = 2, run: str = "one", lane: str = "safe-calm-1") -> Path:
    """A run of one lane that this process goes on with; its files come as those of a session."""
    latest, pid = root / "latest", root / ".soak.pid"
    if not pid.exists():
        root.mkdir(parents=True, exist_ok=True)
        pid.write_text(str(os.getpid()))
    told(latest, run, [], status="running", verdict=None, unfinished=["safe-calm-1"])
    for number in range(1, iterations + 1):
        write_json(latest / f"ITER_SUMMARY_{number}.json", summary_of(number, lane).data())
    return root


def told(latest: Path, run: str, lanes: list[LaneOutcome], **more: Any) -> None:
    """RESULT.json, which is there at once as it is to be."""
    aside = latest.parent / "aside"
    write_result(aside, lanes, {"iterations": "24"})
    result = json.loads((aside / "RESULT.json").read_text())
    result["meta"]["run"] = run
    write_json(latest / "RESULT.json", result | more)


def finish(root: Path, iterations: int = 3, run: str = "one") -> None:
    rows = [summary_of(n) for n in range(1, iterations + 1)]
    told(root / "latest", run, [write_lane(root / "latest", rows, [metric()])])


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:{port}", 200),
        ("localhost:{port}", 200),
        ("evil.example:{port}", 403),
        ("127.0.0.1", 403),
        ("127.0.0.1:1", 403),
        ("127.0.0.1:{port}.evil.example", 403),
        ("[::1]:{port}", 403),
        ("", 403),
    ],
)
@pytest.mark.parametrize("path", ["/", "/events", "/run", "/live.js", "/nowhere"])
def test_who_asks_for_another_host_is_refused(
    tmp_path: Path, host: str, status: int, path: str
) -> None:
    finish(tmp_path)

    async def ask(asking: Asking) -> tuple[int, str]:
        port = asking.server.port
        return await asking.get(path, Host=host.format(port=port))

    found, text = asked(tmp_path, ask)
    assert found == (404 if (status, path) == (200, "/nowhere") else status)
    if status == 403:
        assert text.startswith("403: this page is only for http://127.0.0.1:")
        assert "safe-calm" not in text


def test_it_takes_no_orders(tmp_path: Path) -> None:
    async def ask(asking: Asking) -> list[int]:
        methods = ("POST", "PUT", "DELETE", "OPTIONS", "PATCH")
        url = asking.server.make_url("/")
        return [(await asking.session.request(method, url)).status for method in methods]

    assert set(asked(tmp_path, ask)) == {405}


def test_the_page_needs_nothing_from_elsewhere_and_shows_the_run_without_its_script(
    tmp_path: Path,
) -> None:
    going_on(tmp_path)

    async def ask(asking: Asking) -> tuple[str, str]:
        async with asking.session.get(asking.server.make_url("/")) as answer:
            return answer.headers["Content-Security-Policy"], await answer.text()

    policy, text = asked(tmp_path, ask)
    assert policy.startswith("default-src 'none'; script-src 'self'")
    assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]
    page = Page(text)
    assert page.open == []
    assert page.tags["script"] == 1
    assert [value for name, value in page.attributes if name == "src"] == ["live.js"]
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert "http:" not in text
    assert "https:" not in text
    assert "IN PROGRESS" in words(page)


def test_a_page_is_told_only_what_is_new_until_the_run_is_over(tmp_path: Path) -> None:
    going_on(tmp_path)

    async def ask(asking: Asking) -> list[Event]:
        found: list[Event] = []
        async with asking.events() as events:
            async for kind, data in events:
                found.append((kind, data))
                if len(found) == 1:
                    going_on(tmp_path, 3)
                elif len(found) == 2:
                    finish(tmp_path)
        return found

    found = asked(tmp_path, ask)
    kinds = [kind for kind, _ in found]
    assert kinds[-1] == "end"
    assert set(kinds[:-1]) == {"parts"}
    first, second = found[0][1], found[1][1]
    assert first["title"] == "IN PROGRESS: 2 of 24, safe-calm-1, target fake"
    assert set(first["parts"]) == set(first["order"])
    assert second["title"] == "IN PROGRESS: 3 of 24, safe-calm-1, target fake"
    assert {"head", "of-lane-1"} <= set(second["parts"])
    assert "marks" not in second["parts"]  # as it was
    assert found[-1][1] == {"run": "one", "title": "PASS: safe-calm-1, target fake"}


def test_a_run_that_is_over_is_shown_and_the_stream_ends(tmp_path: Path) -> None:
    finish(tmp_path)

    async def ask(asking: Asking) -> tuple[list[str], str]:
        async with asking.events() as events:
            kinds = [kind async for kind, _ in events]
        return kinds, (await asking.get("/run"))[1]

    kinds, run = asked(tmp_path, ask)
    assert kinds == ["parts", "end"]
    assert json.loads(run) == {"run": "one", "over": True}


def test_a_run_whose_process_died_is_over_too(tmp_path: Path) -> None:
    going_on(tmp_path)
    (tmp_path / ".soak.pid").unlink()
    assert is_over(read_run(tmp_path))
    (tmp_path / ".soak.pid").write_text("4194999")  # beyond what Linux gives by default
    assert is_over(read_run(tmp_path))


def test_a_run_that_begins_later_takes_the_place_of_what_is_shown(tmp_path: Path) -> None:
    async def ask(asking: Asking) -> tuple[list[str], str]:
        titles: list[str] = []
        async with asking.events() as events:
            async for kind, data in events:
                titles.append(f"{kind} {data['title']}")
                if len(titles) == 1:
                    going_on(tmp_path)
                elif len(titles) == 2:
                    finish(tmp_path)
        (tmp_path / "latest").rename(tmp_path / "before")
        going_on(tmp_path, 1, "two")
        return titles, (await asking.get("/run"))[1]

    titles, run = asked(tmp_path, ask)
    assert titles[0] == "parts Waiting for a run"
    assert titles[1].startswith("parts IN PROGRESS: ")
    assert titles[-1].startswith("end PASS")
    assert json.loads(run) == {"run": "two", "over": False}


def test_pages_are_bounded_in_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    going_on(tmp_path)
    monkeypatch.setattr(server, "MOST_STREAMS", 2)

    async def ask(asking: Asking) -> tuple[str, str, tuple[int, str]]:
        async with asking.events() as one, asking.events() as other:
            titles = [(await anext(events))[1]["title"] for events in (one, other)]
            return titles[0], titles[1], await asking.get("/events")

    first, second, refused = asked(tmp_path, ask)
    assert first == second
    assert refused == (503, "503: 2 pages are open already; close one\n")


def test_nothing_is_written(tmp_path: Path) -> None:
    going_on(tmp_path)

    def files() -> dict[str, int]:
        return {str(p): p.stat().st_mtime_ns for p in sorted(tmp_path.rglob("*"))}

    async def ask(asking: Asking) -> None:
        await asking.get("/")
        async with asking.events() as events:
            await anext(events)
        await asking.get("/run")

    before = files()
    asked(tmp_path, ask)
    assert files() == before


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_run_says_is_text(tmp_path: Path, text: str) -> None:
    rows = [
        summary_of(n, text, kpis={text: 1.0}, overrides={text: 1.0}, verdict_reasons=[text])
        for n in range(1, 11)
    ]
    done = write_lane(tmp_path, rows, [metric(text, gate=text, reason=text)], reasons=[text])
    write_result(tmp_path, [done], {text: text})
    parts = Sections().of(read_run(tmp_path), {done.lane: text}, over=True).parts
    for part in parts.values():
        page = Page(part)
        assert page.open == []
        assert not {"script", "img", "iframe"} & set(page.tags)
        assert part.replace("\n", "").isprintable()


def test_a_file_that_cannot_be_read_is_said_and_read_once_it_can_be(tmp_path: Path) -> None:
    finish(tmp_path)
    path = tmp_path / "latest/ITER_SUMMARY_2.json"
    good = path.read_bytes()
    path.write_text("{")
    watch = Watch(tmp_path, tmp_path, Tomorrow())
    bad = watch.look()
    assert bad is not None
    assert bad.title == "Waiting for a run that can be read"
    assert "ITER_SUMMARY_2.json" in bad.parts["head"]
    path.unlink()  # as a file is replaced
    path.write_bytes(good)
    better = watch.look()
    assert better is not None
    assert better.title.startswith("PASS")


def test_what_is_unchanged_is_not_read_again(tmp_path: Path) -> None:
    finish(tmp_path)
    watch = Watch(tmp_path, tmp_path, Tomorrow())
    assert watch.look() is not None
    assert watch.look() is None
    (tmp_path / "latest/artifacts/new").write_text("")
    assert watch.look() is not None


def test_a_change_in_the_moment_of_reading_is_not_missed(tmp_path: Path) -> None:
    """A folder's time is coarse: what changed just now is looked at once more."""

    finish(tmp_path)
    watch = Watch(tmp_path, tmp_path, SystemClock())
    assert watch.look() is not None
    assert watch.look() is not None


def test_it_is_too_soon_to_look_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_module, "Pace", Pace)
    clock = FakeClock()
    watch = Watch(Path("nowhere"), Path("nowhere"), clock)
    assert watch.look() is not None
    watch._seen = None
    clock.seconds = LEAST_SECONDS / 2
    assert watch.look() is None
    clock.seconds = LEAST_SECONDS
    assert watch.look() is not None


def test_an_ab_that_is_decided_later_is_seen(tmp_path: Path) -> None:
    root = tmp_path / "soak"
    finish(root)
    watch = Watch(root, tmp_path, Tomorrow())
    first = watch.look()
    assert first is not None
    assert "ab" not in first.parts
    assert watch.look() is None
    write_abs(tmp_path / "ab", ab_report(b=AbArm(name="b", digest="", overrides=A, flags={})))
    later = watch.look()
    assert later is not None
    assert "ab" in later.parts
    assert watch.look() is None


def test_only_what_is_new_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(tmp_path, lanes=2, iterations=3)
    reader = Reader(tmp_path)
    first = reader.read()
    names: list[str] = []
    from pytest_soak.storage import readers

    plain = readers.read_bytes

    def noted(path: Path) -> bytes:
        names.append(path.name)
        return plain(path)

    monkeypatch.setattr(readers, "read_bytes", noted)
    assert reader.read() == first
    assert names == []
    write_json(tmp_path / "safe-calm-2/ITER_SUMMARY_4.json", summary_of(4, "safe-calm-2").data())
    second = reader.read()
    assert names == ["ITER_SUMMARY_4.json"]
    assert second.lanes[0] is first.lanes[0]
    assert [one.number for one in second.lanes[1].iterations] == [1, 2, 3, 4]


def test_what_a_rotation_packs_meanwhile_is_still_shown(tmp_path: Path) -> None:
    run = write_run(tmp_path / "runs/old", lanes=2, iterations=3)
    reader = Reader(run)
    first = reader.read()
    path = run / "safe-calm-1/ITER_SUMMARY_1.json"
    with gzip.open(f"{path}.gz", "wb") as packed:
        packed.write(path.read_bytes())
    path.unlink()
    assert reader.read() == first
    with tarfile.open(f"{run}.tar.gz", "w:gz") as whole:
        whole.add(run, "old")
    shutil.rmtree(run)
    assert reader.read().lanes == first.lanes
    assert Reader(run).read().lanes == first.lanes
    watch = Watch(run, tmp_path, Tomorrow())
    found = watch.look()
    assert found is not None
    assert found.title == "PASS: 2 lanes, target fake"


def test_a_thousand_lanes_are_a_table_and_the_worst_of_them(tmp_path: Path) -> None:
    done = []
    for n in range(1, 1001):
        lane, verdict = f"safe-calm-{n}", "FAIL" if n == 700 else "PASS"
        row = summary_of(1, lane, verdict=verdict, graded=True)
        done.append(write_lane(tmp_path / lane, [row], [], verdict=verdict, seed=n))
    write_result(tmp_path, done)
    snapshot = Sections().of(read_run(tmp_path), {}, over=True)
    assert snapshot.parts["lanes"].count("<tr>") == 1001
    shown = [part for part in snapshot.parts if part.startswith("of-lane-")]
    assert len(shown) == 24
    assert any("<bdi>safe-calm-700</bdi>" in snapshot.parts[part] for part in shown)
    assert list(snapshot.parts)[:2] == ["head", "lanes"]
    assert sum(map(len, snapshot.parts.values())) < 2_000_000


def test_of_many_lanes_that_go_on_those_are_shown_that_fail(tmp_path: Path) -> None:
    for n in range(1, 41):
        verdict = "FAIL" if n == 33 else "WARN" if n == 37 else "PASS"
        row = summary_of(1, f"lane-{n}", verdict=verdict, graded=True)
        write_json(tmp_path / f"lane-{n}/ITER_SUMMARY_1.json", row.data())
    shown = "".join(Sections().of(read_run(tmp_path), {}, over=False).parts.values())
    for name in ("lane-33", "lane-37"):
        assert f"<h2><bdi>{name}</bdi>" in shown


def test_only_lanes_with_news_are_made_anew(tmp_path: Path) -> None:
    write_run(tmp_path, lanes=2, iterations=3)
    reader, sections = Reader(tmp_path), Sections()
    sections.of(reader.read(), {}, over=False)
    before = dict(sections._made)
    write_json(tmp_path / "safe-calm-2/ITER_SUMMARY_4.json", summary_of(4, "safe-calm-2").data())
    after = sections.of(reader.read(), {}, over=False)
    assert sections._made["lane-1"] is before["lane-1"]
    assert sections._made["lane-2"] is not before["lane-2"]
    assert "4" in after.parts["of-lane-2"]


def test_a_folder_that_is_not_there_has_no_signature(tmp_path: Path) -> None:
    assert signature(tmp_path / "nowhere") == ()
    write_run(tmp_path, lanes=2, iterations=1)
    before = signature(tmp_path)
    (tmp_path / "safe-calm-2/new").write_text("")
    assert signature(tmp_path) != before
