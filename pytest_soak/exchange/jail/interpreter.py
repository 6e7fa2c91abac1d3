"""Which Python a command runs in, without asking a shell."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

PYTHON = re.compile(r"(python|pypy)[0-9.]*(\.exe)?$")
_LONGEST = 512


def interpreter(command: Sequence[str], env: Mapping[str, str], cwd: Path) -> str | None:
    """The Python that `command` is run by: itself, or by the first line of a script; else None."""
    program = _found(command[0], env, cwd)
    if program is None:
        return None
    if PYTHON.match(Path(program).name):
        return program
    words = _first_line(Path(program)).split()
    if words and Path(words[0]).name == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    if words and PYTHON.match(Path(words[0]).name):
        return _found(words[0], env, cwd)
    return None


def around(env: Mapping[str, str], cwd: Path) -> Iterator[str]:
    """Pythons that a program which is none may start: those of environments, and on its PATH."""
    for folder in (env.get("VIRTUAL_ENV"), env.get("CONDA_PREFIX"), str(cwd / ".venv")):
        if folder and (found := _found(str(Path(folder, "bin", "python")), env, cwd)):
            yield found
    for name in ("python3", "python"):
        if found := _found(name, env, cwd):
            yield found


def _found(program: str, env: Mapping[str, str], cwd: Path) -> str | None:
    """The file that is executed: a relative one is of `cwd`, a mere name of the bot's PATH."""
    if os.sep in program:
        return shutil.which(str(cwd / program))
    return shutil.which(program, path=env.get("PATH", os.defpath))


def _first_line(path: Path) -> str:
    """What stands behind `#!`."""
    try:
        with path.open("rb") as file:
            line = file.readline(_LONGEST)
    except OSError:
        return ""
    return line[2:].decode("utf-8", "replace") if line.startswith(b"#!") else ""
