"""What is made of a bot's output, however it comes in pieces."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.process import output
from pytest_soak.process.log import BoundedLog
from pytest_soak.process.output import LONGEST, Output


class Nowhere(BoundedLog):
    """Keeps nothing."""

    def __init__(self) -> None:
        pass

    def write(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        pass


lines = st.lists(st.sampled_from(["fine", "ERROR: no", "an error", "", "caf\u00e9", "x" * 300]))


@given(lines, st.lists(st.integers(1, 50)))
def test_pieces_do_not_matter(told: list[str], sizes: list[int]) -> None:
    data = "".join(f"{line}\n" for line in told).encode()
    whole, apart = (
        Output(Nowhere(), re.compile("ERROR"), re.compile("caf\u00e9")) for _ in range(2)
    )
    whole.take(data)
    for size in sizes:
        apart.take(data[:size])
        data = data[size:]
    apart.take(data)
    assert apart.log_errors == whole.log_errors == told.count("ERROR: no")
    assert apart.seen == whole.seen == ("caf\u00e9" in told)
    said = [line[:200] for line in told if line]
    assert apart.last_lines() == whole.last_lines() == said[-20:]


def test_a_line_without_its_end_counts_when_there_is_no_more() -> None:
    found = Output(Nowhere(), re.compile("ERROR"), None)
    found.take(b"ERROR")
    assert found.log_errors == 0
    found.close()
    assert found.log_errors == 1


def test_a_line_of_any_length_is_looked_at_up_to_a_limit() -> None:
    found = Output(Nowhere(), re.compile("ERROR"), None)
    for _ in range(100):
        found.take(b"x" * LONGEST)
    found.take(b"ERROR\nERROR\n")
    assert found.log_errors == 1
    assert len(found.last_lines()[0]) == 200


def test_bytes_that_are_no_text_are_counted_too() -> None:
    found = Output(Nowhere(), re.compile("ERROR"), None)
    found.take(b"\xff\xfe\x00ERROR\n\x1b[31m")
    assert found.log_errors == 1
    assert len(found.last_lines()) == 2


def test_a_disk_that_is_full_costs_the_log_and_nothing_else(tmp_path: Path) -> None:
    class Full(Nowhere):
        def write(self, data: bytes) -> None:
            raise OSError(28, "No space left on device")

    found = Output(Full(), re.compile("ERROR"), None)
    found.take(b"ERROR\n")
    found.take(b"ERROR\n")
    assert found.log_errors == 2
    assert "No space left" in found.trouble


def test_a_pattern_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "SLOWEST", 0.05)
    found = Output(Nowhere(), re.compile("(a+)+b"), None)
    found.take(b"a" * 60 + b"\n")
    assert "CPU time" in found.too_slow
    found.take(b"ab\n")
    assert found.log_errors == 0
