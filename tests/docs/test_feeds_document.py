"""What docs/FEEDS.md says of the fields is what the schema says."""

from __future__ import annotations

import re

from benchmarks.feed_document import DOCUMENT, fields_section
from pytest_soak.observation.feed_schema import FEEDS

TEXT = DOCUMENT.read_text(encoding="utf-8")


def test_the_table_of_fields_is_made_from_the_schema() -> None:
    (section,) = re.findall(r"<!-- begin fields -->\n(.*?)\n<!-- end fields -->", TEXT, re.DOTALL)
    assert section == fields_section(), "run `python -m benchmarks.feed_document`"


def test_every_field_of_every_feed_is_in_it() -> None:
    for feed in FEEDS.values():
        (_, _, part) = TEXT.partition(f"**{feed.name}**")
        for field in feed.fields[2:]:
            assert f"| `{field.name}` |" in part.split("\n\n**")[0]


def test_the_bot_is_short() -> None:
    (bot,) = re.findall(r'^```python title="bot.py"\n(.*?)^```$', TEXT, re.MULTILINE | re.DOTALL)
    code = [line for line in bot.splitlines() if line and not line.startswith(("import", "from"))]
    assert len(code) <= 20
