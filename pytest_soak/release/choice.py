"""What a plan comes to with the files that it names: the bot, two configurations, the gates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from pytest_soak.ab.arms import Arm, load_arm
from pytest_soak.ab.lanes import Where, lane_of
from pytest_soak.ab.limits import load_limits
from pytest_soak.ab.switched import Bot, asked_bot
from pytest_soak.config.documents import Document
from pytest_soak.config.flag_layers import Flags, config_layer, resolve_flags
from pytest_soak.config.names import shown_path, user_path
from pytest_soak.config.overrides import resolve
from pytest_soak.config.profiles import DEFAULT, load_profile, profile_shelf
from pytest_soak.config.scenarios import Scenario, load_scenario, scenario_shelf
from pytest_soak.errors import SoakUsageError, unknown
from pytest_soak.gates.criteria import Criteria, criteria_shelf, load_criteria
from pytest_soak.gates.model import Gate, gate_shelf, load_gates
from pytest_soak.release.plan import Change, Plan
from pytest_soak.run.planning import check_metrics
from pytest_soak.targets.resolve import named_factory

CONFIG, OVERRIDE = "config.yaml", "config.soak_overrides.yaml"
"""The bot's configuration where none is named, and what a soak changes of it."""
_NOT_KNOWN = "not known, as the target cannot be used"

T = TypeVar("T")


class Typed(NamedTuple):
    """Configurations of the bot from the command line, which stand in place of the plan's."""

    config: Sequence[str] = ()
    config_override: Sequence[str] = ()


class ConfigFile(NamedTuple):
    """A configuration of the bot: as messages name it, and where it is."""

    name: str
    path: Path


@dataclass(frozen=True)
class Choice:
    """A plan with all that it names, None where `problems` says why it cannot be used.

    `files` are the bot's configurations, of which a later one wins; `override` is the last one, or
    that which would be. `control` is the configuration in use, `candidate` the one that may follow
    it; `flags` says where the flags in use come from.
    """

    plan: Plan
    folder: Path
    files: tuple[ConfigFile, ...]
    override: ConfigFile
    bot: Bot | None = None
    scenario: Scenario | None = None
    flags: Flags | None = None
    control: Arm | None = None
    candidate: Arm | None = None
    gates: dict[str, tuple[Gate, ...] | None] = field(default_factory=dict)
    stop: Criteria | None = None
    problems: dict[str, SoakUsageError] = field(default_factory=dict)


class _Tries:
    """Calls of which each may fail by a mistake of the user's."""

    def __init__(self) -> None:
        self.problems: dict[str, SoakUsageError] = {}

    def __call__(self, what: str, call: Callable[[], T]) -> T | None:
        try:
            return call()
        except SoakUsageError as error:
            self.problems[what] = error
            return None


def choose(plan: Plan, typed: Typed, folder: Path) -> Choice:
    """What a plan comes to; names and paths are looked for from `folder`.

    What cannot be used is among its problems; SoakUsageError is raised for a home folder alone that
    nobody has.
    """
    tries = _Tries()
    files = tuple(config_files(plan, typed, folder))
    scenario = tries("market", lambda: _market(plan, folder))
    bot = tries("target", lambda: _bot(plan, scenario, folder))
    override = override_file(plan, typed, folder)
    found = Choice(plan, folder, files, override, bot, scenario, problems=tries.problems)
    if bot is None:
        for what in ("config", "control", "candidate"):
            tries.problems[what] = SoakUsageError(plan.source, f"{what}: {_NOT_KNOWN}")
        return found
    flags = tries("config", lambda: _flags(bot, files))
    control = candidate = None
    if flags is not None:
        control = tries("control", lambda: _control(plan, bot, flags, folder))
    if control is not None:
        candidate = tries("candidate", lambda: _candidate(plan, bot, control, folder))
    named = {"shadow": plan.gates.shadow, "soak": plan.gates.soak}
    gates = {
        step: tries(f"gate {step}", partial(_gates, given, plan, bot, folder))
        for step, given in named.items()
    }
    stop = tries("stop", lambda: load_criteria(plan.stop, criteria_shelf(folder), folder, "stop"))
    return replace(found, flags=flags, control=control, candidate=candidate, gates=gates, stop=stop)


