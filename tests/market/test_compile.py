"""Where the compiled kernel is kept, for which sources, processor and user."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from builders import usage_error

from pytest_soak.market import compile as kernel_compile
from pytest_soak.market import kernel_cache
from pytest_soak.market.kernel_cache import DIRECTORY, Cache

CACHED = ("entry.advance-8.py311.nbi", "entry.advance-8.py311.1.nbc")
by_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root, to become another user"
)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the market's sources for which the cache is asked; its folder."""
    folder = tmp_path / "market"
    sources = Path(kernel_compile.__file__).parent
    shutil.copytree(sources, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "config").mkdir()
    shutil.copy(sources.parent / "config" / "sizes.py", tmp_path / "config")
    for module in (kernel_compile, kernel_cache):
        monkeypatch.setattr(module, "__file__", str(folder / "compile.py"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.delenv(DIRECTORY, raising=False)
    kernel_cache._marker.cache_clear()
    return folder


def fill(cache: Cache) -> Path:
    """A folder as it is after a compilation."""
    folder = cache.take_folder()
    for name in CACHED:
        (folder / "__pycache__" / name).write_text(name)
    cache.mark_filled(folder)
    return folder


def test_any_changed_source_of_the_kernel_is_another_one(places: Path) -> None:
    sources = sorted((places / "kernel").glob("*.py"))
    assert len(sources) > 15
    sources.append(places.parent / "config" / "sizes.py")
    before = kernel_compile.source_digest()
    for path in sources:
        path.write_text(path.read_text() + "\n# changed\n")
        after = kernel_compile.source_digest()
        assert after != before
        before = after


def test_what_is_not_compiled_changes_no_kernel(places: Path) -> None:
    before = kernel_compile.source_digest()
    exchange = places / "exchange.py"
    changed = exchange.read_text().replace('"""The market', '"""This is the market', 1)
    assert changed != exchange.read_text()
    for path in places.glob("*.py"):
        path.write_text(path.read_text() + "\n# changed\n")
    exchange.write_text(changed)
    assert kernel_compile.source_digest() == before


def test_all_that_numba_compiles_is_in_the_digest() -> None:
    market = Path(kernel_compile.__file__).parent
    outside = [path for path in market.glob("*.py") if "kernel_function" in path.read_text()]
    assert outside == []


def test_a_kernel_counts_as_compiled_only_for_its_sources(places: Path) -> None:
    fill(kernel_compile._cache())
    assert kernel_compile.kernel_is_compiled()
    (places / "kernel" / "book.py").write_text("")
    assert not kernel_compile.kernel_is_compiled()


@pytest.mark.parametrize("name", [*(f"__pycache__/{name}" for name in CACHED), "entry.py"])
def test_a_kernel_of_which_a_file_is_gone_is_not_compiled(places: Path, name: str) -> None:
    (fill(kernel_compile._cache()) / name).unlink()
    assert not kernel_compile.kernel_is_compiled()


@pytest.mark.parametrize("variable", ["NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"])
def test_each_processor_has_its_own(
    places: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(kernel_compile._cache())
    monkeypatch.setenv(variable, "generic")
    kernel_cache._marker.cache_clear()
    assert not kernel_compile.kernel_is_compiled()
    fill(kernel_compile._cache())
    assert kernel_compile.kernel_is_compiled()
    monkeypatch.delenv(variable)
    kernel_cache._marker.cache_clear()
    assert kernel_compile.kernel_is_compiled()


def test_whoever_the_umask_lets_may_read_it(places: Path) -> None:
    before = os.umask(0o022)
    try:
        entry = kernel_compile._cache().take_folder() / "entry.py"
    finally:
        os.umask(before)
    assert stat.S_IMODE(entry.stat().st_mode) & 0o444 == 0o444


def test_without_a_writable_package_the_users_cache_serves(places: Path) -> None:
    (places / "__pycache__").write_text("in the way")
    assert (places.parent / "home") in kernel_compile._cache().take_folder().parents


def test_a_users_own_place_comes_first(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DIRECTORY, str(places.parent / "mine"))
    taken = fill(kernel_compile._cache())
    assert taken.is_relative_to(places.parent / "mine")
    assert kernel_compile.kernel_is_compiled()


def test_without_any_writable_place_a_temporary_one_serves(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (places / "__pycache__").write_text("in the way")
    assert kernel_compile._cache().why_not_kept() is None
    monkeypatch.setattr(Path, "home", lambda: places / "__pycache__")
    why = kernel_compile._cache().why_not_kept()
    assert why is not None
    assert str(places / "__pycache__") in why
    taken = kernel_compile._cache().take_folder()
    assert (taken / "entry.py").exists()
    assert taken == kernel_compile._cache().take_folder()


def test_without_a_home_it_is_no_error(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert not kernel_compile.kernel_is_compiled()
    assert kernel_compile._cache().take_folder().is_relative_to(places)


def test_what_belongs_to_somebody_else_is_copied(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = fill(kernel_compile._cache())
    real = kernel_cache._problem
    monkeypatch.setattr(
        kernel_cache, "_problem", lambda path: "theirs" if path == theirs else real(path)
    )
    mine = kernel_compile._cache().take_folder()
    assert mine.is_relative_to(places.parent / "home")
    for name in ("entry.py", *(f"__pycache__/{name}" for name in CACHED)):
        assert (mine / name).read_bytes() == (theirs / name).read_bytes()
        assert (mine / name).stat().st_mtime_ns == (theirs / name).stat().st_mtime_ns
    assert kernel_cache._is_filled(mine)


def test_a_switched_off_compiler_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    for call in (kernel_compile.kernel_is_compiled, kernel_compile.load_kernel):
        assert usage_error(call).startswith("NUMBA_DISABLE_JIT: ")


def test_asking_imports_nothing_heavy() -> None:
    code = (
        "import sys; from pytest_soak.market.compile import kernel_is_compiled;"
        "kernel_is_compiled(); assert not {'numba', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


STRANGER = """
import os
from pytest_soak.market import compile
compile.kernel_is_compiled()  # imports what another user may not read
os.setgroups([])
os.setgid(12345)
os.setuid(12345)
taken = compile._cache().take_folder()
print(taken)
print(compile._cache().why_not_kept())
print((taken / "entry.py").read_text() == compile._ENTRY)
"""


@by_root
def test_a_user_whom_the_system_does_not_know_has_a_kernel() -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", STRANGER],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    taken, why, whole = done.stdout.splitlines()
    assert whole == "True"
    assert "denied" in why
    assert not Path(taken).exists()
