"""A short run of the fuzzer, and that it sees what it looks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import fuzzing
import pytest

from pytest_soak.errors import SoakUsageError


def test_no_document_ends_in_anything_but_a_result_or_one_line() -> None:
    tried, findings = fuzzing.fuzz(fuzzing.kinds(), inputs=504, seed=42)
    assert findings == []
    assert min(tried.values()) > 12
    assert sum(tried.values()) == 504


def test_every_valid_document_is_read_without_complaint(tmp_path: Path) -> None:
    for number, kind in enumerate(fuzzing.kinds()):
        for document in kind.valid:
            folder = tmp_path / str(number)
            folder.mkdir(exist_ok=True)
            assert fuzzing.attempt(kind, document, folder) is None
            if kind.name != "preset":  # most of them are for no warm-up, and say so
                kind.read(folder / kind.file)


def _raise(error: BaseException) -> Iterable[str]:
    raise error


def _append(path: Path) -> Iterable[str]:
    path.write_bytes(path.read_bytes() + b"!")
    return []


@pytest.mark.parametrize(
    ("read", "problem"),
    [
        (lambda path: _raise(KeyError("x")), "KeyError"),
        (lambda path: _raise(RecursionError()), "RecursionError"),
        (lambda path: ["two\nlines"], "no printable line"),
        (lambda path: ["\ud800"], "no printable line"),
        (lambda path: ["x" * 6000], "no printable line"),
        (lambda path: _append(path), "changed a file"),
        (lambda path: path.unlink() or [], "changed a file"),
        (lambda path: path.with_name("new").touch() or [], "changed a file"),
        (lambda path: _raise(SoakUsageError("x", "y" * 6000)), None),
        (lambda path: ["good"], None),
    ],
)
def test_what_must_not_happen_is_found(
    tmp_path: Path, read: Callable[[Path], Iterable[str]], problem: str | None
) -> None:
    found = fuzzing.attempt(fuzzing.Kind("x", "x.json", [], read), b"{}", tmp_path)
    assert (found is None) is (problem is None)
    assert found is None or (problem or "") in found.problem


def test_an_input_that_takes_too_long_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([0.0, fuzzing.SECONDS + 1])
    monkeypatch.setattr("time.perf_counter", lambda: next(times))
    kind = fuzzing.Kind("x", "x.json", [], lambda path: [])
    found = fuzzing.attempt(kind, b"{}", tmp_path)
    assert found is not None
    assert found.problem == "took 61.0 s"


def test_the_same_seed_gives_the_same_inputs() -> None:
    def inputs(seed: int) -> list[bytes]:
        seen: list[bytes] = []

        def read(path: Path) -> list[str]:
            seen.append(path.read_bytes())
            return []

        fuzzing.fuzz([fuzzing.Kind("x", "x", [b"a: 1\nb: [2]\n"], read)], 50, seed)
        return seen

    assert inputs(1) == inputs(1)
    assert inputs(1) != inputs(2)
