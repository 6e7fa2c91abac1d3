"""`pytest-soak ab`: is B better than A, and how sure is that; each stage is on a ledger."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from pytest_soak.ab.arms import Arm, Tables, load_arm
from pytest_soak.ab.design import STAGES, Design, Share, make_design
from pytest_soak.ab.judge import Decision, Judgement
from pytest_soak.ab.lanes import SimulatedPair, Where
from pytest_soak.ab.limits import Limits, load_limits, load_rails
from pytest_soak.ab.power import BlockNoise, Hours, hours_needed, seeds_needed
from pytest_soak.ab.stage import Outcome, pilot_noise, run_stage
from pytest_soak.artifacts.ab_models import AbReport
from pytest_soak.artifacts.ab_report import Setting, ab_report
from pytest_soak.artifacts.ledger import Entry, Kind, Ledger
from pytest_soak.canonical import compact, dumps
from pytest_soak.config.knobs import check_knob, parse_knobs
from pytest_soak.config.names import user_path
from pytest_soak.config.scenarios import load_scenario, scenario_shelf
from pytest_soak.config.seeds import parse_seeds
from pytest_soak.errors import ArtifactError, SoakUsageError, one_line
from pytest_soak.gates.criteria import Criteria
from pytest_soak.market.announced import compile_announced
from pytest_soak.market.compile import source_digest
from pytest_soak.report.ab import ab_text, headline
from pytest_soak.storage.files import sweep, write_text, writing
from pytest_soak.storage.lock import locked
from pytest_soak.targets.simulated import SimulatedTarget
from pytest_soak.text import number, table
from pytest_soak.version import __version__

STEP = "ab"
STATUS = {Decision.PROMOTE: 0, Decision.ROLLBACK: 1, Decision.HOLD: 3}
_EVENTS: dict[Decision, Kind] = {
    Decision.PROMOTE: "promoted",
    Decision.ROLLBACK: "rolled_back",
    Decision.HOLD: "held",
}

Say = Callable[[str], None]


class Request(NamedTuple):
    """What was typed."""

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


class Question(NamedTuple):
    """What is compared where: the same for all stages."""

    a: Arm
    b: Arm
    where: Where
    seeds: tuple[int, ...]
    limits: Limits
    rails: Criteria

    def pair(self, seed: int) -> SimulatedPair:
        """The lanes of a seed, freshly started."""
        return SimulatedPair(self.where, seed, (self.a, self.b), self.limits, self.rails)

    @property
    def inputs(self) -> dict[str, str]:
        """Hashes of what must be the same in all stages."""
        scenario, settings = self.where.scenario.model_dump(mode="json"), dict(self.where.settings)
        market = sha256(compact([scenario, settings]).encode()).hexdigest()
        return {"a": self.a.digest, "b": self.b.digest, "market": market}


def ab(request: Request, folder: Path, say: Say, warn: Say) -> int:
    """Run the next stage, or say what it takes; the exit status: 0, 1 ROLLBACK, 3 HOLD.

    Raises SoakUsageError for what cannot be meant, ArtifactError for a file that cannot be used.
    """
    question = _question(request, folder)
    for share in STAGES if request.plan else ():
        make_design(share, request.hours, question.seeds, question.limits)
    if request.plan:
        return _plan(request, question, say, warn)
    root = user_path(request.directory, folder, "--dir")
    with writing(root):
        root.mkdir(parents=True, exist_ok=True)
    with locked(root):
        sweep(root)
        return _Stages(request, question, root, say, warn).next()


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
    seeds = parse_seeds(items, "--seeds")
    return Question(a, b, Where(scenario, settings), seeds, load_limits(), load_rails())


def _pilot(question: Question, jobs: int, warn: Say) -> BlockNoise:
    """The noise of lanes whose seeds the stages do not have."""
    compile_announced(warn)
    pilot, first = question.limits.pilot, max(question.seeds) + 1
    seeds = range(first, first + pilot.seeds)
    return pilot_noise(seeds, question.pair, pilot.blocks, question.limits, jobs)


def _plan(request: Request, question: Question, say: Say, warn: Say) -> int:
    """Say the hours that each stage needs; whether those asked for are enough for all."""
    seen = _pilot(question, request.jobs, warn)
    rows: list[tuple[str, ...]] = [("stage", "one look", "planned looks", "every look", "fewest")]
    enough = True
    for share in STAGES:
        needed = _needs(question, seen, share, request.hours)
        enough &= needed.planned <= request.hours
        rows.append((f"{int(share)} %", *(f"{number(hours)} h" for hours in needed)))
    say("\n".join(table(rows)))
    what = f"{question.b.name} against {question.a.name} on {request.market}"
    effect = f"{question.limits.net_bps:g} bps with {question.limits.power:.0%} chance"
    noise = f"{number(seen.sd)} bps a block"
    verdict = "enough" if enough else "too few for some stages: more hours or --seeds"
    say(
        one_line(
            f"{what}: to see {effect} at a noise of {noise}; {request.hours:g} h are {verdict}"
        )
    )
    return 0 if enough else STATUS[Decision.HOLD]


def _needs(question: Question, seen: BlockNoise, share: Share, hours: float) -> Hours:
    looks = len(make_design(share, hours, question.seeds, question.limits).looks)
    return hours_needed(seen, share, len(question.seeds), looks, question.limits)


class _Stages:
    """The stages of a candidate, as the ledger of a folder has them."""

    def __init__(self, request: Request, question: Question, root: Path, say: Say, warn: Say):
        self._request = request
        self._question = question
        self._root = root
        self._say = say
        self._warn = warn
        self._ledger = Ledger(root, warn)
        self._inputs = question.inputs
        self._versions = {
            "package": __version__,
            "kernel": source_digest(),
            "python": platform.python_version(),
        }
        self._decided: dict[int, Entry] = {}
        for entry in self._ours():
            if entry.event in _EVENTS.values() and entry.stage is not None:
                self._decided[entry.stage] = entry

    def next(self) -> int:
        """Run the stage that is next or asked for, unless it is decided; the exit status."""
        share = self._share()
        if share in self._decided:
            return self._recall(self._decided[share])
        design = make_design(
            share, self._request.hours, self._question.seeds, self._question.limits
        )
        seen = _pilot(self._question, self._request.jobs, self._warn)
        needed = _needs(self._question, seen, share, self._request.hours)
        low_power = needed.planned > self._request.hours
        if low_power and not self._request.accept_low_power:
            return self._refuse(needed, share)
        setting = Setting(
            *self._question[:3],
            design,
            self._question.limits,
            seen,
            needed,
            low_power,
            self._versions,
        )
        self._start(setting)
        return self._finish(share, ab_report(setting, self._run(design)))

    def _ours(self) -> list[Entry]:
        """The events of this step that are of the same A, B, market, package and kernel."""
        return [
            entry
            for entry in self._ledger.entries
            if entry.step == STEP
            and entry.inputs == self._inputs
            and all(entry.versions.get(n) == self._versions[n] for n in ("package", "kernel"))
        ]

    def _share(self) -> Share:
        promoted = [stage for stage, e in self._decided.items() if e.event == "promoted"]
        ahead = [share for share in STAGES if share not in promoted]
        following = ahead[0] if ahead else STAGES[-1]
        if self._request.stage is None:
            return following
        asked = Share(self._request.stage)
        if asked > following:
            problem = f"stage {int(asked)} needs PROMOTE of stage {int(following)} first"
            remedy = "with the same A, B, market and package"
            raise SoakUsageError("--stage", f"{problem}, {remedy}: --stage={int(following)}")
        return asked

    def _recall(self, entry: Entry) -> int:
        """Say again what a stage came to: it is decided once."""
        for name, digest in entry.outputs.items():
            path = self._root / name
            if not path.is_file() or sha256(path.read_bytes()).hexdigest() != digest:
                problem = "is missing, or is not what the ledger says was written"
                raise ArtifactError(
                    f"{path}: {problem}; restore it, or begin anew in another --dir"
                )
        decision = Decision(entry.verdict or "")
        final = "" if decision is Decision.PROMOTE else "; it is final for this B, change that"
        why = "; ".join(entry.reasons)
        self._say(one_line(f"{decision}: stage {entry.stage} was decided before: {why}{final}"))
        return STATUS[decision]

    def _refuse(self, needed: Hours, share: Share) -> int:
        """Say that the design cannot decide, and what could."""
        hours, seeds = self._request.hours, len(self._question.seeds)
        remedies = [f"--hours={needed.planned:g}"]
        remedies.append(f"{seeds_needed(hours, needed.planned, seeds)} seeds instead of {seeds}")
        remedies.append("or --accept-low-power, which marks the report")
        net, power = self._question.limits.net_bps, self._question.limits.power
        told = f"{hours:g} h of {seeds} seeds at {int(share)} % are too few to see {net:g} bps"
        rate = f"with {power:.0%} chance, {needed.planned:g} h are needed"
        self._say(one_line(f"HOLD: {told} {rate}: {', '.join(remedies)}"))
        return STATUS[Decision.HOLD]

    def _start(self, setting: Setting) -> None:
        """Write the plan before the first block; one that was begun goes on only as it was."""
        plan = json.loads(compact(self._plan_of(setting)))
        share = int(setting.design.share)
        begun = [e for e in self._ours() if e.event == "started" and e.stage == share]
        if not begun:
            self._ledger.add(
                "started",
                STEP,
                stage=share,
                inputs=self._inputs,
                plan=plan,
                versions=self._versions,
            )
        elif begun[-1].plan != plan:
            design = begun[-1].plan["design"]
            seeds = ",".join(design["assignment"])
            problem = f"stage {share} was begun with another plan and is not decided"
            remedy = f"go on with --hours={design['hours']:g} --seeds={seeds}"
            if design == plan["design"]:
                remedy = f"go on with{'' if begun[-1].plan['low_power'] else 'out'} low power"
            raise SoakUsageError("--hours", f"{problem}; {remedy}")

    def _plan_of(self, setting: Setting) -> dict[str, Any]:
        limits = self._question.limits
        return {
            "hypotheses": {
                "none": "B earns no more net_bps than A",
                "better": f"net_bps by {limits.net_bps:g} or more",
                "harm": "slippage, tick time or an absolute limit worse than allowed",
            },
            "a": setting.a.model_dump(mode="json"),
            "b": setting.b.model_dump(mode="json"),
            "market": self._question.where.scenario.name,
            "settings": dict(self._question.where.settings),
            "limits": limits.model_dump(mode="json"),
            "rails": self._question.rails.model_dump(mode="json", by_alias=True),
            "design": setting.design.model_dump(mode="json"),
            "pilot": setting.pilot._asdict(),
            "low_power": setting.low_power,
        }

    def _run(self, design: Design) -> Outcome:
        looks = list(design.looks)

        def look(done: int, judgement: Judgement) -> None:
            if judgement.decision is None:
                at = f"look {looks.index(done) + 1} of {len(looks)}"
                self._say(one_line(f"{at}, the stage goes on: {'; '.join(judgement.reasons)}"))

        def rolled_back(reasons: tuple[str, ...]) -> None:
            self._say(one_line(f"lane T is under A again: {'; '.join(reasons)}"))

        jobs, limits = self._request.jobs, self._question.limits
        try:
            return run_stage(design, self._question.pair, limits, jobs, rolled_back, look)
        except KeyboardInterrupt:
            self._ledger.add(
                "interrupted",
                STEP,
                stage=int(design.share),
                inputs=self._inputs,
                versions=self._versions,
            )
            raise

    def _finish(self, share: Share, report: AbReport) -> int:
        """Write the report, then the decision; say both."""
        texts = {".json": dumps(report.data()), ".md": ab_text(report)}
        of_what = sha256(compact([self._inputs, self._versions["kernel"]]).encode()).hexdigest()
        outputs = {}
        for suffix, text in texts.items():
            name = f"AB_{of_what[:12]}_{int(share)}{suffix}"
            write_text(self._root / name, text, durable=True)
            outputs[name] = sha256(text.encode()).hexdigest()
        decision = Decision(report.decision)
        self._ledger.add(
            _EVENTS[decision],
            STEP,
            stage=int(share),
            inputs=self._inputs,
            outputs=outputs,
            verdict=decision.value,
            reasons=report.reasons,
            versions=self._versions,
        )
        self._say(f"report: {self._root / list(outputs)[-1]}")
        self._say(one_line(f"{headline(report)}; next: {_then(decision, share)}"))
        return STATUS[decision]


def _then(decision: Decision, share: Share) -> str:
    """What to do after a stage."""
    if decision is Decision.PROMOTE:
        ahead = [stage for stage in STAGES if stage > share]
        return f"the same with --stage={int(ahead[0])}" if ahead else "B can be A"
    return "keep A; this B is decided, change it to try again"
