"""`pytest-soak release ab`: the candidate against what is in use, stage by stage."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from pytest_soak.ab.design import Share
from pytest_soak.ab.lanes import Where
from pytest_soak.ab.limits import load_limits, load_rails
from pytest_soak.ab.question import SIM, Question
from pytest_soak.ab.stage import run_stage
from pytest_soak.clock import Clock
from pytest_soak.commands.ab_pages import PAGE
from pytest_soak.commands.ab_stages import Answer, RolledBack, Stages
from pytest_soak.commands.ab_stages import Asked as Stage
from pytest_soak.commands.release_place import (
    Asked,
    Place,
    Say,
    Worked,
    command,
    open_place,
    present,
)
from pytest_soak.commands.release_rollback import finish_rollback, go_back, to_snapshot
from pytest_soak.commands.release_step import candidate_of, check_before, run_folder
from pytest_soak.errors import one_line
from pytest_soak.release.hashes import file_hashes
from pytest_soak.release.record import Outcome, Record
from pytest_soak.release.state import basis
from pytest_soak.release.steps import AB, LAST_STAGE, LOCK, PREP
from pytest_soak.storage.files import sweep
from pytest_soak.storage.lock import locked


def ab(
    asked: Asked,
    stage: Stage,
    env: Mapping[str, str],
    folder: Path,
    clock: Clock,
    say: Say,
) -> Worked:
    """Run the next stage of the A/B, and put what it came to on the ledger of the release.

    Exit status 0 PROMOTE, 1 ROLLBACK, 3 HOLD or too few hours. Raises SoakUsageError where a step
    before is not done.
    """
    place = open_place(asked, env, folder)
    question = _question(place)
    root = run_folder(place, AB)
    root.mkdir(parents=True, exist_ok=True)
    finish_rollback(place, clock, say)
    with locked(place.home):
        sweep(root)
        record = Record(place.directory, clock, say)
        check_before(place, AB, record.entries, clock)
        rests = basis(AB, record.entries, present(place, record.entries, clock))
        record.begin(AB, rests)
        try:
            given = stage._replace(hours=place.choice.plan.hours.ab)
            answer = Stages(question, root, say, say, _back(place, clock, say)).run(given)
        except KeyboardInterrupt:
            record.interrupt(AB, rests)
            raise
        outcome = _outcome(place, root, answer)
        record.finish(AB, rests, outcome, answer.document.get("stage"))
    say(one_line(f"{outcome.verdict}: ab of {place.choice.plan.source}; next: {_next(answer)}"))
    return Worked(answer.status, answer.document)


def ab_anew(place: Place, stage: int) -> str:
    """The decision of a stage: run again in a folder that goes, or by the blocks that it has kept.

    Raises TargetError where a bot that would have to be run again is not deterministic.
    """
    question = _question(place)
    design = question.design(Share(stage), place.choice.plan.hours.ab)
    kept = run_folder(place, AB) / f"{question.name}_{stage}"

    def nobody(*_: object) -> None:
        """What there is to tell was told."""

    with TemporaryDirectory() as folder:
        make = partial(question.runner_again, kept, Path(folder))
        return str(run_stage(design, make, question.limits, 1, nobody, nobody).decision)


def _question(place: Place) -> Question:
    """The candidate as B, what is in use as A, on the plan's market and seeds."""
    b = candidate_of(place)
    choice = place.choice
    assert choice.control is not None
    assert choice.scenario is not None
    bot = None if choice.plan.target == SIM else choice.bot
    seeds = choice.plan.seeds if bot is None else choice.plan.seeds[:1]
    where = Where(choice.scenario, {})
    return Question(choice.control, b, where, seeds, load_limits(), load_rails(), bot)


def _back(place: Place, clock: Clock, say: Say) -> RolledBack:
    """Put the configuration back that prep kept, as soon as lane T is under A again."""

    def press(reasons: tuple[str, ...]) -> None:
        why = "; ".join(reasons)
        say(one_line(f"lane T is under A again: {why}"))
        go_back(place, to_snapshot(place), why, clock, say)

    return press


def _outcome(place: Place, root: Path, answer: Answer) -> Outcome:
    """What a stage came to; one with too few hours is held, and leaves no report."""
    decided = answer.document.get("decision")
    if decided is None:
        could = " or ".join([*answer.document["remedies"], "--accept-low-power"])
        return Outcome("HOLD", [f"too few hours to see what it is to decide: give {could}"])
    stage = answer.document["stage"]
    told = [path for path in root.glob(f"*_{stage}.*") if path.suffix != PAGE]
    paths = [path.relative_to(place.directory).as_posix() for path in told]
    hashes = file_hashes(place.directory, sorted(paths))
    below = root.relative_to(place.directory).as_posix()
    return Outcome(decided, answer.document["reasons"], hashes, below)


def _next(answer: Answer) -> str:
    if answer.status == 0:
        return command(LOCK if answer.document["stage"] == LAST_STAGE else AB)
    if answer.status == 1:
        return f"change the candidate, then {command(PREP)}"
    return f"more hours or seeds in the plan, then {command(AB)}"
