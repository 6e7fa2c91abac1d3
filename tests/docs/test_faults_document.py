"""What docs/EXCHANGE_FAULTS.md says of faults and tolerances is what the code says."""

from __future__ import annotations

import json
import re

import pytest

from benchmarks.faults_document import DOCUMENT, SECTIONS
from pytest_soak.config.documents import parse_yaml, validate
from pytest_soak.exchange.beliefs.line import belief_of
from pytest_soak.exchange.beliefs.source import KINDS
from pytest_soak.exchange.faults.kinds import FAULTS
from pytest_soak.exchange.faults.schedule import Schedule
from pytest_soak.kpi.definitions import EXCHANGE_KPIS

TEXT = DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SECTIONS)
def test_its_tables_are_made_from_the_code(name: str) -> None:
    (section,) = re.findall(rf"<!-- begin {name} -->\n(.*?)\n<!-- end {name} -->", TEXT, re.DOTALL)
    assert section == SECTIONS[name](), "run `python -m benchmarks.faults_document`"


def test_every_kind_every_invariant_and_every_source_is_told_of() -> None:
    for name in (*FAULTS, *sorted({*EXCHANGE_KPIS} - {"isolation"})):
        assert f"`{name}`" in TEXT
    assert all(f"`{kind}:" in TEXT for kind in KINDS)


def test_the_schedule_and_the_line_that_it_shows_are_read() -> None:
    (shown,) = re.findall(r'```yaml title="faults/mine.yaml"\n(.*?)```', TEXT, re.DOTALL)
    schedule = validate(Schedule, parse_yaml(shown, "mine.yaml"))
    assert [row.kind for row in schedule.faults] == ["gateway_error", "drop", "late_cancels"]
    (line,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    belief = belief_of(json.loads(line), 0)
    assert belief.books["BTCUSDT"].bids == ((67000.1, 0.5),)
