"""What a browser would make of a page of the package, and texts that would break one."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

HOSTILE = (
    "<script>alert(1)</script>",
    "</style></title><img src=x onerror=alert(1)>",
    "\" onload='alert(1)'",
    "{{ 7 * 7 }}{% raw %}",
    "\u202egnp.exe\u2066",
    "--></svg><!--",
    "x" * 5000,
)
VOID = {"meta", "!doctype"}
ATTRIBUTES = {
    "aria-label",
    "charset",
    "class",
    "content",
    "d",
    "data-label",
    "dominant-baseline",
    "height",
    "href",
    "http-equiv",
    "id",
    "lang",
    "name",
    "role",
    "style",
    "text-anchor",
    "viewbox",
    "width",
    "x",
    "y",
}


class Page(HTMLParser):
    """What a browser would make of the report: its tags, its attributes, its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def words(found: Page) -> str:
    return " ".join(" ".join(found.text).split())
