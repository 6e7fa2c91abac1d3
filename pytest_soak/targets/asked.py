"""Whether a target asks for the market of its lane."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from pytest_soak.options import MARKET, NEUTRAL
from pytest_soak.targets.base import LaneInfo

_OF_MARKET = {"market", "scenario", "market_settings", "__dict__"}


class Asked:
    """Hands LaneInfos to one target; `market` is whether it has read the market of any."""

    def __init__(self) -> None:
        self.market = False

    def lane(self, lane: LaneInfo) -> LaneInfo:
        """`lane`, as the target is given it."""
        given = _Watched(**_values(lane))
        object.__setattr__(given, "_asked", self)
        return given

    def notes(self, lane: LaneInfo) -> tuple[str, ...]:
        """Of a lane whose market was set, but never read."""
        turned = {k: v for k, v in lane.market_settings.items() if NEUTRAL.get(k) != v}
        if self.market or (lane.market == MARKET and not turned):
            return ()
        knobs = f" ({', '.join(f'{k}={v:g}' for k, v in turned.items())})" if turned else ""
        return (
            f"market {lane.market}{knobs} does not apply: the target asks its LaneInfo for no "
            "market, scenario or market_settings",
        )


class _Watched(LaneInfo):
    """To its target a LaneInfo like any other."""

    __qualname__ = LaneInfo.__qualname__
    __hash__ = LaneInfo.__hash__

    def __getattribute__(self, name: str) -> Any:
        if name in _OF_MARKET:
            asked = object.__getattribute__(self, "__dict__").get("_asked")
            if asked is not None:
                asked.market = True
        return object.__getattribute__(self, name)

    def __eq__(self, other: object) -> bool:
        return _plain(self) == (_plain(other) if isinstance(other, _Watched) else other)

    def __reduce__(self) -> tuple[type[LaneInfo], tuple[Any, ...]]:
        return LaneInfo, tuple(_values(self).values())


def _values(lane: LaneInfo) -> dict[str, Any]:
    return {field.name: getattr(lane, field.name) for field in fields(lane)}


def _plain(lane: LaneInfo) -> LaneInfo:
    return LaneInfo(**_values(lane))
