"""What an exchange found of its bot in a window: the line of it, and what is told at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.exchange.blame import Spell, blamed, spells
from pytest_soak.exchange.faults.schedule import Schedule
from pytest_soak.exchange.invariants.lost_answers import lost_answers
from pytest_soak.exchange.invariants.names import WITH_FAULTS
from pytest_soak.exchange.invariants.result import Result
from pytest_soak.exchange.invariants.seen import Seen, Span, is_in
from pytest_soak.exchange.invariants.tolerances import Tolerances
from pytest_soak.exchange.jail.isolation import Isolation
from pytest_soak.exchange.jail.outside import Outside
from pytest_soak.exchange.record import Busy
from pytest_soak.text import plural

FOLDER, JUDGED = "exchange", "judged.jsonl"
"""Where in the folder of a lane its windows are: a line each."""
_CALM = Schedule(name="calm")
AGAIN = "quotes_again_s"
MOST_FINDINGS, MOST_STRANGE, MOST_TOLD = 100, 20, 3
MOST_ENDPOINTS, OTHERS = 100, "others"


class Found(BaseModel):
    """Something that the bot did or believed and should not have.

    `since_us` is when it came about, where that was earlier than it could be judged; `fault` what
    broke then, empty where nothing had.
    """

    model_config = ConfigDict(frozen=True)

    kpi: str
    time_us: int
    text: str
    since_us: int | None = None
    fault: str = ""


class Lost(BaseModel):
    """An order that was made while the bot was told something else, see `lost_answers`."""

    model_config = ConfigDict(frozen=True)

    time_us: int
    fault: str
    is_blind: bool
    text: str


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
        lost: The orders of which the bot was not told that they were made, the first hundred.
        settle_s: How long after a fault it was judged.
        late: After which fault it quoted again the latest, in words.
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
    lost: list[Lost] = []
    settle_s: float = 15.0
    late: str = ""
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
        notes = [f"{kpi}: {found.text}{_by(found)}" for kpi, found in first.items()]
        blind = [one for one in self.lost if one.is_blind]
        if blind and not any(one.text in note for one in blind for note in notes):
            more = f" ({len(blind)} in all)" if blind[1:] else ""
            notes.append(f"{blind[0].fault}: {blind[0].text}{more}")
        for what, count in [*self.strange.items()][:MOST_TOLD]:
            notes.append(f"the exchange does not know {what} ({plural(count, 'time')})")
        if self.late_ms:
            why = "a bot that asks too much, or a busy machine"
            notes.append(f"the exchange was late by up to {self.late_ms / 1e3:.1f} s: {why}")
        if self.left_out:
            notes.append(f"{plural(self.left_out, 'more request')} refused, and not recorded")
        return [*notes, *(f"{source}: {why}" for source, why in self.troubles.items() if why)]


def _by(found: Found) -> str:
    """What is laid to a fault, where the words do not name it."""
    return f" (since {found.fault})" if found.fault else ""


def judged(
    iteration: int,
    window: Span,
    seen: Seen,
    results: Mapping[str, Result],
    held: tuple[Isolation, Outside],
    believed: tuple[int, Mapping[str, str]],
    schedule: Schedule = _CALM,
) -> Judged:
    """A window with what was measured in it.

    `held` is how the bot was kept, and what went outside; `believed` how often it was seen, and
    what trouble each source had; `schedule` what was to break.
    """
    isolation, outside = held
    allowed = schedule.tolerances
    broken = spells(seen, (0, window[1]))
    settle_us = round(allowed.settle_s * 1e6)
    found = sorted(
        (
            Found(
                kpi=kpi,
                time_us=one.time_us,
                text=one.text,
                since_us=one.since_us,
                fault=blamed(one, broken, settle_us),
            )
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
        faults=[_with_its_length(one, schedule) for one in spells(seen, window)],
        requests=_asked(seen, window),
        strange=dict(_strange(seen, window).most_common(MOST_STRANGE)),
        beliefs=believed[0],
        troubles=dict(believed[1]),
        lost=_lost(seen, window, allowed),
        settle_s=allowed.settle_s,
        late=_late(results, broken),
        isolation=str(isolation),
        outside=str(outside),
        late_ms=max((one.late_ms for one in _busy(seen, window)), default=0),
        left_out=sum(one.refused for one in _busy(seen, window)),
    )


def _busy(seen: Seen, window: Span) -> list[Busy]:
    return [one for one in seen.busy if is_in(one.time_us, [window])]


def _with_its_length(spell: Spell, schedule: Schedule) -> Spell:
    row = next((row for row in schedule.faults if row.name == spell.name), None)
    longest_us = 0 if row is None else row.jitter_us + row.length_us + row.waits_us
    return spell.model_copy(update={"longest_us": longest_us})


def _late(results: Mapping[str, Result], broken: Sequence[Spell]) -> str:
    result = results.get(AGAIN)
    if result is None or not result.findings:
        return ""
    (one,) = result.findings
    return f"{blamed(one, broken, 0)}: {one.text}"


def _lost(seen: Seen, window: Span, allowed: Tolerances) -> list[Lost]:
    return [
        Lost(time_us=one.time_us, fault=one.fault, is_blind=one.is_blind, text=one.text)
        for one in lost_answers(seen, window, allowed)[:MOST_FINDINGS]
    ]


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
