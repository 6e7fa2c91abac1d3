"""`pytest-soak rotate`: an artifact root that does not grow without end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from math import isnan
from pathlib import Path

from pytest_soak.artifacts.rotation.apply import measure, perform, sweep
from pytest_soak.artifacts.rotation.listing import list_root
from pytest_soak.artifacts.rotation.plan import DAY, FOLDER, LOG, Action, Limits, plan_rotation
from pytest_soak.canonical import compact
from pytest_soak.clock import Clock
from pytest_soak.errors import SoakUsageError
from pytest_soak.storage.files import append_lines
from pytest_soak.storage.lock import LOCK, InUseError, locked

GOOD, OVER_SIZE = 0, 2
MEGABYTE = 1_000_000


def rotate(
    root: Path,
    ttl_days: float,
    max_size_mb: float,
    keep: int,
    say: Callable[[str], None],
    clock: Clock,
    *,
    dry: bool,
) -> int:
    """Rotate an artifact root and say each action; `dry` says the same and changes nothing.

    A root that a session holds is left alone. Returns 2 when the root is over its size even so,
    else 0. Raises SoakUsageError when it is no folder, ArtifactError when something cannot be
    written.
    """
    if isnan(ttl_days) or isnan(max_size_mb):
        raise SoakUsageError("--ttl-days" if isnan(ttl_days) else "--max-size-mb", "not a number")
    if not root.is_dir():
        raise SoakUsageError("--path", f"expected an artifact folder, {root} is none")
    limits = Limits(ttl_days * DAY, max_size_mb * MEGABYTE, keep)
    try:
        with locked(root) if (root / LOCK).exists() or not dry else nullcontext():
            return _rotate(root, limits, say, clock, dry=dry)
    except InUseError as error:
        say(f"leave {error}")
        return GOOD


def _rotate(
    root: Path, limits: Limits, say: Callable[[str], None], clock: Clock, *, dry: bool
) -> int:
    if not dry:
        sweep(root)
    listing = list_root(root)
    for run, why in sorted(listing.left.items()):
        say(f"leave {run}: {why}")
    size = listing.size
    for action in plan_rotation(listing, clock.now().timestamp(), limits):
        left = measure(root, action) if dry else perform(root, action)
        if not dry:
            append_lines(root / FOLDER / LOG, [_logged(action, left, clock.now())])
        say(_told(action, left))
        size += left - action.size
    say(
        f"disk use of {root}: {_bytes(listing.size)}, "
        f"{_bytes(size)} after rotation (limit {_bytes(limits.max_bytes)})"
    )
    return OVER_SIZE if size > limits.max_bytes else GOOD


def _told(action: Action, left: int) -> str:
    into = f" into {action.target.name}" if action.target else ""
    files = f"{len(action.files)} file{'s' if len(action.files) > 1 else ''}"
    return f"{action.kind} {action.path}{into}: {files}, {_bytes(action.size)} -> {_bytes(left)}"


def _logged(action: Action, left: int, when: datetime) -> str:
    return compact(
        {
            "time": when.isoformat(timespec="seconds"),
            "action": action.kind,
            "path": str(action.path),
            "into": str(action.target) if action.target else None,
            "files": len(action.files),
            "bytes_before": action.size,
            "bytes_after": left,
        }
    )


def _bytes(count: float) -> str:
    return f"{count / MEGABYTE:,.1f} MB" if count >= MEGABYTE / 10 else f"{count:,.0f} bytes"
