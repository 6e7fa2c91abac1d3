"""Whichever way a `soak_target` fixture is defined: that bot is soaked, or a usage error names it.

What only collects runs in this process, which takes a tenth of the time.
"""

from __future__ import annotations

import numpy as np
import pytest
from harness import Workbench

pytest_plugins = "pytester"
ONCE = np  # it cannot be loaded again in this process, whose modules each run here forgets

BOTS = """
from pytest_soak.testing import InstantTarget

class Mine(InstantTarget):
    pass

class Other(InstantTarget):
    pass
"""
NAMED = """
import pytest
from bots import Mine

@pytest.fixture(name="soak_target"{arguments})
def any_name({parameters}):
    return Mine
"""
ORDINARY = "\ndef test_ordinary():\n    pass\n"
SOAK = "\ndef test_soak(soak_iteration):\n    soak_iteration.run()\n"
MARKED = f"import bots, pytest\n@pytest.mark.parametrize('soak_target', [bots.Mine]){SOAK}"
IN_A_CLASS = """
import pytest
from bots import Mine

class TestMine:
    @pytest.fixture{arguments}
    def soak_target(self):
        return Mine
"""
SOAK_IN_IT = "\n    def test_soak(self, soak_iteration):\n        soak_iteration.run()\n"


def named(arguments: str = "", parameters: str = "") -> str:
    return NAMED.format(arguments=arguments, parameters=parameters)


def in_a_class(arguments: str = "") -> str:
    return IN_A_CLASS.format(arguments=arguments)


def other(text: str) -> str:
    return text.replace("Mine", "Other")


ANY = "sim (unless a fixture says else)"


@pytest.mark.parametrize(
    ("files", "arguments", "header"),
    [
        ({"conftest.py": named(", autouse=True")}, ("-n", "1"), "soak_target of conftest.py"),
        (
            {"conftest.py": named(), "plug.py": other(named())},
            ("-p", "plug"),
            "soak_target of conftest.py",
        ),
        ({"sub/conftest.py": named(), "sub/test_mine.py": SOAK}, (), ANY),
        ({"test_mine.py": in_a_class() + SOAK_IN_IT}, (), ANY),
    ],
    ids=["by name, xdist", "over a plugin's", "sub-conftest", "class"],
)
def test_the_bot_that_pytest_would_give_is_soaked(
    bench: Workbench, files: dict[str, str], arguments: tuple[str, ...], header: str
) -> None:
    for name, text in ({"bots.py": BOTS} | files).items():
        bench.write(name, text)
    done = bench.soak(1, "--soak-gate=smoke", *arguments)
    assert done.returncode == 0, done.everything
    pytest.LineMatcher(done.lines).fnmatch_lines(f"soak: 1 iteration *, target {header}")
    assert done.last_line.endswith("(1 iteration, bots:Mine)")
    assert done.artifact("RESULT.json")["source"] == "bots:Mine"


PLAIN = "import bots\n\ndef soak_target():\n    return bots.Mine\n"
NO_FIXTURE = "is a plain function, which pytest takes for no fixture, so sim would be soaked"
MISSPELT = "is not soak_target, the fixture that is asked for, so sim would be soaked; name it"


def misspelt(text: str) -> str:
    return text.replace("soak_target", "soak_traget").replace("any_name", "soak_traget")


UNUSED = "is used by no soak test; move it to the root conftest.py"
ONE_BOT = "parametrized, but a session soaks one bot"
OUTLIVES = "a lane outlives one test; give it scope='session'"
OPTION = "--soak-target=mock"


@pytest.mark.parametrize(
    ("file", "text", "arguments", "problem"),
    [
        ("conftest.py", PLAIN, (), f"conftest.py: soak_target {NO_FIXTURE}"),
        ("test_mine.py", PLAIN + ORDINARY, (), f"test_mine.py: soak_target {NO_FIXTURE}"),
        ("conftest.py", misspelt(named()), (), f"conftest.py: soak_traget {MISSPELT}"),
        ("sub/conftest.py", misspelt(PLAIN), (), f"sub/conftest.py: soak_traget {MISSPELT}"),
        ("sub/conftest.py", named(), (), f"sub/conftest.py {UNUSED}"),
        ("test_mine.py", named() + ORDINARY, (), f"test_mine.py {UNUSED}"),
        ("test_mine.py", named(), (), f"test_mine.py {UNUSED}"),
        ("test_mine.py", in_a_class(), (), f"test_mine.py::TestMine {UNUSED}"),
        ("conftest.py", named(), (OPTION,), "fixture (conftest.py) also says"),
        (
            "test_mine.py",
            in_a_class() + SOAK_IN_IT,
            (OPTION,),
            "--soak-target: a soak_target fixture (test_mine.py::TestMine) also says",
        ),
        ("conftest.py", named(", params=[1]", "request"), (), f"conftest.py is {ONE_BOT}"),
        ("test_mine.py", named(", params=[1, 2]", "request") + SOAK, (), f"mine.py is {ONE_BOT}"),
        ("test_mine.py", MARKED, (), f"test_mine.py::test_soak: soak_target is {ONE_BOT}"),
        (
            "test_mine.py",
            in_a_class("(scope='class')") + SOAK_IN_IT,
            (),
            f"TestMine: {OUTLIVES}",
        ),
        ("conftest.py", named().replace("return", "yield"), (), f"conftest.py: {OUTLIVES}"),
        ("conftest.py", named().replace("def", "async def"), (), "conftest.py is async"),
    ],
    ids=[
        *("no fixture", "no fixture, test", "misspelt", "misspelt, plain"),
        *("sub-conftest", "module", "module alone", "class", "option", "option, class"),
        *("parametrized", "parametrized, own test", "mark", "scope", "yield", "async"),
    ],
)
def test_what_cannot_be_used_is_a_usage_error_that_names_it(
    pytester: pytest.Pytester, file: str, text: str, arguments: tuple[str, ...], problem: str
) -> None:
    bench = Workbench(pytester.path)
    for name, content in (
        ("bots.py", BOTS),
        (f"{file.rpartition('/')[0] or '.'}/test_other.py", ORDINARY),
        (file, text),
    ):
        bench.write(name, content)
    pytester.syspathinsert()
    done = pytester.runpytest_inprocess("--soak-iterations=1", "--soak-gate=smoke", *arguments)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert any(problem in line for line in done.errlines), done.errlines
    assert not (pytester.path / "artifacts").exists()


def test_what_is_asked_for_by_name_is_soaked_whatever_else_is_nearly_called_so(
    pytester: pytest.Pytester,
) -> None:
    bench = Workbench(pytester.path)
    bench.write("bots.py", BOTS)
    bench.write("conftest.py", misspelt(PLAIN))
    pytester.syspathinsert()
    asked = ("--soak-iterations=1", "--soak-gate=smoke", "--collect-only", "-q")
    assert pytester.runpytest_inprocess(*asked, "--soak-target=bots:Mine").ret == 0
