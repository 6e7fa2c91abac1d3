"""What the parts of a soak session share, and where they find it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import pytest

from pytest_soak.artifacts.layout import Layout
from pytest_soak.run.settings import Settings
from pytest_soak.session.item_ids import iteration_name

if TYPE_CHECKING:
    from pytest_soak.run.lanes import Lanes


class Slot(NamedTuple):
    """One iteration of one lane: what a soak item stands for."""

    lane: str
    iteration: int

    @property
    def name(self) -> str:
        """The iteration as part of a test id."""
        return iteration_name(self.iteration)


@dataclass
class SoakContext:
    """The state of one soak session in this process.

    `wanted` are the items named on the command line: built-in ones by their id, those of a user's
    test by its parameters; `selected` is, by lane, the last iteration that will run.
    """

    settings: Settings
    layout: Layout
    wanted: tuple[str, ...]
    on_worker: bool
    lanes: Lanes = field(init=False)
    selected: dict[str, int] = field(default_factory=dict)
    usage_error: str | None = None
    interrupted: bool = False


USAGE_ERROR = "usage error"

CONTEXT = pytest.StashKey[SoakContext]()
SLOT = pytest.StashKey[Slot]()


def slot_of(item: pytest.Item) -> Slot | None:
    """The slot of a soak item; None for any other."""
    return item.stash.get(SLOT, None)
