"""`pytest-soak release judge`: the rules of a step on figures in files; nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_soak.artifacts.build import machine
from pytest_soak.artifacts.release_models import JudgedFigure, ReleaseJudged
from pytest_soak.commands.release_place import Say, Worked
from pytest_soak.config.documents import Document
from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.gates.model import gate_shelf, load_gate
from pytest_soak.release.figures import Figures, figures_of, flattened, named, read_mapping
from pytest_soak.release.judge import judge_dataset, judge_prep, judge_shadow
from pytest_soak.release.judge_ab import judge_ab
from pytest_soak.release.judge_baseline import judge_baseline
from pytest_soak.release.judged import STATUS, WARN, Line, overall
from pytest_soak.release.steps import SHADOW
from pytest_soak.text import table

_AB, _BASELINE, _PREP = "ab", "baseline", "prep"
_POINT_ONLY = (_AB, _BASELINE)


def judge(step: str, files: Sequence[Path], folder: Path, say: Say) -> Worked:
    """Judge what files say by the rules of a step.

    Exit status 0 PASS, WARN or PROMOTE, 1 FAIL or ROLLBACK, 3 HOLD. Raises SoakUsageError for a
    file that cannot be read, and for too few or too many of them.
    """
    documents = [read_mapping(folder / path, str(path)) for path in files]
    lines = _lines(step, documents, folder)
    verdict = overall(lines)
    point_only = step in _POINT_ONLY
    rows = [("figure", "value", "limit", "verdict"), *(tuple(map(one_line, x)) for x in lines)]
    say("\n".join(table(rows)))
    say(one_line(_last(step, verdict, lines, point_only)))
    judged = ReleaseJudged(
        source=", ".join(map(str, files)),
        step=step,
        verdict=verdict,
        figures=[JudgedFigure(**line._asdict()) for line in lines],
        point_only=point_only,
        meta=dict(machine()),
    )
    return Worked(STATUS[verdict], judged.data())


def _lines(step: str, documents: Sequence[Document], folder: Path) -> list[Line]:
    if step == _PREP:
        return judge_prep(dict(pair for one in documents for pair in flattened(one.data)))
    if step == _AB:
        a, b = _pair(documents)
        return judge_ab(a, b)
    if step == _BASELINE:
        _two(documents, "the locked baseline and the run")
        locked, now = documents
        return judge_baseline(locked.data, now.data, figures_of([now]))
    figures = figures_of(documents)
    if step == SHADOW:
        return judge_shadow(figures, load_gate(SHADOW, gate_shelf(folder), folder, "gate"))
    return judge_dataset(figures)


def _pair(documents: Sequence[Document]) -> tuple[Figures, Figures]:
    """A's and B's figures: a file each, or one with both under `a` and `b`."""
    if len(documents) == 1:
        data = {str(key).lower(): value for key, value in documents[0].data.items()}
        sides = [data.get(side) for side in ("a", "b")]
        if all(isinstance(side, dict) for side in sides):
            a, b = (Figures(named(side)) for side in sides if side is not None)
            return a, b
    _two(documents, "A and B")
    return figures_of(documents[:1]), figures_of(documents[1:])


def _two(documents: Sequence[Document], what: str) -> None:
    if len(documents) != 2:
        problem = f"expected two files, {what}, got {len(documents)}"
        raise SoakUsageError("FILE", problem)


def _last(step: str, verdict: str, lines: Sequence[Line], point_only: bool) -> str:
    """The verdict, and the first figure that it is for."""
    told = next((line for line in lines if line.verdict == verdict), lines[0])
    is_good = STATUS[verdict] == 0 and verdict != WARN
    why = "" if is_good else f": {told.what} {told.value} ({told.limit})"
    point = "; point only, the noise is not known" if point_only else ""
    return f"{verdict}: {step}{why}{point}{', so no stage accepts it' if step == _AB else ''}"
