"""The table of mutants fits the source; whether they are killed, `kill_mutants.py` tells."""

from __future__ import annotations

from pathlib import Path

import pytest
from mutants import MUTANTS, TESTS, Mutant

import pytest_soak

PACKAGE = Path(pytest_soak.__file__).parent


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_another_program_with_tests_to_kill_it(mutant: Mutant) -> None:
    path = mutant.path(PACKAGE)
    text = path.read_text("utf-8")
    changed = text.replace(mutant.old, mutant.new)
    assert changed != text
    compile(changed, path, "exec")
    assert mutant.tests
    for test in mutant.tests:
        file, _, name = test.partition("::")
        assert f"def {name}" in (TESTS / file).read_text("utf-8")


def test_no_mutant_is_there_twice() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
