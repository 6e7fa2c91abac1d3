"""What an exchange found of its bot in a window: the line of it, and what is told at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from shlex import quote

from pydantic import BaseModel, ConfigDict

from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.exchange.invariants.names import WITH_FAULTS
from pytest_soak.exchange.invariants.result import Result
from pytest_soak.exchange.invariants.seen import Seen, Span, is_in
from pytest_soak.exchange.jail.isolation import Isolation
from pytest_soak.exchange.jail.outside import Outside
from pytest_soak.exchange.record import Busy
from pytest_soak.text import plural

FOLDER, JUDGED = "exchange", "judged.jsonl"
"""Where in the folder of a lane its windows are: a line each."""
REPEATED = ("profile", "market", "seed", "minutes", "exchange", "faults", "gate-mode")
"""The options that have an exchange do the same again, beside the target and its beliefs."""
MOST_FINDINGS, MOST_STRANGE, MOST_TOLD = 100, 20, 3
MOST_ENDPOINTS, OTHERS = 100, "others"


class Found(BaseModel):
    """Something that the bot did or believed and should not have."""

    model_config = ConfigDict(frozen=True)

    kpi: str
    time_us: int
    text: str


class Spell(BaseModel):
    """A fault from its beginning to its end, None where it went on, and how often it met."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: str
    start_us: int
    end_us: int | None
    hits: int


class Asked(BaseModel):
    """What was asked of one endpoint, by the code of the answer, and how often it was kept back."""

    model_config = ConfigDict(frozen=True)

    endpoint: str
    codes: dict[str, int]
    unanswered: int


class Judged(BaseModel):
    """One window on the exchange.

    Attributes:
        iteration: Its number.
        start_us: When it began, UTC.
        end_us: When it ended.
        kpis: The values; null where there is none.
        reasons: Why there is none.
        findings: What spoils the values, the first hundred, in order of time.
        more_findings: How many more there were.
        faults: Those that held in the window.
        requests: By endpoint.
        strange: What nobody should have sent, and how often.
        beliefs: How often the bot was seen.
        troubles: Why it was not, by source.
        isolation: What held it on this machine, in words.
        outside: What went outside, and what was to.
        late_ms: How late the markets moved at worst, of which 0 is in time.
        left_out: How many refused requests are in none of these counts.
    """

    model_config = ConfigDict(frozen=True)

    iteration: int
    start_us: int
    end_us: int
    kpis: dict[str, float | None]
    reasons: dict[str, str]
    findings: list[Found]
    more_findings: int
    faults: list[Spell]
    requests: list[Asked]
    strange: dict[str, int]
    beliefs: int
    troubles: dict[str, str]
    isolation: str
    outside: str
    late_ms: int = 0
    left_out: int = 0

    @property
    def told(self) -> dict[str, float | str]:
        """Each KPI, or why there is none."""
        return {name: self.reasons[name] if v is None else v for name, v in self.kpis.items()}

    def notes(self) -> list[str]:
        """What is said of it beside the values: the first of each kind."""
        first: dict[str, Found] = {}
        for found in self.findings:
            first.setdefault(found.kpi, found)
        notes = [f"{kpi}: {found.text}" for kpi, found in first.items()]
        for what, count in [*self.strange.items()][:MOST_TOLD]:
            notes.append(f"the exchange does not know {what} ({plural(count, 'time')})")
        if self.late_ms:
            why = "a bot that asks too much, or a busy machine"
            notes.append(f"the exchange was late by up to {self.late_ms / 1e3:.1f} s: {why}")
        if self.left_out:
            notes.append(f"{plural(self.left_out, 'more request')} refused, and not recorded")
        return [*notes, *(f"{source}: {why}" for source, why in self.troubles.items() if why)]


