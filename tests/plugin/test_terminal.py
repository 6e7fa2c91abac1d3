"""What a person sees at a terminal, and what a file or a CI job gets instead."""

from __future__ import annotations

import json
import os
import re
import struct
import sys
from collections.abc import Mapping, Sequence
from itertools import takewhile

import pyte
import pytest
from harness import INSTANT, MARKER, Workbench

pty = pytest.importorskip("pty", reason="no terminals of this kind here")
fcntl = pytest.importorskip("fcntl")
termios = pytest.importorskip("termios")

WAITING = """
    import time
    from pathlib import Path
    from pytest_soak.testing import InstantTarget

    HERE = Path(__file__).parent

    class Waiting(InstantTarget):
        def run(self, overrides, window):
            deadline = time.monotonic() + 120
            while not (HERE / f"heard-{window.iteration}").exists():
                assert time.monotonic() < deadline, "nobody went on"
                time.sleep(0.01)
            return super().run(overrides, window)
    """
GATE = """
    name: desk
    grace: 1
    thresholds:
      - {metric: net_bps, fail_unless: ">= 2.0", warn_unless: ">= 99"}
      - {metric: num_fills, warn_unless: ">= 1"}
    """
HEIGHT = 300


class Terminal:
    """A session at a terminal of so many columns."""

    def __init__(
        self,
        bench: Workbench,
        *arguments: str,
        columns: int = 80,
        env: Mapping[str, str] = {},
    ) -> None:
        self._screen = pyte.Screen(columns, HEIGHT)
        self._stream = pyte.ByteStream(self._screen)
        self._process, self._end = pty.fork()
        if self._process:
            self.resize(columns)
        if not self._process:
            os.chdir(bench.directory)
            environment = bench.environment({"COLUMNS": str(columns), "TERM": "xterm", **env})
            os.execve(sys.executable, [sys.executable, "-m", "pytest", *arguments], environment)

    def resize(self, columns: int) -> None:
        """Make its window so wide."""
        self._screen.resize(columns=columns)
        fcntl.ioctl(self._end, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, columns, 0, 0))

    def until(self, wanted: str) -> list[str]:
        """The lines that it shows once one of them has `wanted`."""
        while not any(wanted in line for line in self._shown()):
            assert self._read(), self._shown()
        return self._shown()

    def lines(self) -> list[str]:
        """The lines that are left at the end."""
        while self._read():
            pass
        os.waitpid(self._process, 0)
        return self._shown()

    def _read(self) -> bool:
        try:
            more = os.read(self._end, 4096)
        except OSError:
            more = b""
        self._stream.feed(more)
        return bool(more)

    def _shown(self) -> list[str]:
        return [line.rstrip() for line in self._screen.display]


def rows(lines: Sequence[str]) -> list[str]:
    """The rows of iterations, with their headings."""
    found = lines[lines.index(next(x for x in lines if x.startswith("  it  "))) :]
    return list(takewhile(lambda line: line and not line.startswith("="), found))


def test_a_lane_has_a_row_an_iteration_under_its_limits(bench: Workbench) -> None:
    bench.write("gates/desk.yaml", GATE)
    given = ("--soak-iterations=3", INSTANT, "--soak-gate=desk")
    lines = Terminal(bench, *given).lines()
    assert [row.rstrip() for row in rows(lines)] == [
        "  it  net_bps   fills    risk   mk/tk  verdict   note",
        "          >=2   (>=1)                            the first is grace",
        "   1     3.10    1000    0.30    0.95  grace     cold start",
        "   2     3.10    1000    0.30    0.95  WARN      net_bps not >=99, 1 suggestion",
        "   3     3.10    1000    0.30    0.95  WARN      net_bps not >=99, frozen until~",
    ]
    assert not any(MARKER.match(line) for line in lines)
    assert "WARN  net_bps     3.10  >= 99    -95.9" in lines


@pytest.mark.parametrize("columns", [24, 40, 120])
def test_rows_take_one_line_each_whatever_the_width(columns: int, bench: Workbench) -> None:
    lines = Terminal(bench, "--soak-iterations=2", INSTANT, columns=columns).lines()
    shown = rows(lines)
    first = next(n for n, line in enumerate(shown) if line.startswith("   1 "))
    assert shown[first + 1].startswith("   2 ")


