"""The rules of steps applied to figures alone: points, of which no noise is known. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from pytest_soak.ab.limits import load_limits, load_rails
from pytest_soak.config.documents import shipped, show, validate
from pytest_soak.dataset.filters import load_filters
from pytest_soak.gates.model import Gate
from pytest_soak.number import number
from pytest_soak.release.figures import TAKER, Figure, Figures
from pytest_soak.release.prep import asked_of, fulfils, load_figures
from pytest_soak.text import setting

TOLERANCE = 1e-9
"""What rounding may take from a limit."""

PASS, WARN, FAIL = "PASS", "WARN", "FAIL"
PROMOTE, HOLD, ROLLBACK = "PROMOTE", "HOLD", "ROLLBACK"
STATUS = {PASS: 0, WARN: 0, PROMOTE: 0, FAIL: 1, ROLLBACK: 1, HOLD: 3}
_BADNESS = (PASS, PROMOTE, WARN, HOLD, FAIL, ROLLBACK)


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ShadowRule(_Data):
    """Of a shadow, beside its gate."""

    minutes: float


class BaselineRule(_Data):
    """By how much a run may be worse than a locked baseline."""

    stage_p95_pct: float
    tick_total_p95_pct: float
    hit_ratio_min: float
    deadline_miss_max: float


class Rules(_Data):
    """The figures of `judge.yaml`, which says what each is."""

    shadow: ShadowRule
    baseline: BaselineRule


@cache
def load_rules() -> Rules:
    """The rules of the package."""
    return validate(Rules, shipped("pytest_soak.release", "judge.yaml"))


class Line(NamedTuple):
    """A figure beside its limit, and what it comes to."""

    what: str
    value: str
    limit: str
    verdict: str


def overall(lines: Sequence[Line]) -> str:
    """The worst verdict of any line."""
    return max((line.verdict for line in lines), key=_BADNESS.index)


def _line(what: str, figure: Figure, limit: str, good: bool, bad: str = FAIL) -> Line:
    """A line that is PASS where there is a figure and it is `good`."""
    value = figure.lack if figure.value is None else f"{figure.value:.6g}"
    return Line(what, value, limit, PASS if figure.value is not None and good else bad)


def judge_prep(flags: Mapping[str, Any]) -> list[Line]:
    """The required flags of a bot's configuration, by their dotted names."""
    return [
        _required(name, requirement, flags) for name, requirement in load_figures().require.items()
    ]


def _required(name: str, requirement: bool | list[str], flags: Mapping[str, Any]) -> Line:
    if name not in flags:
        return Line(name, "not given", asked_of(requirement), FAIL)
    value = flags[name]
    known = isinstance(value, bool) or number(value) is not None
    good = known and fulfils(requirement, value)
    told = setting(value) if known else show(value)
    return Line(name, told, asked_of(requirement), PASS if good else FAIL)


def judge_shadow(figures: Figures, gate: Gate) -> list[Line]:
    """A gate, whose ticks are counted where the figures tell how many there were."""
    lines = []
    counted = "ticks" in figures.values
    for threshold in gate.on("calm"):
        limit = threshold.limits[0]
        assert limit is not None
        figure = figures.get(threshold.metric)
        good = figure.value is not None and limit.holds(figure.value)
        lines.append(_line(threshold.metric, figure, limit.text, good))
    least = max(threshold.min_samples or 0 for threshold in gate.on("calm"))
    if counted:
        ticks = figures.get("ticks")
        lines.append(_line("ticks", ticks, f">= {least}", (ticks.value or 0) >= least))
    if "minutes" in figures.values:
        minutes, wanted = figures.get("minutes"), load_rules().shadow.minutes
        short = WARN if minutes.value is not None else FAIL
        limit_text = f">= {wanted:g}, fewer are short"
        lines.append(_line("minutes", minutes, limit_text, (minutes.value or 0) >= wanted, short))
    return lines


def judge_dataset(figures: Figures) -> list[Line]:
    """Whether rows make a dataset: covered hours, refused intervals and, if told, bad lines."""
    limits = load_filters().span
    hours = figures.get("covered_hours")
    value = hours.value or 0.0
    text = f">= {limits.least_hours:g}, from {limits.good_hours:g} on without a warning"
    enough = _line("covered_hours", hours, text, value >= limits.good_hours)
    if hours.value is not None and limits.least_hours <= value < limits.good_hours:
        enough = enough._replace(verdict=WARN)
    most = limits.most_refused_share
    refused = _REFUSED.of(figures)
    good = refused.value is not None and refused.value < most
    lines = [enough, _line("refused share", refused, f"< {most:g}", good)]
    if {_BAD.share, _BAD.percent, _BAD.part} & set(figures.values):
        bad, most = _BAD.of(figures), limits.most_bad_line_share
        good = bad.value is not None and bad.value <= most
        lines.append(_line("bad line share", bad, f"<= {most:g}", good))
    return lines


class _Share(NamedTuple):
    """How files tell a share: as such, in percent, or as a count `part` of `whole`."""

    share: str
    percent: str
    part: str
    whole: str

    def of(self, figures: Figures) -> Figure:
        """The share, None where it is not told, or can be none."""
        for name, scale in ((self.share, 1.0), (self.percent, 100.0)):
            if name in figures.values:
                given = figures.get(name)
                return given if given.value is None else _as_share(given.value, scale)
        part, whole = figures.get(self.part), figures.get(self.whole)
        for name, count in ((self.part, part), (self.whole, whole)):
            if count.value is None:
                return Figure(None, f"{name} {count.lack}")
        return _as_share(part.value or 0.0, whole.value or 0.0)


