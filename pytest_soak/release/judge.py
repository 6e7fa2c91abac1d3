"""The rules of prep, shadow and dataset applied to figures alone. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pytest_soak.config.documents import show
from pytest_soak.dataset.filters import load_filters
from pytest_soak.gates.model import Gate
from pytest_soak.number import number
from pytest_soak.release.figures import Figure, Figures
from pytest_soak.release.judged import FAIL, PASS, WARN, Line, line_of
from pytest_soak.release.prep import asked_of, fulfils, load_figures
from pytest_soak.release.steps import HOUR
from pytest_soak.text import setting


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
        lines.append(line_of(threshold.metric, figure, limit.text, good))
    least = max(threshold.min_samples or 0 for threshold in gate.on("calm"))
    if counted:
        ticks = figures.get("ticks")
        lines.append(line_of("ticks", ticks, f">= {least}", (ticks.value or 0) >= least))
    if "minutes" in figures.values:
        minutes = figures.get("minutes")
        short = WARN if minutes.value is not None else FAIL
        limit_text = f">= {HOUR:g}, fewer are short"
        lines.append(line_of("minutes", minutes, limit_text, (minutes.value or 0) >= HOUR, short))
    return lines


def judge_dataset(figures: Figures) -> list[Line]:
    """Whether rows make a dataset: covered hours, refused intervals and, if told, bad lines."""
    limits = load_filters().span
    hours = figures.get("covered_hours")
    value = hours.value or 0.0
    text = f">= {limits.least_hours:g}, from {limits.good_hours:g} on without a warning"
    enough = line_of("covered_hours", hours, text, value >= limits.good_hours)
    if hours.value is not None and limits.least_hours <= value < limits.good_hours:
        enough = enough._replace(verdict=WARN)
    most = limits.most_refused_share
    refused = _REFUSED.of(figures)
    good = refused.value is not None and refused.value < most
    lines = [enough, line_of("refused share", refused, f"< {most:g}", good)]
    if {_BAD.share, _BAD.percent, _BAD.part} & set(figures.values):
        bad, most = _BAD.of(figures), limits.most_bad_line_share
        good = bad.value is not None and bad.value <= most
        lines.append(line_of("bad line share", bad, f"<= {most:g}", good))
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
