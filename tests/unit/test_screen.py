from __future__ import annotations

import io
from typing import Any

from pytest_soak.session.screen import Screen, past_capture

CLEAR = "\r\x1b[K"


def test_the_live_line_stays_the_last_one() -> None:
    stream = io.StringIO()
    screen = Screen(stream)
    screen.write("one\n")
    screen.live("1 of 2")
    screen.live("1 of 2")
    screen.live("2 of 2")
    screen.write("two\n")
    screen.write("three\n")
    assert stream.getvalue() == f"one\n1 of 2{CLEAR}2 of 2{CLEAR}two\nthree\n"


def test_a_reader_who_leaves_is_no_error(monkeypatch: Any) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    registered: list[Any] = []
    monkeypatch.setattr("atexit.register", registered.append)
    screen = Screen(Gone())
    assert screen.write("one\n") == 4
    screen.live("two")
    screen.flush()
    assert len(registered) == 1


def test_only_a_captured_descriptor_has_a_way_past() -> None:
    stream = io.StringIO()
    assert past_capture(stream, "fd") is stream
    assert past_capture(stream, "sys") is stream
