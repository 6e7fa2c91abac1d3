"""A network and mount namespace of this machine, as pytest sees it."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest_soak
from pytest_soak.errors import TargetError
from pytest_soak.exchange.jail.names import BYBIT, LOOKS_UP, naming
from pytest_soak.exchange.jail.outside import Outside
from pytest_soak.exchange.jail.traffic import LO

ANSWER_SECONDS = 60.0
_HOME = str(Path(pytest_soak.__file__).parent.parent)
_PROGRAM = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from pytest_soak.exchange.jail.{} import main; main()"
)


class Namespace:
    """Is there while this process is, or until it is closed; then all that runs in it is ended.

    `folder` takes the files that stand in the place of others. Raises TargetError where the system
    does not allow one, and each method where its keeper is gone.
    """

    def __init__(self, folder: Path, *, grace_seconds: float = 20.0) -> None:
        self._folder = folder
        self._grace = grace_seconds
        self._heard = b""
        self._before = 0
        self._keeper = subprocess.Popen(
            own_program("keeper", str(os.getpid()), str(grace_seconds)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )
        try:
            made = self._answer()
            self._place = str(made["pid"]), str(made["way"])
            self._arrange()
        except BaseException:
            self.close()
            raise

    @property
    def way(self) -> str:
        """How it was made: "user", in a user namespace, or "root", without one."""
        return self._place[1]

    def command(self, command: Sequence[str], *, mortal: bool = False) -> list[str]:
        """What to start instead of `command` to have it run inside, as the same process.

        Relative names are those of the folder in which it is started. If `mortal`, it is killed
        when the thread that started it ends.
        """
        return own_program("join", *self._place, str(int(mortal)), *command)

    def show(self, files: Sequence[tuple[Path, str]]) -> list[str]:
        """Show files of ours in the place of others, inside; those whose place is there."""
        pairs = [(str(source), target) for source, target in files]
        return list(self._asked({"over": pairs})["over"])

    def outside(self) -> Outside:
        """What has gone outside: nothing, as the kernel counts it."""
        counted = self._asked({"count": True})
        others = {name: n for name, n in counted["packets"].items() if name != LO}
        return Outside(
            packets=sum(others.values()),
            refused=counted["refused"] - self._before,
            inside=counted["packets"].get(LO, 0),
            interfaces=sorted(counted["packets"]),
        )

    def forget(self) -> None:
        """Count what is refused from now on alone."""
        self._before += self.outside().refused

    def close(self) -> None:
        """End all that runs in it, at once."""
        with suppress(TargetError):
            self._asked({"end": True})
        for pipe in (self._keeper.stdin, self._keeper.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()
        try:
            self._keeper.wait(self._grace + ANSWER_SECONDS)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
            self._keeper.wait()

    def _arrange(self) -> None:
        files = []
        for target, text in naming(BYBIT).items():
            source = self._folder / Path(target).name
            source.write_text(text, encoding="utf-8")
            files.append((source, target))
        nobody = self._folder / "nobody"
        nobody.mkdir(exist_ok=True)
        self.show([*files, *((nobody, place) for place in LOOKS_UP)])

    def _asked(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._keeper.stdin is not None
        try:
            self._keeper.stdin.write(json.dumps(question).encode() + b"\n")
        except OSError:
            raise self._gone() from None
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._keeper.stdout is not None
        reading = self._keeper.stdout.fileno()
        while b"\n" not in self._heard:
            if not select.select([reading], [], [], ANSWER_SECONDS)[0]:
                raise TargetError(f"the keeper of a jail gave no answer for {ANSWER_SECONDS:g} s")
            data = os.read(reading, 1 << 16)
            if not data:
                raise self._gone()
            self._heard += data
        line, _, self._heard = self._heard.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        if "error" in found:
            raise TargetError(found["error"])
        return found

    def _gone(self) -> TargetError:
        return TargetError("the keeper of the jail was ended from outside")


def own_program(name: str, *arguments: str) -> list[str]:
    """How to start a program of this folder, whose arguments begin at the third."""
    return [sys.executable, "-I", "-S", "-c", _PROGRAM.format(name), _HOME, *arguments]
