"""The beliefs that may be judged: those of quiet times, in which a bot had time to find back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pytest_soak.exchange.beliefs.belief import Belief
from pytest_soak.exchange.invariants.result import Result, unseen
from pytest_soak.exchange.invariants.seen import Seen, Span, is_in, quiet
from pytest_soak.exchange.invariants.tolerances import Tolerances


def since_us(belief: Belief, tolerances: Tolerances) -> int:
    """From when on what was true may be what is believed."""
    return belief.time_us - round((tolerances.grace_s + belief.lag_s) * 1e6)


@dataclass(frozen=True)
class Judgeable:
    """The beliefs of a window that may be judged, in order of time.

    Attributes:
        beliefs: None of them where they cannot be judged.
        why: Why there are none; empty where there are.
        sparse: What says that they are too few for a good result, which is then none: what was
            wrong with one of them is wrong all the same. Empty where they are enough.
    """

    beliefs: Sequence[Belief]
    why: str = ""
    sparse: str = ""

    def result(self, found: Result) -> Result:
        """What was found of them, if they bear it."""
        return unseen(self.sparse) if self.sparse and not found.findings else found


def judged(
    seen: Seen,
    beliefs: Sequence[Belief],
    window: Span,
    tolerances: Tolerances,
    tells: Callable[[Belief], bool],
    what: str,
) -> Judgeable:
    """The beliefs in `window` that tell of `what` while no fault holds."""
    telling = [belief for belief in beliefs if tells(belief)]
    if not telling:
        return Judgeable([], f"nothing was seen of {what}")
    spans = quiet(seen.faulty(window[1]), window, round(tolerances.settle_s * 1e6))
    if not spans:
        why = f"no time without faults, {tolerances.settle_s:g} s after the last of them"
        return Judgeable([], why)
    found = [belief for belief in telling if is_in(belief.time_us, spans)]
    if not found:
        return Judgeable([], f"nothing was seen of {what} while no fault held")
    unseen_us = max(_unseen_us(found, span) for span in spans)
    if unseen_us <= tolerances.unseen_s * 1e6:
        return Judgeable(found)
    sparse = f"nothing was seen of {what} for {unseen_us / 1e6:.0f} s while no fault held"
    return Judgeable(found, "", sparse)


def _unseen_us(beliefs: Sequence[Belief], span: Span) -> int:
    """The longest time of a span in which nothing was seen."""
    seen = [belief.time_us for belief in beliefs if span[0] <= belief.time_us < span[1]]
    return max(b - a for a, b in pairwise((span[0], *seen, span[1])))
