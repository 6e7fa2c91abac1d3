"""What GitHub Actions shows of a run: annotations, and the summary of the step."""

from __future__ import annotations

import html
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pytest_soak.artifacts.baseline_models import AgainstBaseline
from pytest_soak.artifacts.models import Comparison, LaneOutcome, RunResult
from pytest_soak.baseline.words import HEADS, baseline_sentence, rows_of, title
from pytest_soak.engine.plan import GateMode, succeeds
from pytest_soak.errors import one_line
from pytest_soak.gates.engine import Verdict
from pytest_soak.kpi.definitions import HEADLINES
from pytest_soak.kpi.spans import is_own
from pytest_soak.report.differences import difference_rows
from pytest_soak.run.verdict import verdict_line
from pytest_soak.storage.files import writing

MOST_ANNOTATIONS = 10
"""Of a kind that GitHub shows of a step."""
MOST_BYTES = 2**20
"""Of a step's summary; GitHub drops a longer one."""

_MOST_COLUMNS = 8
_COLUMNS = tuple(headline.name for headline in HEADLINES if headline.tag)
_MARKUP = r"\`*_{}[]<>()#+!|&~:@$"


@dataclass(frozen=True)
class GitHub:
    """A step of a workflow; `summary` is the file of its summary, if it has one."""

    summary: Path | None
    token: str = field(default_factory=lambda: fresh_token())

    def stop(self) -> str:
        """The line after which nothing that is printed is a workflow command, until `resume`."""
        return f"::stop-commands::{self.token}"

    def resume(self) -> str:
        """The line that ends what `stop` began."""
        return f"::{self.token}::"

    def write_summary(self, result: RunResult, comparison: Comparison | None = None) -> None:
        """Append the run to the step's summary; ArtifactError as of `append`."""
        self.append(_lines(result, comparison))

    def append(self, lines: Iterable[str]) -> None:
        """Append lines of Markdown to the step's summary, as far as there is room for them.

        Raises ArtifactError when the file cannot be written.
        """
        if self.summary is None:
            return
        with writing(self.summary):
            taken = self.summary.stat().st_size if self.summary.exists() else 0
            text = _fitted(lines, MOST_BYTES - taken)
            with self.summary.open("a", encoding="utf-8", newline="\n") as file:
                file.write(text)


def fresh_token() -> str:
    """What no text says by chance, to resume commands with."""
    return secrets.token_hex(16)


def harmless(line: str) -> str:
    """`line`, which does not start with `::`, without what the runner obeys within a line."""
    return line.replace("##[", "## [")


def github_step(environment: Mapping[str, str]) -> GitHub | None:
    """The step that this process is part of; None outside of GitHub Actions."""
    if environment.get("GITHUB_ACTIONS") != "true":
        return None
    summary = environment.get("GITHUB_STEP_SUMMARY")
    return GitHub(Path(summary) if summary else None)


def annotate(result: RunResult) -> list[str]:
    """An error for each lane or run that fails the whole, a warning for each other but PASS."""
    judged = [(lane, succeeds(lane.verdict, result.gate_mode)) for lane in result.lanes]
    errors = [_of_lane("error", lane) for lane, good in judged if lane.verdict and not good]
    errors += [command("error", name, "not finished") for name in result.unfinished]
    told = [_beside(one, result.gate_mode) for one in result.baseline]
    errors += [text for good, text in told if text and not good]
    if not errors and not succeeds(result.verdict, result.gate_mode):
        errors = [command("error", "soak", verdict_line(result))]
    warnings = [
        _of_lane("warning", lane)
        for lane, good in judged
        if good and lane.verdict is not Verdict.PASS
    ]
    warnings += [text for good, text in told if text and good]
    return [*_few("error", errors), *_few("warning", warnings)]


def command(kind: str, title: str, message: str) -> str:
    """A workflow command: one line, whatever is in its parts."""
    safe_title = _percent(one_line(title)).replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={safe_title}::{_percent(one_line(message))}"


