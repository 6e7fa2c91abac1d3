"""Machine code of the entry alone: it is right, and nobody else's functions suffer."""

from __future__ import annotations

from typing import Any

import numba
import pytest
from numba.core.codegen import CPUCodeLibrary

from pytest_soak.market.compiled_once import machine_code_of, records_described_once
from pytest_soak.market.kernel.jit import kernel_function

MODULE, KERNEL = "made_for_this_test", "called_by_it"
_KERNEL = """
@kernel_function
def leaf(x):
    return min(x, 5, 7) * 2

@kernel_function
def middle(x):
    return leaf(x) + 1

@kernel_function
def folded(x):
    if False:
        return leaf(x)
    return x

@kernel_function
def upper(x):
    return middle(x) + leaf(x + 1)
"""
_ENTRY = """
@njit
def entry(x):
    return folded(x) + upper(x)
"""
njit: Any = numba.njit


def kernel() -> dict[str, Any]:
    """Functions that call one another, new ones each time, as nothing is compiled of them."""
    scope: dict[str, Any] = {"__name__": KERNEL, "kernel_function": kernel_function}
    exec(_KERNEL, scope)
    return scope


def entry_to(kernel: dict[str, Any]) -> Any:
    scope = kernel | {"__name__": MODULE, "njit": njit}
    exec(_ENTRY, scope)
    return scope["entry"]


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the functions of which machine code is made from now on."""
    names: list[str] = []
    make: Any = CPUCodeLibrary._finalize_final_module

    def told(library: Any) -> None:
        names.append(library.name.rpartition(".")[2])
        make(library)

    monkeypatch.setattr(CPUCodeLibrary, "_finalize_final_module", told)
    return names


def compiled(kernel: dict[str, Any]) -> Any:
    entry = entry_to(kernel)
    with machine_code_of(MODULE):
        entry.compile((numba.int64,))
    return entry


def expected(x: int) -> int:
    return x + min(x, 5) * 2 + 1 + min(x + 1, 5) * 2


def test_an_entry_alone_gets_machine_code_and_computes_what_python_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = recorded(monkeypatch)
    entry = compiled(kernel())
    assert made == ["entry"]
    assert [entry(x) for x in range(10)] == [expected(x) for x in range(10)]


def test_what_was_left_out_can_be_called_by_functions_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called = kernel()
    compiled(called)
    made, upper = recorded(monkeypatch), called["upper"]
    another = njit(lambda x: upper(x) + min(x, 2, 9))
    assert [another(x) for x in range(10)] == [expected(x) - x + min(x, 2) for x in range(10)]
    assert {"upper", "middle", "leaf"} <= set(made)


def test_a_second_entry_finds_what_the_first_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    called = kernel()
    compiled(called)
    made = recorded(monkeypatch)
    assert compiled(called)(3) == expected(3)
    assert made == ["entry"]


def test_numba_is_as_it_was_when_compiling_fails() -> None:
    before = CPUCodeLibrary.finalize, numba.types.Record.__repr__
    with pytest.raises(ZeroDivisionError), machine_code_of(MODULE), records_described_once():
        raise ZeroDivisionError
    assert (CPUCodeLibrary.finalize, numba.types.Record.__repr__) == before
    assert entry_to(kernel())(3) == expected(3)
