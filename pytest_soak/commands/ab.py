"""`pytest-soak ab`: is B better than A, and how sure is that; each stage is on a ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from pytest_soak.ab.arms import Tables, load_arm
from pytest_soak.ab.design import STAGES, Share, make_design
from pytest_soak.ab.judge import Decision
from pytest_soak.ab.lanes import Where
from pytest_soak.ab.limits import load_limits, load_rails
from pytest_soak.ab.power import remedies
from pytest_soak.ab.question import Question
from pytest_soak.commands.ab_stages import STATUS, Asked, Stages
from pytest_soak.config.knobs import check_knob, parse_knobs
from pytest_soak.config.names import user_path
from pytest_soak.config.scenarios import load_scenario, scenario_shelf
from pytest_soak.config.seeds import parse_seeds
from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.market.announced import compile_announced
from pytest_soak.storage.files import sweep, writing
from pytest_soak.storage.lock import locked
from pytest_soak.targets.simulated import SimulatedTarget
from pytest_soak.text import number, table

Say = Callable[[str], None]


class Request(NamedTuple):
    """What was typed; without a `stage` it is the next one."""

    b: str
    a: str
    stage: int | None
    hours: float
    seeds: str
    market: str
    settings: Sequence[str]
    directory: str
    jobs: int
    plan: bool
    accept_low_power: bool


def ab(request: Request, folder: Path, say: Say, warn: Say) -> int:
    """Run a stage, or say what it takes; the exit status: 0 PROMOTE, 1 ROLLBACK, 3 HOLD.

    Raises SoakUsageError for what cannot be meant, ArtifactError for a file that cannot be used.
    """
    question = _question(request, folder)
    if request.plan:
        compile_announced(warn)
        return _plan(question, request.hours, request.jobs, say)
    root = user_path(request.directory, folder, "--dir")
    with writing(root):
        root.mkdir(parents=True, exist_ok=True)
    share = None if request.stage is None else Share(request.stage)
    asked = Asked(share, request.hours, request.jobs, request.accept_low_power)

    def rolled_back(reasons: tuple[str, ...]) -> None:
        say(one_line(f"lane T is under A again: {'; '.join(reasons)}"))

    with locked(root):
        sweep(root)
        return Stages(question, root, say, warn, rolled_back).run(asked)


def _question(request: Request, folder: Path) -> Question:
    tables = Tables(parameters=SimulatedTarget.parameters, flags=SimulatedTarget.flags)
    a = load_arm(request.a, tables.base(), tables, folder, "--a")
    b = load_arm(request.b, a, tables, folder, "--b")
    if a.digest == b.digest:
        problem = f"{request.b} is the same as {request.a} in every parameter and flag"
        raise SoakUsageError("--b", f"{problem}; there is nothing to compare")
    scenario = load_scenario(request.market, scenario_shelf(folder), folder, "--market")
    settings = parse_knobs(request.settings, "--set")
    for name, value in settings.items():
        check_knob(name, value, "--set")
    items = tuple(item.strip() for item in request.seeds.split(","))
    seeds = tuple(sorted(parse_seeds(items, "--seeds")))
    return Question(a, b, Where(scenario, settings), seeds, load_limits(), load_rails())


def _plan(question: Question, hours: float, jobs: int, say: Say) -> int:
    """Say the hours that each stage takes; 0 where those asked for are enough for all of them."""
    for share in STAGES:
        make_design(share, hours, question.seeds, question.limits)
    seen = question.pilot(jobs)
    needs = {share: question.needs(seen, share, hours) for share in STAGES}
    rows: list[tuple[str, ...]] = [("stage", "one look", "planned looks", "every look", "fewest")]
    rows += [(f"{int(s)} %", *(f"{number(h)} h" for h in needed)) for s, needed in needs.items()]
    say("\n".join(table(rows)))
    effect = f"{question.limits.net_bps:g} bps with {question.limits.power:.0%} chance"
    noise = f"a noise of {number(seen.sd)} bps a block, {len(question.seeds)} seeds"
    longest = max(needed.planned for needed in needs.values())
    enough = longest <= hours
    could = remedies(hours, longest, len(question.seeds), question.limits)
    said = "enough" if enough else f"too few: give {' or '.join(could)}"
    say(one_line(f"{question.title}: to see {effect} at {noise}, {hours:g} h are {said}"))
    return STATUS[Decision.PROMOTE if enough else Decision.HOLD]
