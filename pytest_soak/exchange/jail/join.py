"""Goes into a namespace that a keeper holds, and becomes the program that is to run there.

    python -I -S -c PROGRAM HOME KEEPER WAY MORTAL COMMAND...

With MORTAL 1 it is killed when its parent ends.

A program of its own, which needs the standard library alone. The process stays the same, so that
who started it can watch and end it. Exit status 126 where it cannot go in, 127 where the program
cannot be started.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from pytest_soak.exchange.jail.kernel import die_with_parent, enter, give_up_rights


def go_in(keeper: int, way: str, mortal: bool) -> None:
    """Enter the namespaces of `keeper`, which are all of one user, and stay in the folder."""
    folder, parent = Path.cwd(), os.getppid()
    for name in ("user", "net", "mnt") if way == "user" else ("net", "mnt"):
        enter(Path("/proc", str(keeper), "ns", name))
    os.chdir(folder)
    give_up_rights()
    if mortal:
        die_with_parent(parent)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores
        signal.signal(number, signal.SIG_DFL)


def main() -> None:
    """Go in, and become the command."""
    keeper, way, mortal, *command = sys.argv[2:]
    try:
        go_in(int(keeper), way, mortal == "1")
    except OSError as error:
        print(f"the jail cannot be entered: {error}", file=sys.stderr)
        sys.exit(126)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(127)
