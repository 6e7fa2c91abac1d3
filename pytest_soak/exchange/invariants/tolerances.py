"""How much a bot is allowed before it is called wrong."""

from __future__ import annotations

from typing import Annotated

from pydantic import AllowInfNan, BaseModel, ConfigDict, Field

_Span = Annotated[float, Field(gt=0, le=3600), AllowInfNan(False)]


class Tolerances(BaseModel):
    """Times that a bot has to find back to the truth.

    Attributes:
        settle_s: After the last fault, before what it believes is judged at all.
        wrong_s: How long a position may be wrong, less the time in which faults hold, before it is
            judged also between them.
        grace_s: How old a truth may be to which its belief still fits: what is under way.
        unseen_s: How long nothing may be seen of what it believes while no fault holds; else it is
            not judged.
        same_intent_s: How soon after a failed order a second one is called the same.
        give_up_s: How long more where no answer came: a client waits before it tries again.
        limit_s: How long it must wait after it was told that it asks too often.
        few_quotes: An account that made or changed fewer orders in all is not asked when it
            quotes again.
        slow_s: One that does so less than once in so many seconds, on average, is late by what is
            beyond its own longest other pause.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    settle_s: _Span = 15.0
    wrong_s: _Span = 30.0
    grace_s: _Span = 2.0
    unseen_s: _Span = 30.0
    same_intent_s: _Span = 5.0
    give_up_s: _Span = 30.0
    limit_s: _Span = 1.0
    few_quotes: Annotated[int, Field(ge=1)] = 10
    slow_s: _Span = 6.0
