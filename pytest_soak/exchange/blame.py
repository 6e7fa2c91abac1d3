"""Which fault a finding is laid to: what broke as it came about, or last before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict

from pytest_soak.exchange.invariants.result import Finding
from pytest_soak.exchange.invariants.seen import Seen, Span

_ACCURATE_US = 1_500_000
"""Beliefs are seen each second: what came about may have done so a little earlier."""


class Spell(BaseModel):
    """A fault from its beginning to its end, None where it went on, and how often it met.

    `longest_us` is how long after its beginning it may end another time.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    kind: str
    start_us: int
    end_us: int | None
    hits: int
    longest_us: int = 0

    @property
    def met(self) -> bool:
        """Whether it met anything; what cuts sockets counts none."""
        return bool(self.hits) or self.kind in UNCOUNTED


UNCOUNTED = ("drop", "clock_skew", "stale_orders")
"""Kinds that are felt by whom they meet without being counted."""


def spells(seen: Seen, window: Span) -> list[Spell]:
    """Those that meet the window."""
    found = []
    began: dict[str, tuple[int, str, int]] = {}
    for fault in seen.faults:
        start, kind, hits = began.get(fault.name, (fault.time_us, fault.kind, 0))
        if fault.what == "began":
            began[fault.name] = fault.time_us, fault.kind, 0
        elif fault.what == "hit":
            began[fault.name] = start, kind, hits + 1
        elif began.pop(fault.name, None) and _meet((start, fault.time_us), window):
            found.append(_spell(fault.name, kind, start, fault.time_us, max(hits, fault.hits)))
    for name, (start, kind, hits) in began.items():
        if start < window[1]:
            found.append(_spell(name, kind, start, None, hits))
    return found


def _spell(name: str, kind: str, start_us: int, end_us: int | None, hits: int) -> Spell:
    return Spell(name=name, kind=kind, start_us=start_us, end_us=end_us, hits=hits)


def _meet(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] <= one[1]


def blamed(finding: Finding, found: Sequence[Spell], settle_us: int) -> str:
    """The name of the fault; empty where none was near.

    One that the finding itself knows, else one that held as it came about, else the last that had
    ended within `settle_us` before; each time rather one that met something.
    """
    if finding.fault:
        return finding.fault.partition("+")[0]
    at_us = finding.time_us if finding.since_us is None else finding.since_us
    held = [s for s in found if s.start_us <= at_us and _end(s) >= at_us - _ACCURATE_US]
    before = [s for s in found if 0 <= at_us - _end(s) <= settle_us]
    for near in (held, before):
        if met := [spell for spell in near if spell.met] or near:
            return max(met, key=_latest).name
    return ""


def _latest(spell: Spell) -> tuple[int, int]:
    return spell.start_us, _end(spell)


def _end(spell: Spell) -> int:
    return 1 << 62 if spell.end_us is None else spell.end_us


def most_blamed(names: Iterable[str], most: int) -> list[str]:
    """The first few of them, each once."""
    return list(dict.fromkeys(filter(None, names)))[:most]
