from __future__ import annotations

import io
from typing import Any

import pytest

from pytest_soak.session.screen import Screen, past_capture

CLEAR = "\r\x1b[J"


def test_the_live_lines_stay_the_last_ones() -> None:
    stream = io.StringIO()
    screen = Screen(stream)
    screen.write("one\n")
    screen.live(["1 of 2"])
    screen.live(["1 of 2"])
    screen.live(["2 of 2", "below"])
    screen.write("two\n")
    screen.write("three\n")
    up = "\r\x1b[1A\x1b[J"
    assert stream.getvalue() == f"one\n1 of 2{CLEAR}2 of 2\nbelow{up}two\nthree\n"


def test_lines_that_a_narrower_window_has_wrapped_are_taken_away_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = io.StringIO()
    screen = Screen(stream)
    monkeypatch.setenv("COLUMNS", "80")
    screen.live(["x" * 60, "\x1b[32m" + "y" * 40 + "\x1b[0m"])
    monkeypatch.setenv("COLUMNS", "40")
    screen.write("after\n")
    assert stream.getvalue().endswith("\r\x1b[2A\x1b[Jafter\n")


def test_the_size_is_that_of_the_variables_else_of_the_terminal_else_the_usual(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("LINES", raising=False)
    assert Screen(io.StringIO()).size == (80, 24)
    monkeypatch.setenv("COLUMNS", "132")
    assert Screen(io.StringIO()).size == (132, 24)
    monkeypatch.setenv("COLUMNS", "wide")
    assert Screen(io.StringIO()).size == (80, 24)


def test_a_reader_who_leaves_is_no_error(monkeypatch: Any) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    registered: list[Any] = []
    monkeypatch.setattr("atexit.register", registered.append)
    screen = Screen(Gone())
    assert screen.write("one\n") == 4
    screen.live(["two"])
    screen.flush()
    assert len(registered) == 1


def test_only_a_captured_descriptor_has_a_way_past() -> None:
    stream = io.StringIO()
    assert past_capture(stream, "fd") is stream
    assert past_capture(stream, "sys") is stream
