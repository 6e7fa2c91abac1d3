"""Valid documents of every kind that the plugin reads: what the fuzzer starts from."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import bot_feeds
import releases
from builders import FakeTarget, observation

from pytest_soak.artifacts import build, tuning
from pytest_soak.artifacts.feed_index import LaneIndex
from pytest_soak.artifacts.feeds import Feeds
from pytest_soak.artifacts.lane_journal import LaneJournal
from pytest_soak.artifacts.layout import LaneFiles
from pytest_soak.artifacts.ledger import LEDGER
from pytest_soak.artifacts.models import RunResult
from pytest_soak.artifacts.names import CHECKPOINT, RUNTIME
from pytest_soak.artifacts.runtime import RuntimeOverridesFile
from pytest_soak.canonical import dumps
from pytest_soak.clock import SystemClock
from pytest_soak.config.names import shipped
from pytest_soak.config.overrides import Overrides
from pytest_soak.config.parameters import reference_table
from pytest_soak.engine.lane import advance, begin, finish, prepare
from pytest_soak.engine.measure import measure
from pytest_soak.engine.pace import load_pacing
from pytest_soak.engine.plan import GateMode, LanePlan
from pytest_soak.engine.record import Ending, IterationRecord
from pytest_soak.engine.run import LaneRun
from pytest_soak.gates.criteria import criteria_shelf
from pytest_soak.gates.model import gate_shelf, load_gates
from pytest_soak.release.record import HOME, Basis, Outcome, Record
from pytest_soak.storage.journal import decode, encode
from pytest_soak.targets.base import LaneInfo
from pytest_soak.testing import GOOD
from pytest_soak.tuning.limits import load_limits
from pytest_soak.tuning.rules import load_rules

ITERATIONS = 6


def shipped_files(folder: Path) -> list[bytes]:
    """The YAML files in a folder of the package."""
    return [path.read_bytes() for path in sorted(folder.glob("*.yaml"))]


def as_json(documents: list[bytes]) -> list[bytes]:
    """YAML documents as JSON."""
    import yaml

    return [json.dumps(yaml.safe_load(document), indent=1).encode() for document in documents]


def profiles() -> list[bytes]:
    return shipped_files(shipped("profiles"))


def presets() -> list[bytes]:
    return shipped_files(shipped("profiles") / "presets")


def gates() -> list[bytes]:
    lasting = b"name: x\nthresholds: [{metric: net_bps, warn_unless: '> 1', window: 3, for: 2}]\n"
    return [*shipped_files(gate_shelf(Path()).folders[-1]), lasting]


def criteria() -> list[bytes]:
    return shipped_files(criteria_shelf(Path()).folders[-1])


def tables() -> list[bytes]:
    own = b"half_spread_bps: {default: 2.0, bounds: [0.5, 10]}\nx: {default: 1, decimals: 0}\n"
    return [files("pytest_soak.config").joinpath("parameters.yaml").read_bytes(), own]


def overrides() -> list[bytes]:
    return [dumps(reference_table().defaults()).encode(), b'{"tail_age_ms": 700}', b"{}"]


@cache
def plan() -> LanePlan:
    """What the lane is soaked with."""
    values = reference_table().defaults()
    gates = load_gates("soak", gate_shelf(Path()), Path(), "fuzz")
    return LanePlan(
        lane=LaneInfo("default-calm-42", "default", "calm", 42),
        target="fuzz",
        iterations=ITERATIONS,
        planned=ITERATIONS,
        gate=gates[0],
        finals=gates,
        gate_mode=GateMode.SOFT,
        overrides=Overrides(values=values, sources=dict.fromkeys(values, "default")),
        parameters=dict(reference_table()),
        tuner="effects",
        limits=load_limits(),
        rules=load_rules(),
        clocks=load_pacing().clocks,
    )


@cache
def lane() -> dict[str, bytes]:
    """The files of a finished lane by name."""
    of = plan()
    state, found, records = begin(of), dict[str, bytes](), list[IterationRecord]()
    for number in range(1, ITERATIONS + 1):
        state = prepare(of, state, {})
        state, record = advance(of, state, measure(GOOD, None, 60.0)[1])
        records.append(record)
        data = build.iter_summary(record).data()
        found[f"ITER_SUMMARY_{number}.json"] = dumps(data).encode()
    result = finish(of, state, Ending.COMPLETED, "")
    found["artifacts/KPI_GATE.json"] = dumps(build.final_gate(of, result).data()).encode()
    run = RunResult(
        source="fuzz",
        status="finished",
        verdict="PASS",
        exit_status=0,
        gate_mode="soft",
        settings={"iterations": str(ITERATIONS)},
        lanes=[build.outcome(result)],
        unfinished=[],
        meta={"run": "20250101T000000Z-00000001"},
    )
    found["RESULT.json"] = dumps(run.data()).encode()
    final = build.final_summary(result)
    found["ITER_SUMMARY_final.json"] = dumps(final.data()).encode()
    frozen = next(record for record in records if record.tuning.frozen is not None)
    snapshot = tuning.snapshot(of, frozen, [record.summary.kpis for record in records])
    found["PRODUCTION_SNAPSHOT.json"] = dumps(snapshot.data()).encode()
    return found


def open_journal(home: Path) -> LaneJournal:
    """The journal of the lane in `home`, as a resumed session opens it."""
    files = LaneFiles(home, home, home / RUNTIME)
    journal = LaneJournal(
        files, plan().model_dump(mode="json"), Feeds(files, LaneIndex("x", "sim"), kept=False)
    )
    journal.open()
    return journal


def journal() -> bytes:
    """The journal of a lane that was killed; an operator had changed an override."""
    return killed()["journal"]


def carried() -> dict[str, bytes]:
    """The file beside that journal, by its name."""
    return {name: data for name, data in killed().items() if name.startswith(CHECKPOINT)}


@cache
def killed() -> dict[str, bytes]:
    """What such a lane left, by file."""
    with TemporaryDirectory() as folder:
        kept = open_journal(Path(folder))
        runtime = RuntimeOverridesFile(Path(folder) / RUNTIME)
        target, clock = FakeTarget([*[GOOD] * (ITERATIONS - 2), observation()]), SystemClock()
        run = LaneRun(plan(), target, runtime, clock, lambda event: None, kept)
        for number in range(ITERATIONS - 1):
            if number == 2:
                runtime.write(run.state.overrides | {"tail_age_ms": 705.0})
                runtime.read()
            run.run_iteration()
        return {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.is_file()}


def plans() -> list[bytes]:
    """Plans of a release, the second with every key."""
    every = b"""
