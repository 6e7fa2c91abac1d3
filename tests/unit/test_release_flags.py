"""`pytest-soak release flags`: a document of the flags, and a check that it is true."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from builders import usage_error
from releases import ASKED, TWO_LINES, Releasing

from pytest_soak.artifacts.models import shipped_schema
from pytest_soak.artifacts.release_models import FlagsRegistry
from pytest_soak.commands.release_flags import flags
from pytest_soak.config.flags import reference_flags
from pytest_soak.errors import ArtifactError
from pytest_soak.market.compile import source_digest
from pytest_soak.release.layout import REGISTRY
from pytest_soak.release.measured import measured_effects, shipped_study
from pytest_soak.report.release import registry_text

FLAGS = reference_flags()


@pytest.fixture
def here(tmp_path: Path) -> Releasing:
    found = Releasing(tmp_path)
    found.write("release.yaml", TWO_LINES)
    return found


def run(here: Releasing, check: bool = False) -> int:
    here.said = []
    here.worked = flags(ASKED, check, here.env, here.folder, here.clock, here.said.append)
    return here.worked.status


def rows(here: Releasing) -> dict[str, list[str]]:
    lines = (here.folder / REGISTRY).read_text().splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if "|" in line]
    return {row[0]: row for row in cells[2:]}


def test_every_flag_has_a_row_with_all_that_its_table_says(here: Releasing) -> None:
    here.write("config.yaml", "trace: {sample_rate: 0.25}\n")
    assert run(here) == 0
    assert here.said == ["docs/FEATURE_FLAGS_REGISTRY.md: 13 flags"]
    found = rows(here)
    assert set(found) == set(FLAGS)
    row = FLAGS["trace.sample_rate"]
    assert found["trace.sample_rate"] == [
        "trace.sample_rate",
        "0.25 ratio",
        "config:config.yaml",
        "0.2 ratio",
        "0 to 1",
        row.effect,
        "tick_total_p95_ms up",
        "0.2 to 1: tick_total_p95_ms +2.31 +- 0.022, net_bps -0.0257 +- 0.085, "
        "net_quote -4.09 +- 12, num_fills -2.08 +- 11 (steady_safe on calm, 24 pairs of 4 h)",
        "0.2 ratio",
        "yes",
        "observability",
    ]
    assert found["pipeline.enabled"][1:5] == ["true", "default", "true", "true, false"]
    assert found["pipeline.enabled"][8] == "false"
    registry = here.worked.document
    jsonschema.validate(registry, json.loads(shipped_schema("flags-registry")))
    text = (here.folder / REGISTRY).read_text()
    assert text == registry_text(FlagsRegistry.model_validate(registry))


def test_the_check_fails_where_the_file_is_not_what_the_schema_gives(here: Releasing) -> None:
    assert run(here, check=True) == 1
    assert here.said[0].startswith("FAIL: docs/FEATURE_FLAGS_REGISTRY.md is not there; write it")
    run(here)
    assert run(here, check=True) == 0
    assert here.said == ["PASS: docs/FEATURE_FLAGS_REGISTRY.md tells of 13 flags"]
    before = here.files()
    path = here.folder / REGISTRY
    text = path.read_text()
    path.write_text(text.replace("gateway", "nobody"))
    assert run(here, check=True) == 1
    assert "docs/FEATURE_FLAGS_REGISTRY.md:11 is not what it would be" in here.said[0]
    path.write_text(text + "\n")
    assert run(here, check=True) == 1
    path.write_text(text)
    assert run(here, check=True) == 0
    assert here.files() == before
    here.write("config.yaml", "trace: {sample_rate: 0.25}\n")
    assert run(here, check=True) == 1


def test_what_is_not_known_is_refused(here: Releasing) -> None:
    here.write("config.yaml", "trace: {sample_rate: 7}\n")
    told = "config.yaml:1: trace.sample_rate: expected a number from 0 to 1, got 7"
    assert usage_error(lambda: run(here)) == told
    here.write("release.yaml", "candidate: x\ntarget: mock\n")
    here.write("config.yaml", "")
    assert usage_error(lambda: run(here)) == "release.yaml: mock declares no `flags`"
    assert not (here.folder / "docs").exists()


def test_a_link_is_not_written_through(here: Releasing) -> None:
    (here.folder / "docs").symlink_to(here.folder / "elsewhere")
    with pytest.raises(ArtifactError, match="symbolic link"):
        run(here)


def test_each_flag_was_measured_on_the_market_that_there_is() -> None:
    """Else run benchmarks.flags again."""
    study = shipped_study()
    assert study.kernel == source_digest()
    assert set(study.flags) == set(FLAGS)
    for name, change in study.flags.items():
        assert FLAGS.check(name, change.before, "") != FLAGS.check(name, change.after, "")
        for kpi, way in FLAGS[name].moves.items():
            mean, half = change.effects[kpi]
            rises = change.after > change.before
            assert mean * (1 if (way == "up") == rises else -1) > half


def test_of_another_target_or_market_nothing_was_measured() -> None:
    study = shipped_study()
    assert set(measured_effects("sim", study)) == set(FLAGS)
    assert not measured_effects("bot:Bot", study)
    assert not measured_effects("sim", study.model_copy(update={"kernel": "another"}))


def test_what_else_was_set_is_told_too() -> None:
    told = measured_effects("sim", shipped_study())["queue_eta.max_s"]
    assert told.startswith("30 to 100 with queue_eta.enabled true: num_fills -296 +- 22, ")
