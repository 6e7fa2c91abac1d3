"""The clients that benchmarks run: pinned as the documents say, with bots and schedules there."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.clients.recipes import HERE, RECIPES, Recipe
from benchmarks.clients.rows import ROWS, Row
from pytest_soak.exchange.faults.schedule import fault_shelf, load_schedule

DOCUMENT = (HERE.parents[1] / "docs" / "EXCHANGE_CLIENTS.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)
def test_a_client_is_pinned_to_the_version_that_the_document_names(recipe: Recipe) -> None:
    pins = dict(
        line.split("==")
        for line in (HERE / "pins" / f"{recipe.environment}.txt").read_text().splitlines()
    )
    version = recipe.modules.rpartition("-")[2] or pins[recipe.package]
    assert version in DOCUMENT
    paths = [Path(word) for word in recipe.command if word.startswith(str(HERE))]
    assert paths
    assert all(path.exists() for path in paths)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.number))
def test_a_row_has_its_client_and_its_schedule(row: Row, tmp_path: Path) -> None:
    assert {row.client, row.honest or row.client} <= {*RECIPES}
    schedule = load_schedule(str(row.faults), fault_shelf(tmp_path), tmp_path, "rows")
    assert bool(schedule.faults) != bool(row.honest)
