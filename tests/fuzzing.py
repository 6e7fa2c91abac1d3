"""Whatever stands in a file, a user gets a result or one line: tried on mutated documents.

Each input is read as a user's command reads it. It ends well or with one of the errors that a user
can mend, in one printable line, within SECONDS, and no file is changed.
The tests try some hundred inputs; more: python tests/fuzzing.py --inputs 20000 --seed 1
"""

from __future__ import annotations

import argparse
import faulthandler
import gzip
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import fuzz_documents as documents
import releases
from fuzz_mutations import mutate

from pytest_soak.artifacts.ledger import LEDGER, Ledger
from pytest_soak.artifacts.models import ProductionSnapshot
from pytest_soak.artifacts.rotation.listing import list_root
from pytest_soak.artifacts.runtime import RuntimeOverridesFile
from pytest_soak.artifacts.stored_run import find_run
from pytest_soak.commands.compare import compare as compare_runs
from pytest_soak.commands.compare import compared_lines
from pytest_soak.commands.config import list_lines, show
from pytest_soak.commands.freeze import freeze
from pytest_soak.commands.judge_file import judge_file
from pytest_soak.commands.kpis import kpi_lines, kpis
from pytest_soak.commands.merge import Merged, merged_lines
from pytest_soak.commands.release_judge import judge
from pytest_soak.config.legacy import plan_migration
from pytest_soak.config.overrides import (
    Layer,
    operator_edits,
    overrides_document,
    parse_overrides_json,
    resolve,
)
from pytest_soak.config.parameters import ParameterTable, reference_table
from pytest_soak.config.presets import load_preset, load_warmup, preset_shelf
from pytest_soak.config.profiles import DEFAULT, load_profile, profile_shelf
from pytest_soak.engine.past import rehearse
from pytest_soak.errors import ArtifactError, SoakUsageError, one_line
from pytest_soak.gates.criteria import criteria_shelf, load_criteria
from pytest_soak.gates.model import gate_shelf, load_gates
from pytest_soak.merging.alike import check_alike
from pytest_soak.merging.compare import compare
from pytest_soak.merging.join import check_distinct, join
from pytest_soak.release.choice import Typed, choose
from pytest_soak.release.inputs import step_inputs
from pytest_soak.release.plan import load_plan
from pytest_soak.release.prep import checks, notes
from pytest_soak.release.state import Present, states
from pytest_soak.report.github import annotate, summary_text
from pytest_soak.storage.journal import decode, encode

SECONDS = 60.0
"""No reading takes so long; more is a hang, however slow the machine is."""
LONGEST_MESSAGE = 5000
OUTPUT = "output.json"
_STDERR = 2

Read = Callable[[Path], Iterable[str]]
"""Reads a file as a command does; gives the lines that it prints."""


@dataclass(frozen=True)
class Kind:
    """A kind of document: the name of its file, valid ones, and who reads it.

    `written` makes the file of a document: what is mutated is inside.
    """

    name: str
    file: str
    valid: list[bytes]
    read: Read
    written: Callable[[bytes], bytes] = bytes
    beside: dict[str, bytes] | None = None


@dataclass(frozen=True)
class Finding:
    """An input that did not end as it must."""

    kind: str
    problem: str
    document: bytes


def read_profile(path: Path) -> Iterable[str]:
    profile = load_profile(path.name, profile_shelf(path.parent), path.parent, "--soak-profile")
    resolved = resolve(reference_table(), profile, [])
    return [*resolved.notes, *map(str, resolved.values.values())]


def read_listed(path: Path) -> Iterable[str]:
    return list_lines(path.parent.parent)


def read_shown(path: Path) -> Iterable[str]:
    show("mine", path.parent.parent).encode()
    return []


def read_preset(path: Path) -> Iterable[str]:
    shelf, table = preset_shelf(path.parent), reference_table()
    preset = load_preset(path.name, shelf, path.parent, "--soak-preset")
    _, notes = preset.apply(table, table.defaults())
    load_warmup(path.name, shelf, path.parent, "--soak-warmup-preset")
    return notes


def read_gate(path: Path) -> Iterable[str]:
    gate, *_ = load_gates(path.name, gate_shelf(path.parent), path.parent, "--soak-gate")
    if gate.needs_baseline:
        return []
    return judge_file(path.name, path.parent / "ITER_SUMMARY_6.json", path.parent, None).lines()


def read_criteria(path: Path) -> Iterable[str]:
    load_criteria(path.name, criteria_shelf(path.parent), path.parent, "--soak-stop")
    return []


def read_overrides(path: Path) -> Iterable[str]:
    return _overridden(f"@{path.name}", path.parent)


def read_overrides_text(path: Path) -> Iterable[str]:
    return _overridden(path.read_bytes().decode("utf-8", "surrogateescape"), path.parent)


def _overridden(text: str, folder: Path) -> Iterable[str]:
    document = overrides_document(text, "--soak-overrides-json", folder)
    layer = Layer(source="cli", at=document.source, values=parse_overrides_json(document))
    profile = load_profile(DEFAULT, profile_shelf(folder), folder, "--soak-profile")
    return resolve(reference_table(), profile, [layer]).notes