def test_a_long_window_has_a_heartbeat_with_bar_counts_and_eta(bench: Workbench) -> None:
    bench.write("bot.py", WAITING)
    terminal = Terminal(bench, "--soak-iterations=2", "--soak-target=bot:Waiting")
    terminal.until("[--------------------] 0/2  it 1 for ")
    (bench.directory / "heard-1").touch()
    seen = terminal.until("[##########----------] 1/2  P0 W0 F0 grace 1  it 2 for ")
    assert any("  ETA " in line for line in seen)
    (bench.directory / "heard-2").touch()
    assert not any(line.startswith("[") for line in terminal.lines())


def test_several_lanes_have_a_row_each_that_stays_in_place(bench: Workbench) -> None:
    bench.write("bot.py", WAITING)
    lanes = ("--soak-iterations=1", "--soak-seed=1,2", "--soak-target=bot:Waiting")
    terminal = Terminal(bench, *lanes)
    seen = terminal.until("it 1 for ")
    assert [line.split()[-1] for line in seen if line.startswith("default-calm-")] == [
        "runs",
        "waiting",
    ]
    (bench.directory / "heard-1").touch()
    lines = terminal.lines()
    table = lines.index("2 lanes, bot:Waiting")
    assert lines[table + 1].split()[:2] == ["lane", "it"]
    assert [line.split()[0] for line in lines[table + 2 : table + 4]] == [
        "default-calm-1",
        "default-calm-2",
    ]
    assert sum(line.startswith("default-calm-1 ") for line in lines) == 1


def test_suggestions_are_rows_of_their_own_only_when_asked_for(bench: Workbench) -> None:
    given = ("--soak-iterations=1", INSTANT, "--soak-gate=smoke")
    quiet, told = Terminal(bench, *given).lines(), Terminal(bench, *given, "-v").lines()
    assert not any("suggests: " in line for line in quiet)
    assert any(line.startswith("      suggests: ") for line in told)
    assert not any("iter0001" in line for line in told)


@pytest.mark.parametrize(
    ("arguments", "env"), [(("--soak-markers",), {}), ((), {"CI": "true"}), (("-q",), {"CI": "1"})]
)
def test_markers_at_a_terminal_where_they_are_asked_for(
    arguments: tuple[str, ...], env: dict[str, str], bench: Workbench
) -> None:
    lines = Terminal(bench, "--soak-iterations=2", INSTANT, *arguments, env=env).lines()
    assert sum(line.startswith("| iter_watch | SUMMARY |") for line in lines) == 2
    assert not any(line.startswith("  it  ") for line in lines)


def test_quietly_the_verdict_is_all(bench: Workbench) -> None:
    given = ("--soak-iterations=2", INSTANT, "-q")
    at_a_terminal = Terminal(bench, *given).lines()
    in_a_file = bench.soak(2, INSTANT, "-q").lines
    for lines in (at_a_terminal, in_a_file):
        told = [line for line in lines if line]
        assert re.fullmatch(r"2 passed in [0-9.]+s", told[0])
        assert len([line for line in told if line.startswith("WARN for default on calm")]) == 1
        assert not any(line.startswith(("|", "soak:", "  it", "report")) for line in told)


def test_rows_in_a_file_where_no_markers_are_wanted(bench: Workbench) -> None:
    done = bench.soak(2, INSTANT, "--no-soak-markers")
    assert not done.markers("|")
    assert sum(bool(re.match(r" {3}[12] ", line)) for line in done.lines) == 2
    assert "\x1b" not in done.stdout


def test_a_hard_failure_is_told_by_its_row_its_item_and_the_last_line(bench: Workbench) -> None:
    bench.write("gates/desk.yaml", GATE.replace(">= 2.0", ">= 50"))
    hard = ("--soak-iterations=4", INSTANT, "--soak-gate=desk", "--soak-gate-mode=hard")
    lines = Terminal(bench, *hard, columns=200).lines()
    text = "\n".join(filter(None, lines))
    assert text.count("net_bps = 3.1, fail unless >= 50") == 2, text
    assert "FAILURES" not in text
    assert sum("net_bps not >=50" in line for line in lines) == 1
    assert "1 failed, 1 passed, 2 skipped" in text


