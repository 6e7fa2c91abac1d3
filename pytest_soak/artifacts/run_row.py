"""What a list of runs says of each."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_soak.kpi.definitions import HEADLINES

if TYPE_CHECKING:
    from pytest_soak.artifacts.models import RunResult

RUNNING = "running"
_ASKED = ("set", "overrides-json", "preset", "flag", "config", "variant")
_OFF = ("0", "false", "no", "off")


class RunRow(NamedTuple):
    """A run in a root: `path` is where it lies below it; of one that cannot be read only `problem`.

    `status` is that of its RESULT.json, `kpis` are the headlines: means over its lanes of what each
    lane's end was judged by; `asked` is as of `asked_of`.
    """

    path: str
    name: str
    started: str = ""
    status: str = ""
    verdict: str | None = None
    target: str = ""
    profiles: tuple[str, ...] = ()
    markets: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    lanes: int = 0
    iterations: int = 0
    planned: int = 0
    kpis: dict[str, float | None] = {}  # noqa: RUF012 - it is not changed
    asked: str = ""
    problem: str | None = None


def row_of(path: str, result: RunResult) -> RunRow:
    """What the RESULT.json of the run at `path` says."""
    lanes = result.lanes
    unfinished = len(set(result.unfinished) - {lane.lane for lane in lanes})
    each = result.settings.get("iterations", "")
    return RunRow(
        path=path,
        name=str(result.meta.get("run", path.rpartition("/")[2])),
        started=str(result.meta.get("started", "")),
        status=result.status,
        verdict=None if result.verdict is None else str(result.verdict),
        target=result.source,
        profiles=_names([x.profile for x in lanes], result.settings.get("profile", "")),
        markets=_names([x.market for x in lanes], result.settings.get("market", "")),
        gates=_names([x.gate for x in lanes], result.settings.get("gate", "")),
        lanes=len(lanes) + unfinished,
        iterations=sum(lane.iterations for lane in lanes),
        planned=sum(x.planned for x in lanes)
        + unfinished * (int(each) if each.isascii() and each.isdigit() else 0),
        kpis=headlines([lane.medians for lane in lanes]),
        asked=asked_of(result.settings),
    )


def headlines(lanes: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    """The headlines of lanes that have these KPIs: their means."""
    return {one.name: _mean([lane.get(one.name) for lane in lanes]) for one in HEADLINES}


def asked_of(settings: Mapping[str, str]) -> str:
    """What a run was told beside profile and market, from its settings; empty for nothing."""
    tuned = settings.get("auto-tune", "0").lower() not in _OFF
    told = [_told(name, settings[name]) for name in _ASKED if name in settings]
    return ", ".join([*told, "tuned"] if tuned else told)


def _told(name: str, text: str) -> str:
    return text if name in ("set", "overrides-json") else f"{name} {text}"


def packed(row: RunRow) -> dict[str, Any]:
    """A row as JSON data."""
    return row._asdict()


def unpacked(data: Any) -> RunRow:
    """The row that `packed` packed; KeyError, ValueError or TypeError for anything else."""
    return RunRow(
        path=str(data["path"]),
        name=str(data["name"]),
        started=str(data["started"]),
        status=str(data["status"]),
        verdict=_text(data["verdict"]),
        target=str(data["target"]),
        profiles=tuple(map(str, data["profiles"])),
        markets=tuple(map(str, data["markets"])),
        gates=tuple(map(str, data["gates"])),
        lanes=int(data["lanes"]),
        iterations=int(data["iterations"]),
        planned=int(data["planned"]),
        kpis={str(k): None if v is None else float(v) for k, v in dict(data["kpis"]).items()},
        asked=str(data["asked"]),
        problem=_text(data["problem"]),
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _names(given: list[str], otherwise: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(given)) or tuple(filter(None, otherwise.split(",")))


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None