def read_table(path: Path) -> Iterable[str]:
    table = ParameterTable.of(path.name, "target", path.parent)
    return map(str, table.defaults().values())


def read_runtime(path: Path) -> Iterable[str]:
    table = reference_table()
    found = RuntimeOverridesFile(path).read() or {}
    return map(str, operator_edits(table, (table.defaults(),), found, path.name).values())


def read_judged(path: Path) -> Iterable[str]:
    return judge_file("release", path, path.parent, None).lines()


def read_judged_run(path: Path) -> Iterable[str]:
    return judge_file("release", path.with_name("run"), path.parent, None).lines()


def read_frozen(path: Path) -> Iterable[str]:
    output = path.with_name(OUTPUT)
    snapshot = freeze(path.with_name("ITER_SUMMARY_final.json"), output, None)
    ProductionSnapshot.model_validate(json.loads(output.read_text(encoding="utf-8")))
    return [one_line(f"{snapshot.lane}, signature {snapshot.signature_hash}")]


def read_legacy(path: Path) -> Iterable[str]:
    _, errors = plan_migration(path.parent, profile_shelf(path.parent))
    for error in errors:
        raise error
    return []


def read_listing(path: Path) -> Iterable[str]:
    return list_root(path.parent.parent).left.values()


def read_merged(path: Path) -> Iterable[str]:
    given = path if path.name.endswith(".tar.gz") else path.parent
    run = find_run(given)
    if run is None:
        return []
    check_distinct([run])
    check_alike([run, run])
    merged = Merged(join([run], []), compare(run, run))
    text = summary_text(*merged).splitlines()
    lines = [*merged_lines(merged), *annotate(merged.result), *text]
    return [*lines, *compared_lines(compare_runs(given, [given]))]


def read_kept(path: Path) -> Iterable[str]:
    last = rehearse(documents.plan(), documents.open_journal(path.parent).past)
    return [] if last is None else [last.state_hash]


def read_feed(path: Path) -> Iterable[str]:
    return read_kept(path.parent)


def read_measured(path: Path) -> Iterable[str]:
    found, problems = kpis(path.parent, None, None)
    return [*problems, *kpi_lines(found)]


def packed(document: bytes) -> bytes:
    """Compressed, as a rotation does."""
    return gzip.compress(document, 1)


def payloads(journal: bytes) -> bytes:
    """The lines of a journal without their checksums."""
    return "".join(f"{line}\n" for line in decode(journal)[0]).encode()


def read_plan(path: Path) -> Iterable[str]:
    choice = choose(load_plan(path, path.name), Typed(), path.parent)
    step_inputs(choice)
    yield from (one_line(str(error)) for error in choice.problems.values())
    yield from (check.value for check in checks(choice, 0.0))
    yield from notes(choice)


def read_ledger(path: Path) -> Iterable[str]:
    said: list[str] = []
    entries = Ledger(path.parent, said.append, only_read=True).entries
    now = Present({}, {}, {}, releases.AT, max_age_hours=1.0)
    yield from map(one_line, said)
    for found in states(entries, now).values():
        yield from map(one_line, found.reasons)


def read_figures(path: Path) -> Iterable[str]:
    said: list[str] = []
    files = [Path(path.name)] * 2
    for step in ("prep", "shadow", "ab", "baseline", "dataset"):
        judge(step, files, path.parent, said.append)
    yield from (line for text in said for line in text.split("\n"))


def signed(lines: bytes) -> bytes:
    """A journal of these lines, each with the checksum that it should have."""
    return b"".join(encode(x) for x in lines.decode(errors="replace").split("\n") if x)


