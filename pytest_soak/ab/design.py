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


STAGES = tuple(Share)
HOLD_OUT = 10
"""At 100 % one block of so many stays under A where no lane runs beside."""


class Design(BaseModel):
    """What a stage will look at: its share of B, and each seed's blocks in the order of time.

    `looks` are the numbers of judged blocks a lane after which B may be promoted. `paired` says
    that a lane which is all A runs beside each; else B is compared with A within groups of blocks.
    """

    model_config = ConfigDict(frozen=True)

    share: Share
    hours: float
    assignment: dict[int, str]
    looks: tuple[int, ...]
    paired: bool = True

    @property
    def group(self) -> int:
        """In so many blocks in a row one is under B; of a hold-out, one is under A."""
        return group_of(self.share, self.paired)

    @property
    def values(self) -> int:
        """Differences of B and A that there will be, of all lanes."""
        return self.treated if self.paired else len(self.seeds) * (self.blocks // self.group)

    @property
    def seeds(self) -> tuple[int, ...]:
        """One pair of lanes each, or one lane."""
        return tuple(self.assignment)

    @property
    def blocks(self) -> int:
        """Of a lane, that are judged."""
        return self.looks[-1]

    @property
    def treated(self) -> int:
        """Blocks under B, of all lanes."""
        return sum(text.count(B) for text in self.assignment.values())


def group_of(share: Share, paired: bool) -> int:
    """The length of the groups of blocks in which the places of A and B are drawn."""
    return HOLD_OUT if share is Share.ALL and not paired else 100 // share


def make_design(
    share: Share, hours: float, seeds: Sequence[int], limits: Limits, paired: bool = True
) -> Design:
    """The design of a stage; SoakUsageError for one in which B would be compared with nothing."""
    most = most_hours(limits)
    if not limits.hours(1) <= hours <= most:
        problem = f"expected {limits.hours(1):g} to {most} hours, got {hours:g}"
        raise SoakUsageError("--hours", problem)
    blocks = limits.blocks(hours)
    if len(set(seeds)) < len(seeds):
        raise SoakUsageError(
            "--seeds", "expected seeds that differ; the same one tells nothing new"
        )
    assignment = {seed: "".join(_drawn(share, seed, blocks, paired)) for seed in seeds}
    looks = max(1, int(hours // limits.look_hours))
    places = tuple(round(blocks * k / looks) for k in range(1, looks + 1))
    design = Design(share=share, hours=hours, assignment=assignment, looks=places, paired=paired)
    if not design.values:
        what = "none under B" if paired else "no group with both A and B"
        problem = f"{blocks} blocks have {what} at {share} %; give {design.group} or more"
        least = limits.hours(design.group)
        raise SoakUsageError("--hours", f"{problem}: --hours={least:g}")
    return design


def most_hours(limits: Limits) -> int:
    """The longest that a stage may be: for more looks there is no boundary."""
    return MOST_LOOKS * limits.look_hours


def _drawn(share: Share, seed: int, blocks: int, paired: bool) -> Iterator[str]:
    """Permuted groups: one block of each is unlike the others, drawn by stage, seed and group."""
    group = group_of(share, paired)
    one, others = (B, A) if group == 100 // share else (A, B)
    for first in range(0, blocks, group):
        digest = sha256(f"{int(share)} {seed} {first // group}".encode()).digest()
        chosen = first + int.from_bytes(digest[:8]) % group
        places = range(first, min(first + group, blocks))
        yield from (one if place == chosen else others for place in places)