def summary_text(
    result: RunResult, comparison: Comparison | None = None, room: int = MOST_BYTES
) -> str:
    """The run as Markdown of at most `room` bytes; what is left out is said."""
    return _fitted(_lines(result, comparison), room)


def _fitted(lines: Iterable[str], room: int) -> str:
    """As many lines as there is room for, in bytes; that some are left out is the last of them."""
    kept: list[str] = []
    left = room
    for line in lines:
        size = len(line.encode()) + 1
        if size > left - _RESERVE:
            kept.append(_CUT)
            break
        kept.append(line)
        left -= size
    text = "".join(f"{line}\n" for line in kept)
    return text if len(text.encode()) <= room else ""


_CUT = "\n*There is more; see the artifacts.*"
_RESERVE = len(_CUT) + 1


def _lines(result: RunResult, comparison: Comparison | None) -> Iterator[str]:
    yield f"### {shown(verdict_line(result))}"
    yield ""
    if result.lanes:
        names = _columns(result.lanes)
        heads = ("lane", "verdict", "iterations", *names, "why")
        yield from table([heads, *(_row(lane, names) for lane in result.lanes)])
        yield ""
    for one in result.baseline:
        yield f"{shown(title(one))}:"
        yield ""
        yield from table([HEADS, *rows_of(one)])
        yield ""
    if comparison is not None:
        yield from _compared(comparison)


def _compared(comparison: Comparison) -> Iterator[str]:
    same = sum(pair.identical for pair in comparison.lanes)
    reference = shown(str(comparison.meta["reference"]))
    yield f"Against {reference}: {same} of {len(comparison.lanes)} lanes identical."
    yield ""
    rows = difference_rows(comparison)
    if len(rows) > 1:
        yield from table(rows)
        yield ""


def _columns(lanes: Sequence[LaneOutcome]) -> list[str]:
    """What was measured: the headlines, what a reason is about, then a bot's own KPIs."""
    measured = dict.fromkeys(
        name for lane in lanes for name, value in lane.medians.items() if value is not None
    )
    told = [reason.split(" ")[0] for lane in lanes for reason in lane.reasons]
    wanted = dict.fromkeys((*_COLUMNS, *told, *filter(is_own, measured)))
    return [name for name in wanted if name in measured][:_MOST_COLUMNS]


def _row(lane: LaneOutcome, names: Sequence[str]) -> tuple[str, ...]:
    medians = (lane.medians.get(name) for name in names)
    return (
        lane.lane,
        lane.verdict or "none",
        f"{lane.iterations} of {lane.planned}",
        *("" if value is None else f"{value:.4g}" for value in medians),
        "; ".join(lane.reasons),
    )


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of plain text as a table; the first is its head."""
    heads, *rest = ([shown(cell) for cell in row] for row in rows)
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for cells in rest:
        yield f"| {' | '.join(cells)} |"


def shown(text: str) -> str:
    """`text` that Markdown and HTML show as it is."""
    return "".join(f"&#{ord(c)};" if c in _MARKUP else html.escape(c) for c in one_line(text))


def _of_lane(kind: str, lane: LaneOutcome) -> str:
    return command(kind, lane.lane, "; ".join(lane.reasons) or f"the lane is {lane.verdict}")


def _beside(one: AgainstBaseline, mode: GateMode) -> tuple[bool, str]:
    """Whether lanes beside a baseline let the run succeed, and the annotation; none of a PASS."""
    good = succeeds(one.verdict, mode)
    if one.verdict is Verdict.PASS:
        return good, ""
    where = f"{one.after} on {one.market}"
    return good, command("warning" if good else "error", where, baseline_sentence([one]))


def _few(kind: str, commands: Sequence[str]) -> Sequence[str]:
    if len(commands) <= MOST_ANNOTATIONS:
        return commands
    begin = commands[: MOST_ANNOTATIONS - 1]
    rest = f"{len(commands) - len(begin)} more lanes, see the summary of the step"
    return [*begin, command(kind, "soak", rest)]


def _percent(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
