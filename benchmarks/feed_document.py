"""The table of fields in docs/FEEDS.md, from the schema: python -m benchmarks.feed_document."""

from __future__ import annotations

from benchmarks.lanes import ROOT, put_section, table
from pytest_soak.observation.feed_schema import FEEDS, Feed, FeedField

DOCUMENT = ROOT / "docs" / "FEEDS.md"
EVERYWHERE = ("seq", "time_us")


def fields_section() -> str:
    """The fields of every feed, and first those that all of them have."""
    first = FEEDS["fills"].fields[:2]
    assert tuple(field.name for field in first) == EVERYWHERE
    parts = ["Every line of every feed:", _table(first)]
    for feed in FEEDS.values():
        parts += [f"**{feed.name}**: {feed.meaning}; {_time(feed)}.", _table(feed.fields[2:])]
    return "\n\n".join(parts)


def _time(feed: Feed) -> str:
    """What the time of its lines is."""
    return f"`time_us` is {feed.fields[1].meaning.removesuffix(', UTC')}"


def _table(fields: tuple[FeedField, ...]) -> str:
    rows = [
        [
            f"`{field.name}`",
            _expected(field),
            field.unit,
            "UTC; see below" if field.name == "time_us" else field.meaning,
            field.absent or "*required*",
        ]
        for field in fields
    ]
    return table(["field", "value", "unit", "meaning", "if absent"], rows)


def _expected(field: FeedField) -> str:
    return field.kind.expected.removeprefix("a ").replace("|", "\\|")


if __name__ == "__main__":
    put_section(DOCUMENT, "fields", fields_section())
    print(f"wrote the table of {DOCUMENT.relative_to(ROOT)}")
