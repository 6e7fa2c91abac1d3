"""The JSON Schemas of what users write: made from the models, and refused by no looser a reader."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import fuzz_documents as documents
import jsonschema
import pytest
from fuzz_mutations import mutate

from pytest_soak.commands.config import schema_text
from pytest_soak.commands.user_schemas import (
    USER_FILES,
    shipped_user_schema,
    user_schema,
    write_user_schemas,
)
from pytest_soak.config.documents import Document, parse_yaml, validate
from pytest_soak.config.parameters import ParameterTable
from pytest_soak.config.presets import PresetFile
from pytest_soak.config.profiles import ProfileFile, of_snapshot
from pytest_soak.config.scenarios import ScenarioFile
from pytest_soak.config.variants import VariantFile
from pytest_soak.errors import SoakUsageError
from pytest_soak.exchange.chosen import ExchangeFile
from pytest_soak.exchange.faults.schedule import Schedule
from pytest_soak.exchange.instruments import InstrumentsFile
from pytest_soak.gates.criteria import Criteria
from pytest_soak.gates.model import Gate
from pytest_soak.observation.line_mapping import load_mapping
from pytest_soak.release.plan import plan_of

FAULTS = [
    path.read_bytes()
    for path in files("pytest_soak.exchange.faults").joinpath("builtin").iterdir()
    if path.name.endswith(".yaml")
]
INSTRUMENTS = [files("pytest_soak.exchange").joinpath("instruments.yaml").read_bytes()]
EXCHANGES = [
    b"coins: {USDT: 5.0}\nlatency: none\nbeliefs: ['file:a']\nhistory_minutes: 1.5\n",
    b"venue: bybit\nanswers_first: false\nlimits: false\nisolation: shim\nstep_ms: 50.0\n",
]
VARIANTS = [b"overrides: {tail_age_ms: 700}\nflags: {md_cache.enabled: false}\n"]
MARKETS = [b"regime: calm\ninstrument: {lot: 0.002}\n", b"regime: spike\n"]
MAPPINGS = [
    b"""
fills:
  files: "*.jsonl"
  where: {type: fill}
  fields:
    time_us: {from: ts, time: iso}
    side: {from: side, values: {buy: 1, sell: -1}}
    maker: {value: true}
    price: px
    quantity: {from: qty, take: size}
    fee_quote: {sum: [a.fee, b.fee], times: -1}
    mid: mid
"""
]


def mapped(document: Document, folder: Path) -> object:
    path = folder / "mapping.json"
    path.write_text(json.dumps(document.data), "utf-8")
    return load_mapping(path)


KINDS: dict[str, tuple[list[bytes], Callable[[Document, Path], object]]] = {
    "gate": (documents.gates(), lambda document, _: validate(Gate, document)),
    "criteria": (documents.criteria(), lambda document, _: validate(Criteria, document)),
    "profile": (documents.profiles(), lambda d, _: validate(ProfileFile, of_snapshot(d))),
    "preset": (documents.presets(), lambda document, _: validate(PresetFile, document)),
    "variant": (VARIANTS, lambda d, _: validate(VariantFile, of_snapshot(d))),
    "market": (MARKETS, lambda document, _: validate(ScenarioFile, document)),
    "parameters": (documents.tables(), lambda d, _: ParameterTable.from_document(d)),
    "line-mapping": (MAPPINGS, mapped),
    "instruments": (INSTRUMENTS, lambda document, _: validate(InstrumentsFile, document)),
    "exchange": (EXCHANGES, lambda document, _: validate(ExchangeFile, document)),
    "faults": (FAULTS, lambda document, _: validate(Schedule, document)),
    "release-plan": (documents.plans(), lambda document, _: plan_of(document)),
}
MUTATED = 60


def refused(read: Callable[[], object]) -> bool:
    try:
        read()
    except SoakUsageError:
        return True
    return False


def test_every_kind_is_tried() -> None:
    assert set(KINDS) == set(USER_FILES)


@pytest.mark.parametrize("name", USER_FILES)
def test_the_shipped_schema_is_made_from_the_model_and_is_a_schema(name: str) -> None:
    schema = json.loads(shipped_user_schema(name))
    jsonschema.Draft202012Validator.check_schema(schema)
    run = "run `python -m pytest_soak.commands.user_schemas`"
    assert schema == user_schema(name) == json.loads(schema_text(name)), run


def test_no_other_schema_ships_and_the_command_writes_them_all(tmp_path: Path) -> None:
    write_user_schemas(tmp_path)
    shipped = files("pytest_soak.commands").joinpath("schemas").iterdir()
    written = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    assert {path.name: path.read_text("utf-8") for path in shipped} == written


@pytest.mark.parametrize("name", USER_FILES)
def test_what_ships_and_is_read_fits_the_schema(name: str, tmp_path: Path) -> None:
    valid, read = KINDS[name]
    for text in valid:
        document = parse_yaml(text.decode(), "x")
        read(document, tmp_path)
        jsonschema.validate(document.data, user_schema(name))


@pytest.mark.parametrize("name", USER_FILES)
def test_what_the_schema_refuses_a_session_refuses_too(name: str, tmp_path: Path) -> None:
    valid, read = KINDS[name]
    check = jsonschema.Draft202012Validator(user_schema(name))
    rng, tried, wrong = random.Random(42), 0, 0
    for _ in range(MUTATED):
        text = mutate(rng, rng.choice(valid))
        try:
            document = parse_yaml(text.decode(), "x")
        except (SoakUsageError, UnicodeDecodeError):
            continue
        tried += 1
        if check.is_valid(document.data):
            continue
        wrong += 1
        assert refused(lambda document=document: read(document, tmp_path)), text  # type: ignore[misc]
    assert tried > MUTATED // 4
    assert wrong > MUTATED // 10


@pytest.mark.parametrize(
    ("name", "text", "path"),
    [
        ("gate", "name: x\nthresholds: [{metric: net_bps, fail_unless: 2}]", "fail_unless"),
        ("gate", "name: x\nthresholds: [{metric: net_bps, fail_unless: above 2}]", "fail_unless"),
        ("gate", "name: x\nthresholds: []", "thresholds"),
        ("gate", "name: x\nthreshold: []", "threshold"),
        ("preset", "changes: {x: {mull: 2}}", "mull"),
        ("profile", "override: {}", "override"),
        ("criteria", "name: x\ncriteria: [{name: y, metric: z, window: 5 min}]", "window"),
        ("release-plan", "hours: {soak: 80}\ncandidate: x", "soak"),
        ("release-plan", "market: calm", "candidate"),
        ("line-mapping", "trades: {files: x, fields: {}}", "trades"),
        ("market", "regime: 5", "regime"),
    ],
)
def test_an_editor_is_told_of_slips(name: str, text: str, path: str) -> None:
    document: Any = parse_yaml(text, "x").data
    problems = jsonschema.Draft202012Validator(user_schema(name)).iter_errors(document)
    assert any(path in f"{list(one.absolute_path)} {one.message}" for one in problems)