_REFUSED = _Share("refused_share", "refused_pct", "refused", "intervals")
_BAD = _Share("bad_line_share", "bad_line_pct", "bad_lines", "lines")


def _as_share(part: float, whole: float) -> Figure:
    if 0.0 <= part <= whole and whole > 0.0:
        return Figure(part / whole)
    return Figure(None, f"{part:.6g} of {whole:.6g} is no share")


def judge_ab(a: Figures, b: Figures) -> list[Line]:
    """The point verdict on B: PROMOTE, HOLD or ROLLBACK, of which no noise is known."""
    lines = [*_rails(b), *_worse(a, b), _better(a, b)]
    return [line._replace(verdict=ROLLBACK) if line.verdict == FAIL else line for line in lines]


def _rails(b: Figures) -> Iterator[Line]:
    for criterion in load_rails().criteria:
        name, scale = criterion.metric, 1.0
        if name == load_figures().capped:
            name, scale = TAKER, 100.0
        figure = b.get(name)
        passed = figure.value is None or criterion.limit.holds(figure.value / scale)
        limit = f"not {criterion.limit.symbol} {scale * criterion.limit.limit:g}"
        yield _line(f"{name} of B", figure, limit, not passed)


def _worse(a: Figures, b: Figures) -> Iterator[Line]:
    """Slippage and tick time of B beside A's; slippage that costs is negative."""
    limits = load_limits()
    cost = _of_both(a, b, "slippage_bps", lambda was, now: was - now)
    yield _at_most("slippage cost, B more than A", cost, limits.slippage_bps, " bps")
    tick = _of_both(a, b, "tick_total_p95_ms", _percent)
    yield _at_most("tick_total_p95_ms, B more than A", tick, limits.tick_total_p95_pct, " %")


def _better(a: Figures, b: Figures) -> Line:
    least = load_limits().net_bps
    net = _of_both(a, b, "net_bps", lambda was, now: now - was)
    line = _line("net_bps, B - A", net, f">= {least:g}, held from 0 on", True)
    if net.value is None or net.value < -TOLERANCE:
        return line._replace(verdict=ROLLBACK)
    return line._replace(verdict=PROMOTE if net.value >= least - TOLERANCE else HOLD)


def _of_both(a: Figures, b: Figures, name: str, change: Any) -> Figure:
    was, now = a.get(name), b.get(name)
    for side, figure in (("A", was), ("B", now)):
        if figure.value is None:
            return Figure(None, f"{name} of {side}: {figure.lack}")
    found = change(was.value, now.value)
    return found if isinstance(found, Figure) else Figure(found)


def _percent(was: float, now: float) -> Figure:
    """By how much more `now` is; nothing can be told of what is not above 0."""
    if was <= 0.0 or now <= 0.0:
        return Figure(None, f"{min(was, now):g} is no measurement")
    return Figure(100.0 * (now / was - 1.0))


def _at_most(what: str, figure: Figure, most: float, unit: str) -> Line:
    good = figure.value is not None and figure.value <= most + TOLERANCE
    return _line(what, figure, f"<= {most:g}{unit}", good)


def judge_baseline(locked: Mapping[str, Any], now: Mapping[str, Any], told: Figures) -> list[Line]:
    """A run against a locked baseline, stage by stage; `told` are the figures of the run.

    A stage that only one of them has fails, as does one without a time.
    """
    rules = load_rules().baseline
    lines = list(_stages(_p95s(locked), _p95s(now), rules.stage_p95_pct))
    totals = [{"tick_total": p95} for p95 in (_total(locked), _total(now))]
    lines += _stages(totals[0], totals[1], rules.tick_total_p95_pct, "")
    hit, miss = told.get("md_cache_hit_ratio"), told.get("deadline_miss_ratio")
    least, most = rules.hit_ratio_min, rules.deadline_miss_max
    good = hit.value is not None and hit.value >= least
    lines.append(_line("md_cache_hit_ratio", hit, f">= {least:g}", good))
    good = miss.value is not None and miss.value <= most
    lines.append(_line("deadline_miss_ratio", miss, f"<= {most:g}", good))
    return lines


def _stages(
    locked: Mapping[str, object], now: Mapping[str, object], most: float, kind: str = "stage "
) -> Iterator[Line]:
    limit = f"p95 at most {most:g} % more"
    if not locked and not now:
        yield Line("stages", "none", limit, FAIL)
    for name in dict.fromkeys([*locked, *now]):
        what = f"{kind}{name}"
        figure = _change(locked.get(name), now.get(name))
        yield _at_most(what, figure, most, "")._replace(limit=limit)


def _change(was: object, now: object) -> Figure:
    """The change of a p95, in percent."""
    for value, where in ((was, "baseline"), (now, "current")):
        if value is None:
            return Figure(None, f"not in {where}")
    before, after = number(was), number(now)
    if before is None or after is None or not math.isfinite(before + after):
        return Figure(None, f"no measurement: {show(was)}, {show(now)}")
    return _percent(before, after)


def _p95s(data: Mapping[str, Any]) -> dict[str, object]:
    """The p95 of each stage, under `stages` or, of a lock, `baseline`."""
    keys = [key for key in ("stages", "baseline") if isinstance(data.get(key), dict)]
    stages = data[keys[0]] if keys else {}
    return {name: _p95(stage) for name, stage in stages.items()}


def _total(data: Mapping[str, Any]) -> object:
    return _p95(data.get("tick_total", data.get("tick_total_p95_ms")))


def _p95(stage: object) -> object:
    if isinstance(stage, dict):
        return stage.get("p95_ms", stage.get("p95"))
    return stage
