"""The documents as a site: every document is in it, and it builds without a warning."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from benchmarks.lanes import ROOT

SITE = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
PAGES = [page for part in SITE["nav"] for pages in part.values() for page in pages]
BESIDE = {"index.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md"}


def test_every_document_is_a_page_once() -> None:
    documents = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert sorted(PAGES) == sorted(documents | BESIDE)


def test_every_document_can_be_reached_from_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in PAGES:
        assert page == "index.md" or f"]({page})" in text or f"](docs/{page})" in text


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="the extra [docs] is not installed")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "TUTORIAL" / "index.html").exists()
    assert "terminal.svg" in (tmp_path / "index.html").read_text(encoding="utf-8")
