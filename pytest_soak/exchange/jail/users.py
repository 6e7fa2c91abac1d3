"""Who a user is in a user namespace: the same as outside, and nobody else where he may not be."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from pytest_soak.exchange.jail.kernel import NEW_MOUNTS, NEW_NET, NEW_USER, unshare

_NO_MORE = "no more namespaces are allowed (sysctl user.max_user_namespaces)"
_EVERYBODY = "uid_map", "gid_map"


def leave() -> str:
    """Go into new namespaces, with the rights to arrange them; how: "user" or "root".

    A user namespace needs no rights. Where they are forbidden, root does without one. OSError where
    neither is possible.
    """
    ways = (_into_own_users, _without_users) if os.geteuid() == 0 else (_into_own_users,)
    for way in ways:
        try:
            return way()
        except OSError as error:
            failed = error
    raise failed


def _without_users() -> str:
    unshare(NEW_MOUNTS | NEW_NET)
    return "root"


def _into_own_users() -> str:
    """One process stays outside to write who is who, which root may for all users."""
    user, group = os.geteuid(), os.getegid()
    reading, writing = os.pipe()
    keeper = os.getpid()
    helper = 0 if user else os.fork()
    if user == 0 and helper == 0:
        os.close(writing)
        _write_from_outside(reading, keeper)
    os.close(reading)
    try:
        unshare(NEW_USER | NEW_MOUNTS | NEW_NET)
    except OSError as error:
        os.close(writing)
        if helper:
            os.waitpid(helper, 0)
        if error.errno == errno.ENOSPC:  # of which its text makes a full disk
            raise OSError(error.errno, _NO_MORE, error.filename) from None
        raise
    if helper:
        os.write(writing, b"1")
    os.close(writing)
    if helper:
        if os.waitpid(helper, 0)[1]:
            raise PermissionError(1, "users cannot be mapped", "uid_map")
    else:
        _write(Path("/proc/self/setgroups"), "deny")
        _write(Path("/proc/self/uid_map"), f"{user} {user} 1")
        _write(Path("/proc/self/gid_map"), f"{group} {group} 1")
    return "user"


def _write_from_outside(reading: int, keeper: int) -> None:
    """Each user and group is himself; ends the process."""
    try:
        if os.read(reading, 1):
            for name in _EVERYBODY:
                ranges = [
                    line.split() for line in Path("/proc/self", name).read_text().splitlines()
                ]
                same = "".join(f"{first} {first} {count}\n" for first, _, count in ranges)
                _write(Path("/proc", str(keeper), name), same)
        os._exit(0)
    except BaseException:
        os._exit(1)


def _write(path: Path, text: str) -> None:
    with path.open("wb", buffering=0) as file:
        file.write(text.encode())
