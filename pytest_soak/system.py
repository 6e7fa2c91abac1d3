"""Processes, the machine, and what POSIX and Windows do differently."""

from __future__ import annotations

import os
import platform
import signal
import stat
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SUPERVISES = sys.platform != "win32"
"""Whether a bot can be run in a process of its own, and ended with all that it started."""

if sys.platform == "win32":
    STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGBREAK)

    def on_alarm(ring: Callable[[], None]) -> None:
        """Nothing to do: there is no alarm."""

    def sync_folder(folder: Path) -> None:
        """Nothing to do: a rename is durable with the file system's own journal."""

    def is_link(path: Path | str) -> bool:
        """Whether `path` is a symbolic link or a junction; False where nothing is."""
        try:
            found = os.lstat(path)
            return bool(found.st_file_attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT)
        except OSError:
            return False

    def not_followed(path: str, flags: int) -> int:
        """Open `path`; an opener for `open`. Windows cannot be told not to follow a link."""
        return os.open(path, flags, 0o666)

else:
    STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def on_alarm(ring: Callable[[], None]) -> None:
        """Let the alarm that somebody has set call `ring`, in the main thread, and nobody else."""

        def rings(number: int, frame: object) -> None:
            __tracebackhide__ = True
            ring()

        signal.signal(signal.SIGALRM, rings)

    def sync_folder(folder: Path) -> None:
        """Wait until the names in `folder` are on the disk."""
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def is_link(path: Path | str) -> bool:
        """Whether `path` is a symbolic link; False where nothing is."""
        try:
            return stat.S_ISLNK(os.lstat(path).st_mode)
        except OSError:
            return False

    def not_followed(path: str, flags: int) -> int:
        """Open `path` unless it is a symbolic link (OSError ELOOP); an opener for `open`."""
        return os.open(path, flags | os.O_NOFOLLOW, 0o666)

    def adopt_orphans() -> bool:
        """Make this process the parent of each descendant whose own parent ends.

        False where the system has no such thing; it is Linux's.
        """
        return _prctl(_SET_CHILD_SUBREAPER, 1)()

    def ends_with_parent() -> Callable[[], object]:
        """What a child is to call before it executes its program, to be killed with its parent."""
        return _prctl(_SET_PDEATHSIG, signal.SIGKILL)

    def send(pid: int, number: int) -> None:
        """Send a signal to a process, or to the group -`pid`, if it is there and may be sent to."""
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)

    def reap() -> Iterator[tuple[int, int]]:
        """The children that have ended: pid and exit status, or minus the signal that ended it."""
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                yield ended[0], os.waitstatus_to_exitcode(ended[1])

    def has_children() -> bool:
        """Whether this process has a child, be it one that has ended and was not reaped."""
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return False
        return True

    @contextmanager
    def at_most_cpu(seconds: float, error: Exception) -> Iterator[None]:
        """Raise `error` in the block when the process has taken so much CPU time meanwhile."""

        def end(number: int, frame: object) -> None:
            raise error

        signal.signal(signal.SIGVTALRM, end)
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    def group_is_there(group: int) -> bool:
        """Whether any process is in a process group."""
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


_SET_PDEATHSIG, _SET_CHILD_SUBREAPER = 1, 36


def _prctl(option: int, value: int) -> Callable[[], bool]:
    """A call of Linux's `prctl`, with all that it needs at hand; it says whether it succeeded."""
    if sys.platform != "linux":
        return lambda: False
    import ctypes

    call = ctypes.CDLL(None).prctl
    return lambda: bool(call(option, value, 0, 0, 0) == 0)


def descendants(root: int) -> list[int]:
    """The processes that `root` started, and those that they started, by /proc."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(path.read_bytes().rpartition(b") ")[2].split()[1])
            children.setdefault(parent, []).append(int(path.parent.name))
    found = children.get(root, [])
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def machine_class() -> str:
    """What of this machine decides how fast a program is, as far as it tells."""
    parts = (platform.system(), platform.machine(), f"{os.cpu_count()} x {_processor()}")
    return " ".join(part for part in parts if part)


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split("\n"):
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return " ".join(value.split())
    return platform.processor() or "a processor"


CHILD = 70
"""Exit status of a child process that would have gone on with its parent's session."""


@contextmanager
def one_process() -> Iterator[None]:
    """End a child process that was forked in the block where it would come out of it.

    It ends at once, by CHILD, or as it would have by `sys.exit`; nothing of the parent's is
    finished, flushed or stopped in it. Children of `multiprocessing` never come out.
    """
    process = os.getpid()
    try:
        yield
    finally:
        if os.getpid() != process:
            _end_child(sys.exc_info()[1])


def _end_child(error: BaseException | None) -> None:
    if isinstance(error, SystemExit):
        os._exit(error.code if isinstance(error.code, int) else int(error.code is not None))
    if error is not None:
        traceback.print_exception(error)
    os._exit(CHILD)