def kinds() -> list[Kind]:
    """Every kind of document that is fuzzed."""
    lane = documents.lane()
    summary, final = lane["ITER_SUMMARY_6.json"], lane["ITER_SUMMARY_final.json"]
    snapshot = lane["PRODUCTION_SNAPSHOT.json"]
    profiles, presets, gates = documents.profiles(), documents.presets(), documents.gates()
    criteria = documents.criteria()
    as_json, overrides = documents.as_json, documents.overrides()
    journal = documents.journal()
    fills, fills_file = [documents.fills()], documents.FILLS_NAME
    carried = documents.carried()
    [(name, data)] = carried.items()
    feed, fed = f"feeds/{documents.FEED_NAME}", {"journal": documents.journal_with_feed()} | carried
    running = b'{"schema": "pytest-soak/result/1", "status": "running"}'
    return [
        Kind("profile (YAML)", "mine.yaml", profiles, read_profile),
        Kind("profile (JSON)", "mine.json", as_json(profiles), read_profile),
        Kind("profile, listed", "profiles/mine.yaml", profiles, read_listed),
        Kind("profile, shown", "profiles/mine.yaml", profiles, read_shown),
        Kind("snapshot as profile", "snap.json", [snapshot], read_profile),
        Kind("snapshot, compressed", "snap.json.gz", [snapshot], read_profile, packed),
        Kind("preset", "mine.yaml", [*presets, *as_json(presets)], read_preset),
        Kind("gate", "mine.yaml", [*gates, *as_json(gates)], read_gate, beside=lane),
        Kind("criteria", "mine.yaml", [*criteria, *as_json(criteria)], read_criteria),
        Kind("overrides file", "overrides.json", overrides, read_overrides),
        Kind("overrides text", "text", overrides, read_overrides_text),
        Kind("parameter table", "table.yaml", documents.tables(), read_table),
        Kind("runtime overrides", "runtime_overrides.json", overrides[:1], read_runtime),
        Kind("iteration, judged", "ITER_SUMMARY_6.json", [summary], read_judged),
        Kind("lane, judged", "ITER_SUMMARY_final.json", [final], read_judged),
        Kind("lane, frozen", "ITER_SUMMARY_final.json", [final], read_frozen, beside=lane),
        Kind("iteration, frozen", "ITER_SUMMARY_6.json", [summary], read_frozen, beside=lane),
        Kind("archived run", "run.tar.gz", [documents.archive()], read_judged_run),
        Kind(
            "archived run, damaged inside",
            "run.tar.gz",
            [gzip.decompress(documents.archive())],
            read_judged_run,
            packed,
        ),
        Kind("result, merged", "RESULT.json", [lane["RESULT.json"]], read_merged, beside=lane),
        Kind("iteration, merged", "ITER_SUMMARY_6.json", [summary], read_merged, beside=lane),
        Kind("archived run, merged", "run.tar.gz", [documents.archive()], read_merged),
        Kind("legacy overrides", "ultra_safe_overrides.json", overrides, read_legacy),
        Kind("journal", "journal", [journal], read_kept, beside=carried),
        Kind("journal, signed", "journal", [payloads(journal)], read_kept, signed, carried),
        Kind("carried on", name, [data], read_kept, beside={"journal": journal}),
        Kind("feed", feed, [documents.FEED], read_feed, beside=fed),
        Kind("feed, measured", fills_file, fills, read_measured),
        Kind("feed, packed", f"{fills_file}.gz", fills, read_measured, packed),
        Kind("plan of a release", "release.yaml", documents.plans(), read_plan),
        Kind("ledger", LEDGER, [documents.ledger()], read_ledger),
        Kind("ledger, signed", LEDGER, [payloads(documents.ledger())], read_ledger, signed),
        Kind("figures", "figures.yaml", [documents.FIGURES], read_figures),
        Kind("figures (JSON)", "figures.json", as_json([documents.FIGURES]), read_figures),
        Kind("result, before a rotation", "latest/RESULT.json", [running], read_listing),
    ]


def attempt(kind: Kind, document: bytes, folder: Path) -> Finding | None:
    """Let the readers of `kind` at a document, in an empty folder; what was wrong with that."""
    for name, content in {**(kind.beside or {}), kind.file: kind.written(document)}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    before = _contents(folder)
    faulthandler.dump_traceback_later(2 * SECONDS, exit=True, file=_STDERR)
    began = time.perf_counter()
    problem = _problem(kind.read, folder / kind.file)
    took = time.perf_counter() - began
    faulthandler.cancel_dump_traceback_later()
    if problem is None and took > SECONDS:
        problem = f"took {took:.1f} s"
    if problem is None and _contents(folder) != before:
        problem = "changed a file"
    return None if problem is None else Finding(kind.name, problem, document)


def _problem(read: Read, path: Path) -> str | None:
    try:
        lines = list(read(path))
    except (SoakUsageError, ArtifactError) as error:
        lines = [str(error)]
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:300]}"
    for line in lines:
        if not line.isprintable() or len(line) > LONGEST_MESSAGE:
            return f"no printable line of fewer than {LONGEST_MESSAGE} characters: {line[:300]!a}"
    return None


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != OUTPUT
    }


def fuzz(kinds: list[Kind], inputs: int, seed: int) -> tuple[dict[str, int], list[Finding]]:
    """Try `inputs` mutated documents, the kinds in turn; the numbers tried, and the findings.

    The valid documents come first, and are inputs too. The same seed gives the same inputs.
    """
    rng = random.Random(seed)
    tried = dict.fromkeys((kind.name for kind in kinds), 0)
    findings: list[Finding] = []
    valid = [(kind, document) for kind in kinds for document in kind.valid]
    for number in range(inputs):
        if number < len(valid):
            kind, document = valid[number]
        else:
            kind = kinds[number % len(kinds)]
            document = mutate(rng, rng.choice(kind.valid))
        with tempfile.TemporaryDirectory() as folder:
            finding = attempt(kind, document, Path(folder))
        tried[kind.name] += 1
        if finding is not None:
            findings.append(finding)
    return tried, findings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", default="", help="only kinds with this in their name")
    arguments = parser.parse_args()
    chosen = [kind for kind in kinds() if arguments.kind in kind.name]
    tried, findings = fuzz(chosen, arguments.inputs, arguments.seed)
    for name, count in tried.items():
        print(f"{name:30} {count:6} inputs")
    print(f"{'all':30} {sum(tried.values()):6} inputs, {len(findings)} findings")
    for finding in findings:
        print(f"\n{finding.kind}: {finding.problem}\n  {finding.document[:400]!r}")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
