"""What is told while a bot is awaited, and of an exchange that cannot go on."""

from __future__ import annotations

import asyncio
import json
from io import TextIOWrapper
from pathlib import Path

import pytest
from exchange_records import S, asked, private_socket
from loopback import settings

from pytest_soak.errors import ArtifactError
from pytest_soak.exchange import believing
from pytest_soak.exchange.believing import Beliefs
from pytest_soak.exchange.invariants.seen import seen
from pytest_soak.exchange.jail.outside import Outside
from pytest_soak.exchange.record import Socket, Strange
from pytest_soak.exchange.recorder import Recorder
from pytest_soak.exchange.serving import Service, serve
from pytest_soak.exchange.so_far import asked_so_far
from pytest_soak.targets.awaiting import Awaiting, hint


class Clock:
    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def test_a_wait_is_told_after_some_seconds_and_then_now_and_then() -> None:
    clock, told = Clock(), list[str]()
    awaiting = Awaiting("it", 120.0, clock, told.append, lambda: "nothing yet")  # type: ignore[arg-type]
    for second in range(41):
        clock.seconds = float(second)
        awaiting.look()
    assert told == [f"waiting for it, {n} s of 120 s; nothing yet" for n in (5, 20, 35)]


def test_what_was_asked_so_far_is_counted() -> None:
    events = [asked(1, "GET /v5/market/time")] * 3
    events += [asked(2, "POST /v5/order/create", code=10004)]
    record = seen(
        [
            *events,
            Socket(S, 7, "/v5/private", "", "opened"),
            private_socket(2),
            Strange(S, 1, "signature", "a bad one"),
        ]
    )
    assert asked_so_far(record, Outside(0, 0)) == (
        "it has asked the exchange: GET /v5/market/time (3), POST /v5/order/create -> 10004, "
        "signed with another secret than SOAK_EXCHANGE_SECRET (1), socket /v5/private (1), "
        "signature a bad one (1)"
    )


def test_what_it_tried_to_reach_is_told() -> None:
    nothing = "it has asked nothing"
    tried = Outside(None, 9, tried=[f"host{n}" for n in range(6)])
    assert asked_so_far(seen([]), tried) == (
        f"{nothing}; it tried to reach host0, host1, host2, host3 and 2 more"
    )
    refused = f"{nothing}; 9 attempts to reach what is outside"
    assert asked_so_far(seen([]), Outside(0, 9)) == refused
    assert asked_so_far(seen([]), Outside(0, 0)) == nothing


def test_of_a_certificate_that_is_not_trusted_it_is_told_what_to_do() -> None:
    assert "name that Python in the command" in hint(["x", "[SSL: CERTIFICATE_VERIFY_FAILED] y"])
    assert hint(["timeout"]) == ""


def run(service: Service) -> None:
    async def main() -> None:
        guard = asyncio.timeout(30)
        try:
            async with guard:
                await serve(service, lambda _: None, asyncio.Event(), Recorder())
        finally:
            assert not guard.expired()

    asyncio.run(main())


def test_a_record_that_cannot_be_written_any_more_ends_the_exchange(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(TextIOWrapper):
        tried = False

        def flush(self) -> None:
            if not self.tried:
                self.tried = True
                raise OSError(28, "No space left on device")
            super().flush()

    monkeypatch.setattr("pytest_soak.exchange.record_file.TextIOWrapper", Full)
    service = Service(exchange=settings(), record=str(tmp_path / "record.jsonl"))
    with pytest.raises(ArtifactError, match="cannot be written: No space left"):
        run(service)


def test_a_source_of_beliefs_that_fails_is_asked_again_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        tells = ("positions",)
        trouble = ""

        def read(self, time_us: int) -> list[object]:
            raise RecursionError("too deep")

    monkeypatch.setattr(believing, "open_source", lambda *_: Broken())
    monkeypatch.setattr(believing, "ASK_SECONDS", 0.01)
    believed = tmp_path / "believed.jsonl"
    beliefs = Beliefs(sources=("file:x",), base="", log="", file=str(believed))
    run(Service(exchange=settings(), beliefs=beliefs, seconds=0.3))
    (line,) = believed.read_text().splitlines()
    assert json.loads(line)["trouble"] == "RecursionError: too deep"