candidate: {profile: aggressive, overrides: {tail_age_ms: 700}, flags: {trace: {enabled: true}}}
control: steady_safe
target: sim
profile: steady_safe
market: spike
seeds: [1, 3..4]
config: []
config_override: []
hours: {soak: 48, ab: 24}
require: {trace.enabled: true, trace.sample_rate: [">= 0.1", "< 1"]}
gates: {shadow: shadow, soak: soak}
stop: stop
max_age_hours: 36
restart_cmd: restart
"""
    return [releases.TWO_LINES.encode(), every]


def ledger() -> bytes:
    """The ledger of a release whose prep is done, and its shadow is not."""
    with TemporaryDirectory() as folder:
        record = Record(Path(folder), releases.Stopped(), print)
        basis = Basis({"plan": "a" * 64}, {"package": "1"})
        record.begin("prep", basis)
        record.finish("prep", basis, Outcome("PASS", ["x"], {"reports/x.json": "b" * 64}))
        record.begin("shadow", basis)
        return (Path(folder) / HOME / LEDGER).read_bytes()


FIGURES = b"""
md_cache: {enabled: true, hit_ratio: 0.74}
stages: {fetch_md: {p95_ms: 31.5}, compute: {p95_ms: 12}}
tick_total: {p95_ms: 41, deadline_miss_rate: 0.001}
net_bps: 3.1
slippage_bps: -0.2
maker_taker_ratio: 0.96
covered_hours: 24
refused: 3
intervals: 288
"""
"""Of every step that judges any."""


FEED = b'{"ts_us": 1, "side": "buy", "price": 100.01, "size": 0.5, "maker": true}\n' * 20
FEED_NAME = "fills_19700101.jsonl"


FILLS_NAME = bot_feeds.NAME


def fills() -> bytes:
    """What a bot writes of its fills."""
    rows = [bot_feeds.fill(n, side=1 - 2 * (n % 2), seq=n + 1) for n in range(6)]
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def journal_with_feed() -> bytes:
    """The same journal of a target whose fills, `FEED`, were kept."""
    *lines, last = decode(journal())[0]
    kept = json.dumps(json.loads(last) | {"feeds": {FEED_NAME: len(FEED)}})
    return b"".join(map(encode, [*lines, kept]))


def archive() -> bytes:
    """The lane as an archived run."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=tarfile.GNU_FORMAT) as tar:
        for name, content in sorted(lane().items()):
            member = tarfile.TarInfo(f"run/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def compressed(document: bytes) -> bytes:
    return gzip.compress(document, mtime=0)
