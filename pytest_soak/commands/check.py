"""`pytest-soak check`: a dry start of a bot; what it gives, and what a gate would lack."""

from __future__ import annotations

import json
import os
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import click

from pytest_soak.artifacts.names import FEED_INDEX, FEEDS
from pytest_soak.clock import SystemClock
from pytest_soak.commands.kpis import kpi_table
from pytest_soak.config.ini import ini_value
from pytest_soak.engine.events import Event, IterationFailed, IterationFinished, LaneStarted, Notice
from pytest_soak.engine.plan import LanePlan
from pytest_soak.engine.record import Ending, IterationRecord
from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.kpi.spans import SPAN_KPIS
from pytest_soak.kpi.summary import Summary
from pytest_soak.kpi.tables import GROWTH_KPIS
from pytest_soak.observation.feed_files import feed_file
from pytest_soak.observation.feed_schema import FEEDS as KNOWN_FEEDS
from pytest_soak.options import OPTIONS
from pytest_soak.run.lanes import Chosen
from pytest_soak.run.resolve import Inputs, resolve_settings
from pytest_soak.run.settings import Settings
from pytest_soak.run.soak import SoakResult, run_soak
from pytest_soak.run.stop_signals import stopped_once
from pytest_soak.targets.resolve import named_factory
from pytest_soak.text import plural

Say = Callable[[str], None]
GATE = next(option for option in OPTIONS if option.name == "gate")
_OURS = (str(Path(__file__).parents[1]), threading.__file__, str(Path(click.__file__).parent))


class Request(NamedTuple):
    """What is checked: the target as --soak-target takes it, by which gate, and for how long.

    Without a gate it is that of a session here.
    """

    target: str
    gate: str | None
    seconds: float


class _Heard:
    """What a soak of one window told."""

    def __init__(self) -> None:
        self.plan: LanePlan | None = None
        self.record: IterationRecord | None = None
        self.cause = ""
        self.notices: list[str] = []

    def start(self, settings: Settings) -> None:
        """Nothing to do."""

    def handle(self, event: Event) -> None:
        """Keep what a check says."""
        if isinstance(event, LaneStarted):
            self.plan = event.plan
        elif isinstance(event, IterationFinished):
            self.record = event.record
        elif isinstance(event, IterationFailed):
            self.cause = event.cause
        elif isinstance(event, Notice) and event.lane:
            self.notices.append(event.text)

    def close(self) -> None:
        """Nothing to do."""


def check(request: Request, base: Path, say: Say) -> bool:
    """Start the target, soak it for one short window, stop it, and `say` what it gives.

    Gates by name and the modules of targets are looked for from `base`; nothing is written there.
    Whether it was measured, and gives all that the gate asks for. Raises SoakUsageError for what
    cannot be soaked at all.
    """
    with TemporaryDirectory(prefix="pytest-soak-check-") as folder:
        settings = _settings(request, base, folder)
        factory = named_factory(settings.target, "TARGET", base)
        heard = _Heard()
        result = _soaked(settings, Chosen(factory, settings.target), heard, say)
        told = list(_feed_lines(result.folder / FEEDS / FEED_INDEX))
    for line in (*_lines(heard, told), *map(one_line, heard.notices)):
        say(line)
    problem = _problem(heard, result)
    gate = heard.plan.gate.name if heard.plan else ""
    say(one_line(problem or f"OK: {request.target} gives all that gate {gate} asks for"))
    return not problem


def _soaked(settings: Settings, chosen: Chosen, heard: _Heard, say: Say) -> SoakResult:
    try:
        with stopped_once():
            return run_soak(settings, chosen, [heard], SystemClock())
    except SoakUsageError as error:
        raise _as_typed(error) from None
    except KeyboardInterrupt as interrupt:
        for line in (*map(one_line, heard.notices), f"interrupted{_place(interrupt)}"):
            say(line)
        raise