def judged(
    iteration: int,
    window: Span,
    seen: Seen,
    results: Mapping[str, Result],
    held: tuple[Isolation, Outside],
    believed: tuple[int, Mapping[str, str]],
) -> Judged:
    """A window with what was measured in it.

    `held` is how the bot was kept, and what went outside; `believed` how often it was seen, and
    what trouble each source had.
    """
    isolation, outside = held
    found = sorted(
        (
            Found(kpi=kpi, time_us=one.time_us, text=one.text)
            for kpi, result in results.items()
            for one in result.findings
            if kpi not in WITH_FAULTS  # how long it took, which is no fault of itself
        ),
        key=lambda one: one.time_us,
    )
    values = {kpi: result.value for kpi, result in results.items()}
    return Judged(
        iteration=iteration,
        start_us=window[0],
        end_us=window[1],
        kpis=values | {"isolation": float(0 if outside.packets else isolation.level)},
        reasons={kpi: result.why for kpi, result in results.items() if result.value is None},
        findings=found[:MOST_FINDINGS],
        more_findings=max(0, len(found) - MOST_FINDINGS),
        faults=list(_spells(seen, window)),
        requests=_asked(seen, window),
        strange=dict(_strange(seen, window).most_common(MOST_STRANGE)),
        beliefs=believed[0],
        troubles=dict(believed[1]),
        isolation=str(isolation),
        outside=str(outside),
        late_ms=max((one.late_ms for one in _busy(seen, window)), default=0),
        left_out=sum(one.refused for one in _busy(seen, window)),
    )


def _busy(seen: Seen, window: Span) -> list[Busy]:
    return [one for one in seen.busy if is_in(one.time_us, [window])]


def _spells(seen: Seen, window: Span) -> Iterable[Spell]:
    began: dict[str, tuple[int, str, int]] = {}
    for fault in seen.faults:
        start, kind, hits = began.get(fault.name, (fault.time_us, fault.kind, 0))
        if fault.what == "began":
            began[fault.name] = fault.time_us, fault.kind, 0
        elif fault.what == "hit":
            began[fault.name] = start, kind, hits + 1
        elif began.pop(fault.name, None) and _meet((start, fault.time_us), window):
            yield _spell(fault.name, kind, start, fault.time_us, max(hits, fault.hits))
    for name, (start, kind, hits) in began.items():
        if start < window[1]:
            yield _spell(name, kind, start, None, hits)


def _spell(name: str, kind: str, start_us: int, end_us: int | None, hits: int) -> Spell:
    return Spell(name=name, kind=kind, start_us=start_us, end_us=end_us, hits=hits)


def _meet(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] <= one[1]


def _asked(seen: Seen, window: Span) -> list[Asked]:
    codes: dict[str, Counter[str]] = {}
    kept: Counter[str] = Counter()
    for request in seen.requests:
        if is_in(request.settled_us, [window]):
            is_new = request.endpoint not in codes and len(codes) >= MOST_ENDPOINTS
            endpoint = OTHERS if is_new else request.endpoint
            codes.setdefault(endpoint, Counter())[str(request.code)] += 1
            kept[endpoint] += not request.answered
    return [
        Asked(endpoint=endpoint, codes=dict(counts), unanswered=kept[endpoint])
        for endpoint, counts in sorted(codes.items())
    ]


def _strange(seen: Seen, window: Span) -> Counter[str]:
    return Counter(
        f"{one.what} {one.detail}" for one in seen.strange if window[0] <= one.time_us < window[1]
    )


def read_judged(path: Path) -> tuple[Judged, ...]:
    """The windows in a file, one a line; SoakUsageError where one is none."""
    try:
        lines = path.read_bytes().splitlines()
        return tuple(Judged.model_validate_json(line) for line in lines)
    except (OSError, ValueError) as error:
        raise SoakUsageError(str(path), f"cannot be read: {one_line(str(error))}") from None


def again(settings: Mapping[str, str], target: str, iterations: int) -> str:
    """The command that has a lane's bot meet the same again."""
    options = {name: settings[name] for name in REPEATED if name in settings}
    words = [f"--soak-iterations={iterations}"]
    words += [f"--soak-target={target}"] if target.startswith("process:") else []
    words += [f"--soak-{name}={value}" for name, value in options.items()]
    words += [f"--soak-belief={one}" for one in settings.get("belief", "").split() if one]
    return " ".join(["pytest", *map(quote, words)])
