from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_soak.market import compile as kernel_compile


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the market's sources for which the cache is asked."""
    folder = tmp_path / "market"
    folder.mkdir()
    for path in Path(kernel_compile.__file__).parent.glob("*.py"):
        (folder / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(kernel_compile, "__file__", str(folder / "compile.py"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    return folder


def test_any_changed_source_is_another_kernel(sources: Path) -> None:
    before = kernel_compile.source_digest()
    for path in sorted(sources.glob("*.py")):
        path.write_text(path.read_text() + "\n# changed\n")
        after = kernel_compile.source_digest()
        assert after != before
        before = after


def test_a_kernel_counts_as_compiled_only_for_its_sources(sources: Path) -> None:
    entry = kernel_compile._entry_file()
    (entry.parent / "compiled").touch()
    assert kernel_compile.kernel_is_compiled()
    (sources / "book.py").write_text("")
    assert not kernel_compile.kernel_is_compiled()


def test_without_a_writable_package_the_users_cache_serves(sources: Path) -> None:
    (sources / "__pycache__").write_text("in the way")
    assert (sources.parent / "home") in kernel_compile._entry_file().parents


def test_without_any_writable_place_a_temporary_one_serves(sources: Path) -> None:
    (sources / "__pycache__").write_text("in the way")
    (sources.parent / "home").write_text("in the way")
    assert kernel_compile._entry_file().exists()


def test_asking_imports_nothing_heavy() -> None:
    code = (
        "import sys; from pytest_soak.market.compile import kernel_is_compiled;"
        "kernel_is_compiled(); assert not {'numba', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
