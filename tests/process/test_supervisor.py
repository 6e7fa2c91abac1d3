"""The supervisor: what it tells of a bot, and that nothing of the bot is left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from harness import wait_for
from programs import DAEMONS, SLEEPS, order, supervised, until

from pytest_soak.errors import TargetError
from pytest_soak.process.supervised import MARK, end_marked, ended_by, last_words, marked

HANG_SECONDS = 120
linux = pytest.mark.skipif(sys.platform != "linux", reason="what changes its session escapes")


def test_a_bot_becomes_ready_and_ends_when_it_is_told(tmp_path: Path) -> None:
    with supervised(order(tmp_path, SLEEPS)) as bot:
        until(bot, "ready")
        assert bot.status()[-1].last == ["up"]
        ended = bot.stop()
    assert not ended.killed
    assert (tmp_path / "bot.log").read_text() == "up\n"


@pytest.mark.parametrize(
    ("program", "how"),
    [
        ("print('sorry'); raise SystemExit(3)", "exited by itself with status 3"),
        ("import os; print('sorry', flush=True); os.kill(os.getpid(), 11)", "was ended by SIGSEGV"),
        ("print('sorry')", "exited by itself with status 0"),
    ],
)
def test_a_bot_that_exits_is_told_with_its_last_lines(
    tmp_path: Path, program: str, how: str
) -> None:
    with supervised(order(tmp_path, program)) as bot:
        news = until(bot, "exited")
        assert ended_by(news.status) == how
        assert news.last == ["sorry"]


def test_it_is_started_anew_so_many_times(tmp_path: Path) -> None:
    with supervised(order(tmp_path, "raise SystemExit(1)", max_restarts=2)) as bot:
        told = []
        while "exited" not in told:
            told += [news.event for news in bot.hear(1.0)]
    assert told == ["restarted", "restarted", "exited"]


@pytest.mark.parametrize("command", [["no-such-bot"], [""], ["bot\0"], ["."]])
def test_a_command_that_cannot_be_started(tmp_path: Path, command: list[str]) -> None:
    with supervised(order(tmp_path, command)) as bot:
        assert until(bot, "failed").why.startswith("cannot be started: ")


def test_a_bot_that_is_never_ready_says_what_was_waited_for(tmp_path: Path) -> None:
    given = order(tmp_path, SLEEPS, ready=("file", str(tmp_path / "pid")), ready_seconds=1)
    with supervised(given) as bot:
        news = until(bot, "late")
        assert news.awaited == f"the file {tmp_path / 'pid'}"


def test_ready_by_a_file_that_an_earlier_bot_has_left(tmp_path: Path) -> None:
    (tmp_path / "pid").write_text("1")
    program = f"import time; time.sleep(0.2); open({str(tmp_path / 'pid')!r}, 'w'); {SLEEPS}"
    with supervised(order(tmp_path, program, ready=("file", str(tmp_path / "pid")))) as bot:
        assert [news.event for news in bot.hear(0.1)] == []
        until(bot, "ready")


def test_ready_by_the_first_whole_line_of_a_feed(tmp_path: Path) -> None:
    (tmp_path / "marks_20260101.jsonl").write_text("{}\n")
    (tmp_path / "resources_20260101.jsonl").write_text("{}\n")
    program = (
        "import pathlib, time; f = open('marks_20260101.jsonl', 'a'); f.write('{'); f.flush()\n"
        "pathlib.Path('begun').touch()\n"
        "while not pathlib.Path('go').exists(): time.sleep(0.02)\n"
        f"f.write('}}' + chr(10)); f.flush(); {SLEEPS}"
    )
    with supervised(order(tmp_path, program, ready=("feed", str(tmp_path)))) as bot:
        (tmp_path / "resources_20260101.jsonl").write_text("{}\n{}\n")
        wait_for(tmp_path / "begun")
        assert {news.event for _ in range(3) for news in bot.status()} == {"status"}
        (tmp_path / "go").touch()
        until(bot, "ready")


def test_ready_by_a_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with supervised(order(tmp_path, SLEEPS, ready=("tcp", str(port)))) as bot:
            assert f"port {port} is open before" in until(bot, "failed").why
    program = f"import socket; s = socket.create_server(('127.0.0.1', {port})); {SLEEPS}"
    with supervised(order(tmp_path, program, ready=("tcp", str(port)))) as bot:
        until(bot, "ready")


def test_a_bot_that_does_not_heed_sigterm_is_killed(tmp_path: Path) -> None:
    program = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPS}"
    with supervised(order(tmp_path, program, stop_seconds=0.2)) as bot:
        until(bot, "ready")
        assert bot.stop().killed


def test_hup_reaches_the_bot(tmp_path: Path) -> None:
    program = f"import os, signal; signal.signal(1, lambda *a: os.write(1, b'again\\n'))\n{SLEEPS}"
    looping = program.replace("time.sleep(3600)", "\nwhile True: time.sleep(0.05)")
    with supervised(order(tmp_path, looping)) as bot:
        until(bot, "ready")
        bot.hang_up()
        looks = 0
        while bot.status()[-1].last != ["up", "again"] and looks < 3000:
            time.sleep(0.02)
            looks += 1
        assert bot.status()[-1].last == ["up", "again"]


def test_a_link_in_place_of_its_log_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("precious")
    (tmp_path / "bot.log").symlink_to(tmp_path / "elsewhere")
    with supervised(order(tmp_path, SLEEPS)) as bot:
        why = until(bot, "failed").why
        assert why.startswith("cannot be started: ")
        assert "bot.log" in why
        assert bot.status()[-1].event == "status"
        assert bot.stop().left == []
    assert (tmp_path / "elsewhere").read_text() == "precious"


def test_variables_may_be_any_bytes(tmp_path: Path) -> None:
    program = "import os; print(list(os.environb[b'ODD']))"
    given = order(tmp_path, program)
    given.env["ODD"] = os.fsdecode(b"\xff\xc3\xa9")
    with supervised(given) as bot:
        assert until(bot, "exited").last == ["[255, 195, 169]"]


def test_news_that_come_with_an_answer_are_heard_too(tmp_path: Path) -> None:
    program = "import os, time; os.write(1, b'up\\n'); time.sleep(0.3); raise SystemExit(3)"
    with supervised(order(tmp_path, program)) as bot:
        until(bot, "ready")
        told = [news.event for news in bot.status()]
        while "exited" not in told:
            told += [news.event for news in bot.status()]
        assert told.count("exited") == 1


def test_a_bot_that_closes_its_output_goes_on(tmp_path: Path) -> None:
    program = "import os, time; os.write(1, b'up\\n'); os.close(1); os.close(2); time.sleep(3600)"
    with supervised(order(tmp_path, program)) as bot:
        until(bot, "ready")
        assert bot.status()[-1].event == "status"
        assert bot.stop().status == 0


def test_a_flood_does_not_block_the_bot(tmp_path: Path) -> None:
    program = (
        "import sys; w = sys.stdout.buffer.write\nw(b'x' * 10_000_000 + b'\\n')\n"
        "for n in range(800): w(b'y' * 100_000)\nprint('\\nthe end', flush=True)"
    )
    with supervised(order(tmp_path, program, error_pattern="end")) as bot:
        assert until(bot, "exited").last[-1] == "the end"
        assert psutil.Process(bot.pid).memory_info().rss < 60e6
        assert bot.stop().log_errors == 1
    log = tmp_path / "bot.log"
    assert log.stat().st_size < 64e6
    with log.open("rb") as file:
        assert file.read(2) == b"xx"
        file.seek(-8, 2)
        assert file.read() == b"the end\n"


@linux
def test_daemons_end_with_the_bot(tmp_path: Path) -> None:
    given = order(tmp_path, DAEMONS, stop_seconds=0.2)
    with supervised(given) as bot:
        until(bot, "ready")
        assert len(list(marked(given.env[MARK]))) == 3
        assert bot.stop().killed


@linux
def test_daemons_end_when_the_bot_is_killed(tmp_path: Path) -> None:
    given = order(tmp_path, DAEMONS, stop_seconds=0.2)
    with supervised(given) as bot:
        until(bot, "ready")
        psutil.Process(int(bot.status()[-1].last[0].split()[1])).kill()
        assert until(bot, "exited").status == -signal.SIGKILL
        assert list(marked(given.env[MARK])) == []


@linux
def test_daemons_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    given = order(tmp_path, DAEMONS)
    with supervised(given) as bot:
        until(bot, "ready")
        psutil.Process(bot.pid).kill()
        with pytest.raises(TargetError, match="ended from outside"):
            until(bot, "exited")
        assert list(marked(given.env[MARK])) == []


@linux
def test_daemons_end_when_the_parent_is_killed_whatever_holds_its_pipe(tmp_path: Path) -> None:
    """A child of the session that was forked, and lives on, has the pipe's other end too."""
    given = order(tmp_path, DAEMONS, stop_seconds=0.2)
    program = (
        "import os, sys, time; from programs import order, until; from pathlib import Path\n"
        "from pytest_soak.process.messages import Order\n"
        "from pytest_soak.process.supervised import Supervised\n"
        f"from pytest_soak.process.messages import Awaited\ngiven = {given!r}\n"
        "given = given._replace(parent=os.getpid())\n"
        "bot = Supervised(given); until(bot, 'ready')\n"
        "if os.fork() == 0: time.sleep(3600)\n"
        f"Path({str(tmp_path / 'ready')!r}).touch(); time.sleep(3600)"
    )
    path = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}\n{program}"]
    parent = subprocess.Popen(command, start_new_session=True)
    try:
        wait_for(tmp_path / "ready")
        both = psutil.Process(parent.pid).children()
        (child,) = [process for process in both if process.cmdline() == command]
        (supervisor,) = [process for process in both if process != child]
        parent.kill()
        parent.wait()
        psutil.wait_procs([supervisor], timeout=HANG_SECONDS)
        assert child.is_running()
        assert list(marked(given.env[MARK])) == []
    finally:
        parent.kill()
        for process in psutil.process_iter(["cmdline"]):
            if process.info["cmdline"] == command:
                process.kill()
        end_marked(given.env[MARK])


def test_ends_and_last_lines_in_words() -> None:
    assert ended_by(-64) == "was ended by signal 64" or "SIGRTMAX" in ended_by(-64)
    assert last_words([]) == "it printed nothing"
    assert last_words([" a "]) == "its last line: a"
    stack = ["Traceback (most recent call last):", '  File "bot.py", line 3', "    go()", "Oops: 1"]
    assert last_words(stack[1:]) == "its last line: Oops: 1"
    assert last_words(["a", "b"]) == "its last 2 lines: a | b"
    again = [f"at {n}: no key" for n in range(4)]
    told = "its last 5 lines: at 3: no key (4 times, but for its numbers) | bye"
    assert last_words([*again, "bye"]) == told
    assert last_words(again[:3]) == f"its last 3 lines: {' | '.join(again[:3])}"
