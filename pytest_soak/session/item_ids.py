"""How the items of a soak are called.

An iteration of the built-in soak is `soak::LANE::iter0001`, one of a user's test is
`test_file.py::test_name[LANE-iter0001]`. What a gate says of a lane's end is told beside them.
"""

from __future__ import annotations

import re

ROOT = "soak"
PREFIX = f"{ROOT}::"

_ITEM = re.compile(rf"(?:{PREFIX}|.+\[)([^\[\]]+)(?:::|-)iter(\d{{4,}})\]?")
_USERS = re.compile(r"(.+)(\[[^\[\]]+-iter\d{4,}\])")


def iteration_name(iteration: int) -> str:
    """An iteration as part of an item's id."""
    return f"iter{iteration:04d}"


def node_of_lane(lane: str) -> str:
    """The id of the collector of a lane of the built-in soak."""
    return f"{PREFIX}{lane}"


def parameter(lane: str, iteration: int) -> str:
    """What stands in the brackets of an item of a user's test."""
    return f"{lane}-{iteration_name(iteration)}"


def gate_item(lane: str, metric: str) -> str:
    """What the gate's verdict on a metric of a lane is reported as."""
    return f"{PREFIX}gates::{lane}::{metric}"


def lane_of(nodeid: str) -> str:
    """What the items of one lane have in common: all that stands before the iteration."""
    if nodeid.startswith(PREFIX):
        return nodeid.rpartition("::")[0]
    return nodeid.rpartition("-iter")[0]


def split_item(nodeid: str) -> tuple[str, int] | None:
    """The lane and the iteration of an item, by its id; None of one that is refused anyway."""
    match = _ITEM.fullmatch(nodeid)
    return (match[1], int(match[2])) if match else None


def split_users(argument: str) -> tuple[str, str] | None:
    """The test and the brackets of an item of a user's test; None of anything else."""
    match = _USERS.fullmatch(argument)
    return (match[1], match[2]) if match else None
