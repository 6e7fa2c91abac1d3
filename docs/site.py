"""A hook of mkdocs: the documents beside this folder are pages too, README.md the first of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.structure.files import Files

ROOT = Path(__file__).parents[1]
PAGES = {
    "index.md": "README.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "ARCHITECTURE.md": "ARCHITECTURE.md",
}
_CODE = re.compile(r"`[^`]*`")
_BESIDE = re.compile(r"\[[^\]]*\]\(\.\./([^)]+)\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that lie beside this folder, their links as from within it."""
    from mkdocs.structure.files import File

    for name, source in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8").replace("](docs/", "](")
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Name what is linked to and is no page of the site, such as a workflow's file.

    In code in a table a bar stands as it is: Python-Markdown shows what GitHub needs before it.
    """
    lines = _BESIDE.sub(r"`\1`", markdown).split("\n")
    return "\n".join(_bars(line) if line.startswith("|") else line for line in lines)


def _bars(row: str) -> str:
    return _CODE.sub(lambda code: code[0].replace("\\|", "|"), row)
