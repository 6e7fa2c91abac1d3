"""`pytest-soak ab`: is B better than A, and how sure is that; each stage is on a ledger."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from pytest_soak.ab.arms import Arm, Tables, load_arm
from pytest_soak.ab.design import STAGES, Share
from pytest_soak.ab.judge import Decision
from pytest_soak.ab.lanes import Where, lane_of
from pytest_soak.ab.limits import load_limits, load_rails
from pytest_soak.ab.power import remedies
from pytest_soak.ab.question import SIM, Question
from pytest_soak.ab.switched import Bot, asked_bot
from pytest_soak.artifacts.ab_report import ab_plan
from pytest_soak.artifacts.names import PRODUCTION_SNAPSHOT
from pytest_soak.artifacts.stored_run import find_run, is_there
from pytest_soak.commands.ab_stages import STATUS, Answer, Asked, Stages, pilot
from pytest_soak.config.knobs import check_knob, parse_knobs
from pytest_soak.config.names import user_path
from pytest_soak.config.profiles import DEFAULT
from pytest_soak.config.scenarios import load_scenario, scenario_shelf
from pytest_soak.config.seeds import parse_seeds
from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.storage.files import sweep, writing
from pytest_soak.storage.lock import locked
from pytest_soak.targets.resolve import named_factory
from pytest_soak.targets.simulated import SimulatedTarget
from pytest_soak.text import number, plural, table

Say = Callable[[str], None]

CONTROL = "steady_safe"
"""What A is of the reference maker where nothing is said."""
PAIRS, LANE = "1..16", "1"
"""The seeds of the reference maker where none are said, and that of any other bot."""


class Request(NamedTuple):
    """What was typed; without a `stage` it is the next one, without `a` and `seeds` the usual ones.

    `target` is as `--soak-target` takes it.
    """

    b: str
    a: str | None
    target: str
    stage: int | None
    hours: float
    seeds: str | None
    market: str
    settings: Sequence[str]
    directory: str
    jobs: int
    plan: bool
    accept_low_power: bool


def ab(request: Request, folder: Path, say: Say, warn: Say) -> Answer:
    """Run a stage, or say what it takes; the exit status: 0 PROMOTE, 1 ROLLBACK, 3 HOLD.

    Raises SoakUsageError for what cannot be meant, ArtifactError for a file that cannot be used.
    """
    question = _question(request, folder)
    root = user_path(request.directory, folder, "--dir")
    if request.plan and question.paired:
        return _plan(question, request, root, say, warn)
    with writing(root):
        root.mkdir(parents=True, exist_ok=True)
    share = None if request.stage is None else Share(request.stage)
    asked = Asked(share, request.hours, request.jobs, request.accept_low_power)

    def rolled_back(reasons: tuple[str, ...]) -> None:
        say(one_line(f"lane T is under A again: {'; '.join(reasons)}"))

    with locked(root):
        sweep(root)
        if request.plan:
            return _plan(question, request, root, say, warn)
        return Stages(question, root, say, warn, rolled_back).run(asked)


def _question(request: Request, folder: Path) -> Question:
    scenario = load_scenario(request.market, scenario_shelf(folder), folder, "--market")
    settings = parse_knobs(request.settings, "--set")
    for name, value in settings.items():
        check_knob(name, value, "--set")
    where = Where(scenario, settings)
    bot = _bot(request.target, where, folder)
    tables = (
        Tables(SimulatedTarget.parameters, SimulatedTarget.flags) if bot is None else bot.tables
    )
    usual = (CONTROL, PAIRS) if bot is None else (DEFAULT, LANE)
    at_first = _snapshot(request.a, scenario.name, folder, "--a") if request.a else usual[0]
    a = load_arm(at_first, tables.base(), tables, folder, "--a")
    b = load_arm(_snapshot(request.b, scenario.name, folder, "--b"), a, tables, folder, "--b")
    if a.digest == b.digest:
        problem = f"{request.b} is the same as {request.a or usual[0]} in every parameter and flag"
        raise SoakUsageError("--b", f"{problem}; there is nothing to compare")
    if bot is not None:
        bot.check_switches(a, b)
    items = tuple(item.strip() for item in (request.seeds or usual[1]).split(","))
    seeds = tuple(sorted(parse_seeds(items, "--seeds")))
    if bot is not None and len(seeds) > 1:
        problem = (
            f"expected one seed, got {len(seeds)}: {bot.name} has one lane, in which it switches"
        )
        raise SoakUsageError("--seeds", problem)
    return Question(a, b, where, seeds, load_limits(), load_rails(), bot)


def _bot(target: str, where: Where, folder: Path) -> Bot | None:
    """The bot of a user; None is the reference maker."""
    if target == SIM:
        return None
    factory = named_factory(target, "--target", folder)
    nothing = Arm(name=DEFAULT, overrides={}, flags={})
    return asked_bot(target, factory, lane_of(where, int(LANE), nothing, load_limits()))


def _snapshot(given: str, market: str, folder: Path, at: str) -> str:
    """`given`, or the path of the production snapshot in the run that it names."""
    path = user_path(given, folder, at)
    is_folder = os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises for a name too long
    run = find_run(path) if is_folder else None
    if run is None:
        return given
    homes = {lane.lane: run.home(lane.lane) for lane in run.result.lanes if lane.market == market}
    paths = {lane: run.folder / f"{home}{PRODUCTION_SNAPSHOT}" for lane, home in homes.items()}
    frozen = {lane: path for lane, path in paths.items() if is_there(path)}
    if not frozen:
        problem = f"no lane on {market} has a {PRODUCTION_SNAPSHOT}, which a freeze writes"
        raise SoakUsageError(at, f"{given}: {problem}; give a profile or a file")
    if len(frozen) > 1:
        problem = f"{len(frozen)} lanes on {market} have a {PRODUCTION_SNAPSHOT}"
        raise SoakUsageError(
            at, f"{given}: {problem}; give the path of one, e.g. {min(frozen.values())}"
        )
    return str(*frozen.values())


def _plan(question: Question, request: Request, root: Path, say: Say, warn: Say) -> Answer:
    """Say the hours that each stage takes; 0 where those asked for are enough for all of them."""
    hours, seeds, limits = request.hours, len(question.seeds), question.limits
    for share in STAGES:
        question.design(share, hours)
    seen = pilot(question, root, request.jobs, warn)
    needs = {share: question.needs(seen, share, hours) for share in STAGES}
    longest = max(needed.planned for needed in needs.values())
    could = [] if longest <= hours else remedies(hours, longest, seeds, limits, question.paired)
    plan = ab_plan(question, hours, seen, needs, could)
    rows: list[tuple[str, ...]] = [("stage", "one look", "planned looks", "every look", "fewest")]
    rows += [(f"{int(s)} %", *(f"{number(h)} h" for h in needed)) for s, needed in needs.items()]
    say("\n".join(table(rows)))
    effect = f"{limits.net_bps:g} bps with {limits.power:.0%} chance"
    noise = f"a noise of {number(seen.sd)} bps a block, {plural(seeds, 'seed')}"
    give = f"give {' or '.join(could)}" if could else "one lane cannot show it"
    said = "enough" if plan.enough else f"too few: {give}"
    say(one_line(f"{question.title}: to see {effect} at {noise}, {hours:g} h are {said}"))
    return Answer(STATUS[Decision.PROMOTE if plan.enough else Decision.HOLD], plan.data())
