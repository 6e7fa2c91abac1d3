"""What docs/CONTROL.md concludes is what its tables say."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import fmean

from pytest_soak.options import OPTIONS
from pytest_soak.tuning.tuners import TUNERS

DOCUMENT = Path(__file__).parents[2] / "docs" / "CONTROL.md"


def rows(section: str) -> list[dict[str, str]]:
    """The rows of a table; columns of one name keep the first value."""
    text = DOCUMENT.read_text(encoding="utf-8")
    found = re.search(rf"<!-- begin {section} -->\n(.*?)<!-- end {section} -->", text, re.DOTALL)
    assert found is not None
    lines = [[c.strip() for c in x.strip("|").split("|")] for x in found[1].splitlines()]
    head = lines[0]
    return [dict(reversed([*zip(head, line, strict=True)])) for line in lines[2:]]


def test_the_default_tuner_is_the_one_that_passes_most_hours() -> None:
    table = rows("tuners")
    passed = {
        name: fmean(float(row["hours PASS %"]) for row in table if row["tuner"] == name)
        for name in (*TUNERS, "none")
    }
    default = next(option.default for option in OPTIONS if option.name == "tuner")
    assert max(passed, key=passed.__getitem__) == default


def test_every_study_has_its_table() -> None:
    assert {row["market"] for row in rows("tuners")} == {"calm", "volatile", "spike"}
    assert len(rows("warmups")) > 10
    assert {row["tuner"] for row in rows("guards")} >= {"effects, guards on", "effects, off"}
    assert [row["market"] for row in rows("uplift")] == ["calm", "volatile", "spike"]
