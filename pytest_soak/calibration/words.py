"""Error rates as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_soak.artifacts.calibration import CalibratedGate, CalibrationKey, Detectable, Rate
from pytest_soak.errors import one_line
from pytest_soak.text import number, plural, signed, table

SHOWN_POWER = "80"


def told(found: CalibratedGate | str) -> str:
    """One line of what `lookup.find` found."""
    if isinstance(found, str):
        return f"not calibrated ({found}): how often this gate is wrong is not known"
    caught = caught_text(found.detectable)
    return f"a lane of {length(found.key)}: {alarms_text(found)}; {caught}"


def alarms_text(found: CalibratedGate) -> str:
    """The rate of false alarms with its interval, in per cent."""
    if found.false_alarms is None:
        return f"false alarms not known ({found.lacking})"
    return f"false alarms {rate_text(found.false_alarms)}"


def rate_text(rate: Rate) -> str:
    """A rate with its interval, in per cent: `1.0 % [0.2, 5.4]`."""
    share, low, high = (f"{100 * value:.1f}" for value in (rate.share, rate.low, rate.high))
    return f"{share} % [{low}, {high}]"


def caught_text(detectable: Sequence[Detectable]) -> str:
    """The changes that most lanes fail by."""
    caught = [
        f"{one.kpi} {_amount(change, 2)}"
        for one in detectable
        if (change := one.changes.get(SHOWN_POWER)) is not None
    ]
    if not caught:
        return "no change of one KPI is caught"
    return f"would have caught {', '.join(caught)} at {SHOWN_POWER} %"


def length(key: CalibrationKey) -> str:
    """How long a lane is: `24 h`, or `12 iterations of 5 min`."""
    hours = key.iterations * key.minutes / 60
    if key.minutes == 60:
        return f"{number(hours)} h"
    return f"{key.iterations} iterations of {key.minutes:g} min"


def change_text(change: float | None, median: float | None) -> str:
    """A change of a KPI, also in per cent of its median; `none` where none is enough."""
    if change is None:
        return "none"
    share = f" ({100 * change / abs(median):+.0f} %)" if median else ""
    return f"{_amount(change, 3)}{share}"


def _amount(change: float, digits: int) -> str:
    """With no more digits than mean something: the power at which it is caught is an estimate."""
    return signed(float(f"{change:.{digits}g}"))


def report_lines(found: CalibratedGate) -> list[str]:
    """What was found, for a terminal."""
    lines = [one_line(_what(found)), alarms_text(found)]
    if found.draws:
        lines.append(f"the changes below: {found.draws} lanes drawn in blocks from them")
    head = ("KPI", "median", "caught in 50 %", "80 %", "95 % of lanes")
    rows = [row(one) for one in found.detectable if one.reason is None]
    lines += table([head, *rows]) if rows else []
    lines += [f"left out: {x.kpi} {x.reason}" for x in found.detectable if x.reason]
    caused = [(c.cause, f"{c.size:g} {c.unit}", "FAIL", rate_text(c.rate)) for c in found.causes]
    return [*lines, *(table(caused) if caused else [])]


def _what(found: CalibratedGate) -> str:
    key, lanes = found.key, plural(len(found.seeds), "lane")
    target = f"{key.target} {key.target_version[:12]}" if key.target_version else key.target
    judged = f"gate {key.gate} ({key.gate_mode}) on {key.market}, {key.profile}, {target}"
    return f"{judged}: {lanes} of {length(key)}"


def row(one: Detectable) -> tuple[str, ...]:
    """A KPI, its median, and the changes of it that are caught."""
    changes = (change_text(change, one.median) for change in one.changes.values())
    return (one.kpi, number(one.median), *changes)
