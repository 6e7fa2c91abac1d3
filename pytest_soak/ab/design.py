"""Which blocks of which lane are under B: fixed before the first of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum
from hashlib import sha256

from pydantic import BaseModel, ConfigDict

from pytest_soak.ab.limits import Limits
from pytest_soak.errors import SoakUsageError
from pytest_soak.stats.sequential import MOST_LOOKS

A, B, COLD = "A", "B", "-"


class Share(IntEnum):
    """The stages: how many blocks in a hundred are under B."""

    TENTH = 10
    HALF = 50
    ALL = 100

    @property
    def group(self) -> int:
        """One block of so many is under B."""
        return 100 // self


STAGES = tuple(Share)


class Design(BaseModel):
    """What a stage will look at: its share of B, and each seed's blocks in the order of time.

    `looks` are the numbers of judged blocks a lane after which B may be promoted.
    """

    model_config = ConfigDict(frozen=True)

    share: Share
    hours: float
    assignment: dict[int, str]
    looks: tuple[int, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """One pair of lanes each."""
        return tuple(self.assignment)

    @property
    def blocks(self) -> int:
        """Of a lane, that are judged."""
        return self.looks[-1]

    @property
    def treated(self) -> int:
        """Blocks under B, of all lanes."""
        return sum(text.count(B) for text in self.assignment.values())


def make_design(share: Share, hours: float, seeds: Sequence[int], limits: Limits) -> Design:
    """The design of a stage; SoakUsageError for one in which no block would be under B."""
    most = most_hours(limits)
    if not limits.hours(1) <= hours <= most:
        problem = f"expected {limits.hours(1):g} to {most} hours, got {hours:g}"
        raise SoakUsageError("--hours", problem)
    blocks = limits.blocks(hours)
    if len(set(seeds)) < len(seeds):
        raise SoakUsageError(
            "--seeds", "expected seeds that differ; the same one tells nothing new"
        )
    assignment = {seed: "".join(_drawn(share, seed, blocks)) for seed in seeds}
    looks = max(1, int(hours // limits.look_hours))
    places = tuple(round(blocks * k / looks) for k in range(1, looks + 1))
    design = Design(share=share, hours=hours, assignment=assignment, looks=places)
    if not design.treated:
        problem = f"{blocks} blocks have none under B at {share} %; give {share.group} or more"
        least = limits.hours(share.group)
        raise SoakUsageError("--hours", f"{problem}: --hours={least:g}")
    return design


def most_hours(limits: Limits) -> int:
    """The longest that a stage may be: for more looks there is no boundary."""
    return MOST_LOOKS * limits.look_hours


def _drawn(share: Share, seed: int, blocks: int) -> Iterator[str]:
    """Permuted groups: one block of each is under B, drawn by stage, seed and group."""
    for first in range(0, blocks, share.group):
        digest = sha256(f"{int(share)} {seed} {first // share.group}".encode()).digest()
        chosen = first + int.from_bytes(digest[:8]) % share.group
        yield from (B if n == chosen else A for n in range(first, min(first + share.group, blocks)))
