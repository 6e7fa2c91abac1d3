"""The stages of an A/B in a folder: which is next, what was planned, what it came to."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from pytest_soak.ab.design import STAGES, Design, Share
from pytest_soak.ab.judge import Decision, Judgement
from pytest_soak.ab.power import BlockNoise, Hours, remedies
from pytest_soak.ab.question import Question
from pytest_soak.ab.stage import Outcome, run_stage
from pytest_soak.artifacts.ab_found import STEP
from pytest_soak.artifacts.ab_models import AbReport
from pytest_soak.artifacts.ab_report import Setting, ab_plan, ab_report
from pytest_soak.artifacts.ledger import Entry, Kind, Ledger
from pytest_soak.canonical import compact, dumps
from pytest_soak.commands.ab_pages import write_page
from pytest_soak.errors import ArtifactError, SoakUsageError, TargetError, one_line
from pytest_soak.market.announced import compile_announced
from pytest_soak.report.ab import ab_text, headline, what_next
from pytest_soak.storage.files import write_text
from pytest_soak.storage.links import plain
from pytest_soak.text import plural

STATUS = {Decision.PROMOTE: 0, Decision.ROLLBACK: 1, Decision.HOLD: 3}
EVENTS: dict[Decision, Kind] = {
    Decision.PROMOTE: "promoted",
    Decision.ROLLBACK: "rolled_back",
    Decision.HOLD: "held",
}
Say = Callable[[str], None]
RolledBack = Callable[[tuple[str, ...]], None]


class Answer(NamedTuple):
    """What a command came to: its exit status, and the same as a document, JSON data."""

    status: int
    document: Mapping[str, Any]


class Asked(NamedTuple):
    """Which stage, None for the next one, and how it is to be run."""

    share: Share | None
    hours: float
    jobs: int
    accept_low_power: bool


class Stages:
    """The stages of one question in the folder `root`, as its ledger has them.

    `rolled_back` is called with the reasons of a ROLLBACK as soon as lane T is under A again.
    """

    def __init__(
        self, question: Question, root: Path, say: Say, warn: Say, rolled_back: RolledBack
    ) -> None:
        self._question = question
        self._root = root
        self._say = say
        self._warn = warn
        self._rolled_back = rolled_back
        self._ledger = Ledger(root, warn)
        self._same = question.versions
        self._versions = {**self._same, "python": platform.python_version()}
        self._inputs = question.inputs

    def run(self, asked: Asked) -> Answer:
        """Run a stage, unless it is decided.

        Raises SoakUsageError where one before it is not promoted, or it was begun otherwise.
        """
        decided = {e.stage: e for e in self._ours() if e.event in EVENTS.values()}
        share = _chosen(asked.share, decided)
        if share in decided:
            return self._recall(decided[share])
        question = self._question
        design = question.design(share, asked.hours)
        seen = pilot(question, self._root, asked.jobs, self._warn)
        needed = question.needs(seen, share, asked.hours)
        low_power = needed.planned > asked.hours
        if low_power and not asked.accept_low_power:
            return self._refuse(seen, needed, design)
        setting = Setting(question, design, seen, needed, low_power, self._versions)
        self._begin(setting)
        return self._finish(share, ab_report(setting, self._measure(design, asked.jobs)))

    def _ours(self) -> list[Entry]:
        """The events of this step that are of the same A, B, market, package and kernel."""
        return [entry for entry in self._ledger.entries if self._is_ours(entry)]

    def _is_ours(self, entry: Entry) -> bool:
        same = (entry.step, entry.inputs) == (STEP, self._inputs)
        return same and entry.versions.items() >= self._same.items()

    def _supersede(self) -> None:
        """Say of each stage of another comparison that it was begun, and is not decided."""
        last = {(compact([e.inputs, e.versions]), e.stage): e for e in self._ledger.entries}
        for entry in last.values():
            if entry.event in ("started", "interrupted") and not self._is_ours(entry):
                of = {"stage": entry.stage, "inputs": entry.inputs, "versions": entry.versions}
                why = ["another comparison was begun before it was decided"]
                self._ledger.add("superseded", entry.step, reasons=why, **of)

    def _add(self, event: Kind, share: Share, **fields: Any) -> None:
        same = {"inputs": self._inputs, "versions": self._versions}
        self._ledger.add(event, STEP, stage=int(share), **same, **fields)

    def _recall(self, entry: Entry) -> Answer:
        """Say again what a stage came to: it is decided once."""
        for name, digest in entry.outputs.items():
            path = self._root / name
            if not path.is_file() or sha256(path.read_bytes()).hexdigest() != digest:
                problem = "is missing, or is not what the ledger says was written"
                remedy = "restore it, or begin anew in another --dir"
                raise ArtifactError(f"{path}: {problem}; {remedy}")
        report = next(name for name in entry.outputs if name.endswith(".json"))
        decision = Decision(entry.verdict or "")
        final = "" if decision is Decision.PROMOTE else "; it is final for this B, change that"
        if entry.stage is not None:
            write_page(self._root, self._question.name, entry.stage)
        why = "; ".join(entry.reasons)
        self._say(one_line(f"{decision}: stage {entry.stage} was decided before: {why}{final}"))
        return Answer(STATUS[decision], json.loads((self._root / report).read_bytes()))

    def _refuse(self, seen: BlockNoise, needed: Hours, design: Design) -> Answer:
        """Say that the design cannot decide, and what could."""
        question = self._question
        limits, hours, seeds = question.limits, design.hours, len(design.seeds)
        told = f"{hours:g} h of {plural(seeds, 'seed')} at {int(design.share)} % are too few to see"
        effect = f"{limits.net_bps:g} bps with {limits.power:.0%} chance"
        could = remedies(hours, needed.planned, seeds, limits, design.paired)
        marked = f"{'or ' if could else ''}--accept-low-power, which marks the report"
        self._say(one_line(f"HOLD: {told} {effect}; give {', '.join([*could, marked])}"))
        plan = ab_plan(question, hours, seen, {design.share: needed}, could)
        return Answer(STATUS[Decision.HOLD], plan.data())

    def _begin(self, setting: Setting) -> None:
        """Put the plan on the ledger; a stage that was begun goes on only as it was planned."""
        plan, share = json.loads(compact(setting.plan())), setting.design.share
        begun = [e for e in self._ours() if e.event == "started" and e.stage == share]
        if not begun:
            self._supersede()
            self._add("started", share, plan=plan)
            return
        former = begun[-1].plan
        if _is_same(former, plan):
            return
        design = former["design"]
        power = " --accept-low-power" if former["low_power"] else ""
        seeds = ",".join(map(str, sorted(map(int, design["assignment"]))))
        problem = f"stage {int(share)} was begun with another plan, and is not decided"
        remedy = f"go on with --hours={design['hours']:g} --seeds={seeds}{power}"
        raise SoakUsageError("--stage", f"{problem}; {remedy}")

    def _measure(self, design: Design, jobs: int) -> Outcome:
        looks = design.looks

        def look(done: int, judgement: Judgement) -> None:
            if judgement.decision is None:
                at = f"look {looks.index(done) + 1} of {len(looks)}"
                self._say(one_line(f"{at}, the stage goes on: {'; '.join(judgement.reasons)}"))

        home = plain(self._root, self._root / f"{self._question.name}_{int(design.share)}")
        make, limits = partial(self._question.runner, home), self._question.limits
        try:
            return run_stage(design, make, limits, jobs, self._rolled_back, look)
        except KeyboardInterrupt:
            self._add("interrupted", design.share)
            raise
        except TargetError as error:
            self._add("interrupted", design.share, reasons=[str(error)])
            problem = f"the bot failed under A: {error}; the same command goes on"
            raise SoakUsageError("--target", problem) from None

    def _finish(self, share: Share, report: AbReport) -> Answer:
        """Write the report, then the decision; say both."""
        texts = {".json": dumps(report.data()), ".md": ab_text(report)}
        name = f"{self._question.name}_{int(share)}"
        outputs = {}
        for suffix, text in texts.items():
            write_text(self._root / f"{name}{suffix}", text, durable=True)
            outputs[f"{name}{suffix}"] = sha256(text.encode()).hexdigest()
        decision = Decision(report.decision)
        found = {"verdict": decision.value, "reasons": report.reasons, "outputs": outputs}
        self._add(EVENTS[decision], share, **found)
        page = write_page(self._root, self._question.name, int(share))
        self._say(f"report: {page}")
        self._say(one_line(f"{headline(report)}; next: {what_next(report)}"))
        return Answer(STATUS[decision], report.data())


def pilot(question: Question, root: Path, jobs: int, warn: Say) -> BlockNoise:
    """The noise of a question's blocks; SoakUsageError where it cannot be learnt."""
    if question.paired:
        compile_announced(warn)
    try:
        return question.pilot(plain(root, root / f"{question.name}_pilot"), jobs)
    except TargetError as error:
        raise SoakUsageError("--target", f"the bot failed under A: {error}") from None


def _chosen(asked: Share | None, decided: dict[int | None, Entry]) -> Share:
    """The stage asked for, else the first that is not promoted, or the last one."""
    ahead = [s for s in STAGES if s not in decided or decided[s].event != "promoted"]
    following = ahead[0] if ahead else STAGES[-1]
    if asked is None:
        return following
    if asked > following:
        problem = f"stage {int(asked)} needs PROMOTE of stage {int(following)}"
        same = "with the same A, B, market and package"
        raise SoakUsageError("--stage", f"{problem} {same}; run --stage={int(following)} first")
    return asked


def _is_same(former: dict[str, Any], plan: dict[str, Any]) -> bool:
    """Whether plans are the same but for the pilot, whose last digits are those of a machine."""
    return former | {"pilot": None} == plan | {"pilot": None}
