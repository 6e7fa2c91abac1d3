"""The steps of a release in their order, and which keys of the plan each depends on."""

from __future__ import annotations

PREP, SHADOW, SOAK, DATASET, AB, LOCK, DAILY = (
    "prep",
    "shadow",
    "soak",
    "dataset",
    "ab",
    "lock",
    "daily",
)
_WHERE = ("target", "profile", "market", "seeds")

SECTIONS: dict[str, tuple[str, ...]] = {
    PREP: ("target", "profile", "candidate", "control", "require", "gates", "stop", "hours.soak"),
    SHADOW: (*_WHERE, "gates.shadow"),
    SOAK: (*_WHERE, "gates.soak", "stop", "hours.soak"),
    DATASET: (),
    AB: (*_WHERE, "candidate", "control", "hours.ab"),
    LOCK: _WHERE,
    DAILY: (),
}
"""The keys of the plan that a step depends on by itself, beside all that the steps before do."""

INPUTS: dict[str, tuple[str, ...]] = {
    PREP: ("config", "candidate", "gate shadow", "gate soak", "stop"),
    SHADOW: ("config", "market", "gate shadow"),
    SOAK: ("config", "market", "gate soak", "stop"),
    DATASET: ("filters",),
    AB: ("config", "candidate", "market", "limits"),
    LOCK: ("config", "market"),
    DAILY: ("stop", "filters", "daily"),
}
"""What else a step depends on by itself: `config` is the configuration in use."""

STEPS = tuple(SECTIONS)
"""The steps in their order: each builds on all before it."""

HOUR = 60.0
"""Minutes of an iteration of a soak or a lock, and of a shadow that is not short."""

PLAN = "plan"
"""The input of a step that is what the plan says of it by itself."""

NO_AB = "no_ab"
"""The key of what was chosen for a lock that waits for no A/B."""

ROLLBACK = "rollback"
"""Not a step of the seven: the way back."""

LAST_STAGE = 100
"""The stage of the A/B, in percent, whose promotion is that of the candidate."""


def before(step: str) -> tuple[str, ...]:
    """The steps before one."""
    return STEPS[: STEPS.index(step)]
