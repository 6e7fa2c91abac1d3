"""The beliefs that may be judged: those of quiet times, in which a bot had time to find back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_soak.exchange.beliefs.belief import Belief
from pytest_soak.exchange.invariants.seen import Seen, Span, is_in, quiet
from pytest_soak.exchange.invariants.tolerances import Tolerances


def since_us(belief: Belief, tolerances: Tolerances) -> int:
    """From when on what was true may be what is believed."""
    return belief.time_us - round((tolerances.grace_s + belief.lag_s) * 1e6)


def judged(
    seen: Seen,
    beliefs: Sequence[Belief],
    window: Span,
    tolerances: Tolerances,
    tells: Callable[[Belief], bool],
    what: str,
) -> tuple[list[Belief], str]:
    """The beliefs in `window` that tell of `what`; why there are none, where there are none."""
    telling = [belief for belief in beliefs if tells(belief)]
    if not telling:
        return [], f"nothing was seen of {what}"
    spans = quiet(seen.faulty(window[1]), window, round(tolerances.settle_s * 1e6))
    if not spans:
        return [], f"no time without faults, {tolerances.settle_s:g} s after the last of them"
    found = [belief for belief in telling if is_in(belief.time_us, spans)]
    return found, "" if found else f"nothing was seen of {what} while no fault held"
