"""`pytest-soak repeat`: two bots run in turn, A B B A, and B held against A."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pytest_soak.artifacts.stored_run import StoredRun, find_run
from pytest_soak.baseline.judge import judge_groups
from pytest_soak.baseline.reference import Baseline, read_baseline
from pytest_soak.baseline.words import baseline_lines, baseline_sentence
from pytest_soak.clock import SystemClock
from pytest_soak.commands.merge import gates_of
from pytest_soak.commands.typed import as_typed
from pytest_soak.config.names import shown_path
from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.gates.engine import Verdict, worst
from pytest_soak.gates.model import Gate
from pytest_soak.run.lanes import Chosen
from pytest_soak.run.resolve import Inputs, resolve_settings
from pytest_soak.run.result import kept_settings
from pytest_soak.run.settings import Settings
from pytest_soak.run.soak import run_soak
from pytest_soak.run.stop_signals import stopped_once
from pytest_soak.run.verdict import verdict_line
from pytest_soak.targets.resolve import named_factory

REPEAT = "repeat"
"""The folder of the runs, below the artifact root."""
EXIT_STATUS = {Verdict.PASS: 0, Verdict.WARN: 0, Verdict.FAIL: 1, Verdict.HOLD: 3}
_ARMS = ("a", "b")
_UNTIL_GATED = "smoke"


class Request(NamedTuple):
    """What was typed: the targets, how many runs of each, the gate, where they go.

    `options` are settings as `pytest --soak-...` takes them, by name.
    """

    a: str
    b: str
    runs: int
    gate: str
    root: Path
    options: Mapping[str, str]

    @property
    def targets(self) -> Mapping[str, str]:
        """The target of each arm."""
        return dict(zip(_ARMS, (self.a, self.b), strict=True))


class Turn(NamedTuple):
    """The `number`-th run of an arm."""

    arm: str
    number: int

    def __str__(self) -> str:
        return f"{self.arm}-{self.number}"


def turns(runs: int) -> Iterator[Turn]:
    """The order of so many runs of each arm, A B B A A B B A: a steady drift favours neither.

    So it is where their number is even.
    """
    for number in range(1, runs + 1):
        for arm in _ARMS if number % 2 else reversed(_ARMS):
            yield Turn(arm, number)


def repeat(request: Request, folder: Path, say: Callable[[str], None]) -> int:
    """Run what is not finished yet, `say` how B stands beside A, and return the exit status.

    Raises SoakUsageError for what cannot be meant, and KeyboardInterrupt.
    """
    gates = gates_of(request.gate, folder)
    asked = {turn: _settings(request, turn, gates, folder) for turn in turns(request.runs)}
    bots = {
        arm: Chosen(named_factory(target, f"--{arm}", folder), target, {})
        for arm, target in request.targets.items()
    }
    kept = {turn: _kept(turn, settings) for turn, settings in asked.items()}
    for turn, settings in asked.items():
        run = kept[turn] or _run(bots[turn.arm], settings)
        line = verdict_line(run.result)
        say(one_line(f"{turn}: {line}"))
        if run.result.verdict is Verdict.FAIL:
            again = f"to run it again, remove {shown_path(settings.directory, folder)}"
            say(one_line(f"FAIL: {turn} is no measurement to compare: {line}; {again}"))
            return EXIT_STATUS[Verdict.FAIL]
    a, b = (_arm(arm, asked) for arm in _ARMS)
    beside = judge_groups(b.groups, a, {group.profile: gates for group in b.groups})
    verdict = worst([one.verdict for one in beside])
    told = baseline_sentence(beside)
    begin = f"{verdict}: " if verdict is Verdict.PASS else ""
    for line in baseline_lines(beside):
        say(line)
    say(one_line(f"{begin}{told}; {request.runs} runs each of a ({request.a}), b ({request.b})"))
    return EXIT_STATUS[verdict]


def _settings(request: Request, turn: Turn, gates: Sequence[Gate], folder: Path) -> Settings:
    """Those of a run, whose lanes its gates judge without their limits of a change."""
    typed = {
        **request.options,
        "target": request.targets[turn.arm],
        "seed": str(turn.number),
        "dir": str(request.root / REPEAT / str(turn)),
        "gate": _UNTIL_GATED,
        "resume": "1",
    }
    with as_typed():
        settings = resolve_settings(Inputs(typed, {}, {}, folder, folder, folder))
    of_lanes = tuple(gate.without_baseline() for gate in gates)
    return settings.model_copy(
        update={
            "gates": dict.fromkeys(settings.gates, of_lanes),
            "shown": settings.shown | {"gate": request.gate},
        }
    )


def _kept(turn: Turn, settings: Settings) -> StoredRun | None:
    """The run, where it has come to its end before; SoakUsageError for one of other settings."""
    run = find_run(settings.directory)
    if run is None:
        return None
    _check_same(turn, run, settings)
    over = run.result.status == "finished" and not run.result.unfinished
    return run if over else None


def _check_same(turn: Turn, run: StoredRun, settings: Settings) -> None:
    before = run.result.settings | {"target": run.result.source}
    now = kept_settings(settings) | {"target": settings.target}
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            problem = f"{name} was {before.get(name)}, and is {now.get(name)} now"
            remedy = "give what it was, or another --path"
            raise SoakUsageError(str(settings.directory), f"{turn} is there: {problem}; {remedy}")


def _run(bot: Chosen, settings: Settings) -> StoredRun:
    with as_typed(), stopped_once():
        run_soak(settings, bot, (), SystemClock())
    run = find_run(settings.directory)
    assert run is not None
    return run


def _arm(arm: str, asked: Mapping[Turn, Settings]) -> Baseline:
    """All runs of an arm as one, which is called by the arm's name."""
    runs = {str(turn): one.directory for turn, one in asked.items() if turn.arm == arm}
    found = read_baseline(runs)
    return replace(found, groups=tuple(replace(group, run=arm) for group in found.groups))
