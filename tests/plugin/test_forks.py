"""Bots that fork: a child never goes on with the session, nor writes its files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from harness import Workbench

from pytest_soak.errors import ArtifactError
from pytest_soak.storage import files

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

BOT = """
    import asyncio, multiprocessing, os, sys
    from pathlib import Path
    from pytest_soak.testing import InstantTarget

    def wait_for(child):
        with Path("children").open("a") as file:
            file.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])} ")

    def work():
        Path("worked").touch()

    class Forks(InstantTarget):
        def run(self, overrides, window):
            if window.iteration == 1:
                child = multiprocessing.get_context("fork").Process(target=work)
                child.start()
                child.join()
                assert child.exitcode == 0
            else:
                child = os.fork()
                if child:
                    wait_for(child)
                elif window.iteration == 3:
                    sys.exit(5)
                elif window.iteration == 4:
                    raise RuntimeError("of the child")
            return super().run(overrides, window)

        def stop(self):
            with Path("stopped").open("a") as file:
                file.write("x")

    class Awaits(Forks):
        async def run(self, overrides, window):
            await asyncio.sleep(0)
            return super().run(overrides, window)
"""
OWN = """
    import os
    from bot import wait_for

    def test_own(soak_iteration):
        soak_iteration.run()
        child = os.fork()
        if child:
            wait_for(child)
"""


def children(bench: Workbench) -> str:
    path = Path(bench.directory, "children")
    found = path.read_text(encoding="utf-8").strip()
    path.unlink()
    return found


def test_the_child_ends_and_the_session_is_whole_and_can_be_resumed(bench: Workbench) -> None:
    bench.write("bot.py", BOT)
    soak = ("--soak-target=bot:Forks", "--soak-gate=smoke")
    for iterations, status in ((2, "70"), (4, "5 70")):
        done = bench.soak(iterations, *soak, *(("--soak-resume",) if iterations == 4 else ()))
        assert done.returncode == 0, done.everything
        assert done.last_line == f"PASS for default on calm ({iterations} iterations, bot:Forks)"
        assert len(done.summaries()) == 2
        assert done.stdout.count("test session starts") == 1
        assert children(bench) == status
    assert Path(bench.directory, "worked").exists()
    assert Path(bench.directory, "stopped").read_text(encoding="utf-8") == "xx"
    assert bench.command("verdict").returncode == 0


def test_a_fork_in_a_coroutine_or_in_a_test_ends_too(bench: Workbench) -> None:
    bench.write("bot.py", BOT)
    bench.write("test_own.py", OWN)
    done = bench.soak(2, "--soak-target=bot:Awaits", "--soak-gate=smoke", "-n", "1")
    assert done.returncode == 0, done.everything
    assert done.last_line == "PASS for default on calm (2 iterations, bot:Awaits)"
    assert children(bench) == "70 70 70"


def test_a_child_cannot_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_owner", os.getpid() + 1)
    with pytest.raises(ArtifactError, match="not written by a child process"):
        files.write_text(tmp_path / "a", "b")
