"""The rows that are tests, `tests/exchange/test_real_clients.py`: run by pytest, told as rows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from benchmarks.clients.environments import environment
from benchmarks.clients.recipes import HERE
from benchmarks.clients.showing import GREEN, RED, Outcome

ROOT = HERE.parents[1]
TESTS = ROOT / "tests" / "exchange" / "test_real_clients.py"
CLIENTS = ("ccxt", "pybit")
_NAME = re.compile(r"test_(\d+)_(.+)")
NUMBERS = sorted({int(n) for n in re.findall(r"^def test_(\d+)_", TESTS.read_text("utf-8"), re.M)})
"""Their numbers."""


def tested(numbers: Sequence[int], environments: Path) -> list[Outcome]:
    """What became of some of them; a test that passes has seen both colours."""
    for name in CLIENTS:
        environment(name, environments)
    words = " or ".join(f"test_{number}_" for number in numbers)
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        options = ["-p", "no:cacheprovider", "-n", "2", "--dist", "worksteal", "-k", words]
        subprocess.run(
            [sys.executable, "-m", "pytest", str(TESTS), *options, f"--junitxml={report}"],
            cwd=ROOT,
            env=os.environ | {"SOAK_CLIENTS": str(environments.absolute())},
            check=False,
        )
        found = [*outcomes(report.read_text("utf-8"))] if report.exists() else []
    missing = {*numbers} - {out.number for out in found}
    return [*found, *(Outcome(number, "no such test ran", "none", "none") for number in missing)]


def outcomes(report: str) -> Iterator[Outcome]:
    """The tests in pytest's report, JUnit's XML."""
    for case in ElementTree.fromstring(report).iter("testcase"):
        name = _NAME.fullmatch(case.get("name", ""))
        if name is None:
            continue
        wrong = next((one.tag for one in case if one.tag in ("failure", "error", "skipped")), "")
        colours = (wrong, wrong) if wrong else (RED, GREEN)
        yield Outcome(int(name[1]), name[2].replace("_", " ").replace("[", " ["), *colours)
