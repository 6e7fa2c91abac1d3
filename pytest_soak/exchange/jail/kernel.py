"""What of Linux the jail is made of: namespaces, mounts, the loopback interface, capabilities.

It needs the standard library alone. Each call raises OSError with what was tried as its file name.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import struct
from contextlib import suppress
from pathlib import Path

NEW_MOUNTS, NEW_USER, NEW_NET = 0x00020000, 0x10000000, 0x40000000
_BIND, _RECURSIVE, _PRIVATE = 0x1000, 0x4000, 0x40000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1
_PARENT_DIES, _DROP_CAPABILITY, _NO_NEW_PRIVILEGES = 1, 24, 38
_CAPABILITIES = (12, 16, 17, 19, 21, 27)
"""NET_ADMIN, SYS_MODULE, SYS_RAWIO, SYS_PTRACE, SYS_ADMIN, MKNOD: with these one could get out of a
jail."""

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Leave the namespaces that `flags` name for new ones."""
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def enter(path: Path) -> None:
    """Go into the namespace that `path` is, a file of /proc/PID/ns."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _checked(_libc.setns(ctypes.c_int(descriptor), ctypes.c_int(0)), "setns")
    finally:
        os.close(descriptor)


def keep_mounts_private() -> None:
    """Let no mount of this namespace be seen outside of it."""
    _mount("none", "/", _RECURSIVE | _PRIVATE)


def put_over(source: str, target: str) -> None:
    """Show `source` where `target` is, in this namespace alone; both are files, or both folders."""
    _mount(source, target, _BIND)


def _mount(source: str, target: str, flags: int) -> None:
    given = (source.encode(), target.encode(), None, ctypes.c_ulong(flags), None)
    _checked(_libc.mount(*given), target)


def raise_loopback() -> None:
    """Set the loopback interface up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        import fcntl

        asked = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack_from("h", fcntl.ioctl(any_socket, _GET_FLAGS, asked), 16)[0]
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh22x", b"lo", flags | _UP))


def give_up_rights() -> None:
    """Lose for good what a jail could be left with, be it by a program that grants it."""
    for number in _CAPABILITIES:
        with suppress(OSError):
            _prctl(_DROP_CAPABILITY, number)
    _prctl(_NO_NEW_PRIVILEGES, 1)


def die_with_parent(parent: int) -> None:
    """Be killed when `parent`, the parent of this process, ends; at once where it has."""
    _prctl(_PARENT_DIES, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    arguments = [ctypes.c_ulong(number) for number in (value, 0, 0, 0)]
    _checked(_libc.prctl(ctypes.c_int(option), *arguments), f"prctl {option}")


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