def test_the_failure_of_a_bot_is_shown_whole(bench: Workbench) -> None:
    bench.write(
        "bot.py",
        """
        from pytest_soak.testing import InstantTarget

        class Broken(InstantTarget):
            def run(self, overrides, window):
                raise LookupError("no book")
        """,
    )
    lines = Terminal(bench, "--soak-iterations=2", "--soak-target=bot:Broken").lines()
    assert "   1  FAILED  the target's run raised LookupError: no book" in lines
    assert any("FAILURES" in line for line in lines)


def test_what_an_encoding_lacks_is_escaped_and_nothing_after_it_is_lost(shell: Workbench) -> None:
    place = shell.beside("b\u00fcro")
    done = place.soak(2, INSTANT, PYTHONIOENCODING="ascii")
    assert "b\\xfcro" in done.stdout
    assert len(done.summaries()) == 2
    assert done.last_line.startswith("WARN for default on calm (2 iterations")


def test_a_terminal_that_cannot_move_its_cursor_has_no_live_lines(bench: Workbench) -> None:
    bench.write("bot.py", WAITING)
    given = ("--soak-iterations=1", "--soak-target=bot:Waiting")
    (bench.directory / "heard-1").touch()
    lines = Terminal(bench, *given, env={"TERM": "dumb"}).lines()
    assert rows(lines)[2].startswith("   1 ")
    assert not any("it 1 for" in line for line in lines)


def test_a_window_that_is_made_narrower_keeps_its_rows(bench: Workbench) -> None:
    bench.write("bot.py", WAITING)
    given = ("--soak-iterations=2", "--soak-target=bot:Waiting")
    terminal = Terminal(bench, *given, columns=100, env={"COLUMNS": ""})
    terminal.until("0/2  it 1 for ")
    terminal.resize(50)
    for iteration in (1, 2):
        (bench.directory / f"heard-{iteration}").touch()
    lines = terminal.lines()
    assert [line.split()[0] for line in lines if re.match(r" {3}[12] ", line)] == ["1", "2"]
    assert not any("it 1 for" in line for line in lines)


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_the_end_fits_the_width_too(columns: int, bench: Workbench) -> None:
    bench.write("gates/desk.yaml", GATE)
    given = ("--soak-iterations=3", INSTANT, "--soak-gate=desk")
    lines = Terminal(bench, *given, columns=columns).lines()
    head = next(n for n, line in enumerate(lines) if line.split()[:2] == ["value", "limit"])
    assert [line.split()[0] for line in lines[head + 1 : head + 3]] == ["WARN", "num_fills"]


def test_what_fails_a_lane_beside_its_gate_is_not_counted_as_a_gate(bench: Workbench) -> None:
    bench.write(
        "bot.py",
        """
        from pytest_soak.testing import InstantTarget

        class Clinging(InstantTarget):
            def stop(self):
                raise RuntimeError("still connected")
        """,
    )
    done = bench.soak(2, "--soak-target=bot:Clinging", "--soak-gate=smoke")
    assert done.returncode == 1
    assert "2 passed, 1 lane failed in " in done.stdout


def test_a_bot_of_a_fixture_is_named_while_it_runs(bench: Workbench) -> None:
    bench.write("bot.py", WAITING)
    bench.write(
        "conftest.py",
        "import pytest, bot\n\n@pytest.fixture\ndef soak_target():\n    return bot.Waiting\n",
    )
    terminal = Terminal(bench, "--soak-iterations=1")
    terminal.until("0/1  it 1 for ")
    result = bench.directory / "artifacts/soak/latest/RESULT.json"
    assert json.loads(result.read_text("utf-8"))["source"] == "bot:Waiting"
    assert "under way, 0 of 1 iteration done" in bench.command("show").stdout.splitlines()[0]
    (bench.directory / "heard-1").touch()
    terminal.lines()
    assert "finished" in bench.command("show").stdout.splitlines()[0]