def _place(interrupt: KeyboardInterrupt) -> str:
    """Where the bot was when it was interrupted, as far as that can be seen."""
    if notes := getattr(interrupt, "__notes__", ()):
        return f": {'; '.join(notes)}"
    frames = traceback.extract_tb(interrupt.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_OURS)]
    return f" at {Path(own[-1].filename).name}:{own[-1].lineno} in {own[-1].name}" if own else ""


def _settings(request: Request, base: Path, folder: str) -> Settings:
    texts = {
        "target": request.target,
        "minutes": f"{request.seconds / 60:.9f}",
        "iterations": "1",
        "dir": folder,
    }
    if request.gate is not None:
        texts["gate"] = request.gate
    ini = ini_value(base, GATE.dest)
    given = {} if ini is None else {GATE.dest: ini.text}
    env = {name: os.environ[name] for name in (str(GATE.env),) if name in os.environ}
    home = base if ini is None else ini.file.parent
    try:
        return resolve_settings(Inputs(texts, env, given, base, home, base))
    except SoakUsageError as error:
        raise _as_typed(error) from None


def _as_typed(error: SoakUsageError) -> SoakUsageError:
    """A mistake, told by the options of this command; a gate to paste is too long for a check."""
    source = {"--soak-target": "TARGET", "--soak-minutes": "--seconds"}.get(error.source)
    problem = error.problem.partition(", e.g. one that holds {")[0]
    return SoakUsageError(
        source or error.source.replace("--soak-", "--"), problem.replace("--soak-gate", "--gate")
    )


def _feed_lines(index: Path) -> Iterator[str]:
    """The feeds that a bot writes itself, and those that it does not."""
    if not index.exists():
        return
    lines = dict.fromkeys(KNOWN_FEEDS, 0)
    for entry in json.loads(index.read_bytes())["files"]:
        if file := feed_file(entry["file"]):
            lines[file.feed] += entry["lines"]
    told = [f"{name} {plural(count, 'line')}" for name, count in lines.items() if count]
    yield f"feeds: {', '.join(told) or 'none'}"
    yield "feeds without a line: " + ", ".join(name for name, count in lines.items() if not count)


def _lines(heard: _Heard, feeds: list[str]) -> Iterator[str]:
    plan, record = heard.plan, heard.record
    if plan is not None:
        values = ", ".join(f"{name}={value:g}" for name, value in plan.overrides.values.items())
        yield f"parameters: {values or 'none'}"
    if record is not None:
        yield from feeds
        yield from kpi_table(record.summary)
        yield from (one_line(f"fault: {fault}") for fault in record.summary.faults)
        yield from map(one_line, record.summary.notes)


def _problem(heard: _Heard, result: SoakResult) -> str:
    """Why the bot is not ready to be soaked; empty where it is."""
    for lane in result.lanes:
        if lane.ending is Ending.TARGET:
            return f"FAIL: {lane.reasons[0].removeprefix('iteration 1: ')}"
    if heard.plan is None or heard.record is None:
        return f"FAIL: {heard.cause or result.text}"
    if heard.record.summary.faults:
        return f"FAIL: {plural(len(heard.record.summary.faults), 'fault')}: it cannot be measured"
    reasons = heard.record.summary.reasons
    missing = [
        f"{name} ({reasons.get(name, 'not given by the target')})"
        for name in lacking(heard.plan, heard.record.summary)
    ]
    return f"FAIL: gate {heard.plan.gate.name} would lack {', '.join(missing)}" if missing else ""


def lacking(plan: LanePlan, summary: Summary) -> list[str]:
    """The metrics of a lane's gates without a value.

    Growth, which no short window shows, is left out.
    """
    asked = [t.metric for gate in plan.finals for t in gate.on(plan.lane.market)]
    needed = [x for name in asked for x in (SPAN_KPIS[name].needs if name in SPAN_KPIS else [name])]
    names = [name for name in dict.fromkeys(needed) if name not in GROWTH_KPIS]
    return [name for name in names if summary.kpis.get(name) is None]
