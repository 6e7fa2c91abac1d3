"""Put each fault of `mutants` into a copy of the tree, and see its tests turn red.

    python tests/kill_mutants.py [TEXT]     all mutants, or those with TEXT in name or tests

Exits with 1 where one survives. Takes some minutes; no workflow runs it, a person does after a
change of what it covers. The checkout is only read.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mutants import MUTANTS, Mutant

ROOT = Path(__file__).parents[1]
COPIED = ("pytest_soak", "tests", "profiles", "benchmarks", "docs", ".github")
FILES = ("conftest.py", "pyproject.toml", "README.md")
TESTS_FAILED = 1


def run(tree: Path, tests: Sequence[str]) -> int:
    """The exit status of `tests` in a tree."""
    options = ("-x", "-q", "-p", "no:cacheprovider", "--hypothesis-profile=unshrunk")
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *(f"tests/{test}" for test in tests)],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.DEVNULL,
        check=False,
    ).returncode


def killed(mutant: Mutant, tree: Path) -> bool:
    """Whether tests fail of a fault, which is taken back."""
    path = mutant.path(tree / "pytest_soak")
    text = path.read_text("utf-8")
    path.write_text(text.replace(mutant.old, mutant.new), "utf-8")
    try:
        return run(tree, mutant.tests) == TESTS_FAILED
    finally:
        path.write_text(text, "utf-8")


def main(wanted: str = "") -> int:
    """Try the mutants with `wanted` in name or tests; the exit status."""
    mutants = [mutant for mutant in MUTANTS if wanted in f"{mutant.name} {mutant.tests}"]
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for name in COPIED:
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("*.pyc"))
        for name in FILES:
            shutil.copy2(ROOT / name, tree / name)
        every = sorted({test for mutant in mutants for test in mutant.tests})
        if run(tree, every):
            print(f"without a fault these fail: {' '.join(every)}")
            return 2
        survivors = [mutant for mutant in mutants if not _told(mutant, killed(mutant, tree))]
    print(f"{len(mutants) - len(survivors)} killed, {len(survivors)} survived")
    return 1 if survivors else 0


def _told(mutant: Mutant, dead: bool) -> bool:
    print("killed  " if dead else "SURVIVED", mutant.name, flush=True)
    return dead


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