def config_files(plan: Plan, typed: Typed, folder: Path) -> list[ConfigFile]:
    """The bot's configurations, of which a later one wins: typed, else planned, else usual."""
    found = []
    for option, given, planned, usual in (
        ("--config", typed.config, plan.config, CONFIG),
        ("--config-override", typed.config_override, plan.config_override, OVERRIDE),
    ):
        names = given or planned or ([usual] if (folder / usual).is_file() else [])
        paths = [user_path(name, folder, option if given else plan.source) for name in names]
        found += [ConfigFile(shown_path(path, folder), path) for path in paths]
    return found


def override_file(plan: Plan, typed: Typed, folder: Path) -> ConfigFile:
    """The last of the configurations that change the bot's, which is there or may be made."""
    given = typed.config_override or plan.config_override
    at = "--config-override" if typed.config_override else plan.source
    path = user_path(given[-1] if given else OVERRIDE, folder, at)
    return ConfigFile(shown_path(path, folder), path)


def _market(plan: Plan, folder: Path) -> Scenario:
    return load_scenario(plan.market, scenario_shelf(folder), folder, plan.at("market"))


def _bot(plan: Plan, scenario: Scenario | None, folder: Path) -> Bot:
    factory = named_factory(plan.target, plan.at("target"), folder)
    where = Where(scenario or load_scenario("calm", scenario_shelf(folder), folder, "market"), {})
    nothing = Arm(name=DEFAULT, overrides={}, flags={})
    return asked_bot(plan.target, factory, lane_of(where, plan.seeds[0], nothing, load_limits()))


def _flags(bot: Bot, files: Sequence[ConfigFile]) -> Flags:
    layers = [config_layer(file.path, f"config:{file.name}", file.name) for file in files]
    return resolve_flags(bot.tables.flags, layers)


def _control(plan: Plan, bot: Bot, flags: Flags, folder: Path) -> Arm:
    at = plan.at("profile")
    profile = load_profile(plan.profile, profile_shelf(folder), folder, at)
    values = resolve(bot.tables.parameters, profile, []).values
    base = Arm(name=profile.name, overrides=values, flags=flags.values)
    if plan.control is None:
        return base
    return _changed(plan.control, "control", base, plan, bot, folder)


def _candidate(plan: Plan, bot: Bot, control: Arm, folder: Path) -> Arm:
    found = _changed(plan.candidate, "candidate", control, plan, bot, folder)
    if found.digest == control.digest:
        problem = "is the same as what is in use in every parameter and flag; change something"
        raise SoakUsageError(plan.source, f"candidate: {problem}")
    bot.check_switches(control, found)
    return found


def _changed(given: str | Change, name: str, base: Arm, plan: Plan, bot: Bot, folder: Path) -> Arm:
    """The configuration that the plan has under `name`, as a change of `base`."""
    tables = bot.tables
    if isinstance(given, str):
        return load_arm(given, base, tables, folder, f"{plan.source} {name}")
    overrides, flags = dict(base.overrides), dict(base.flags)
    if given.profile is not None:
        profile = load_profile(given.profile, profile_shelf(folder), folder, given.at)
        overrides = resolve(tables.parameters, profile, []).values
    overrides |= _overrides(given.overrides, bot)
    flags |= _flag_values(given.flags, bot)
    return Arm(name=name, overrides=overrides, flags=flags)


def _overrides(given: Document, bot: Bot) -> dict[str, float]:
    check = bot.tables.parameters.check
    return {name: check(name, value, given.at((name,))) for name, value in given.data.items()}


def _flag_values(given: Document, bot: Bot) -> dict[str, bool | float]:
    values, others = bot.tables.flags.read(given)
    if others:
        raise SoakUsageError(given.at((others[0],)), unknown("flag", others[0], bot.tables.flags))
    return values


def _gates(given: str, plan: Plan, bot: Bot, folder: Path) -> tuple[Gate, ...]:
    """The gate of a step and those of its end, which judge what the target gives."""
    gates = load_gates(given, gate_shelf(folder), folder, f"{plan.source} gates")
    for gate in gates:
        check_metrics(gate, plan.market, bot.can, (), plan.target)
    return gates
