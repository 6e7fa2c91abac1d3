"""Whether lanes say anything of the bot: trouble that was made on purpose does not."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_soak.artifacts.models import LaneOutcome
from pytest_soak.errors import SoakUsageError


def check_evidence(where: str, lanes: Iterable[LaneOutcome]) -> None:
    """Raise SoakUsageError for the first of the lanes in `where` that had a drill."""
    for lane in lanes:
        if lane.drills:
            raise SoakUsageError(
                where,
                f"{lane.lane} had the drill {', '.join(lane.drills)}, which is no evidence; "
                "give a run without --soak-drill",
            )
