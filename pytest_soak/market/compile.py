"""Compile the kernel once a machine, and load it from disk afterwards.

numba watches only the file of the function that it caches, and the kernel is many files. So the
cached function is a generated one, in a directory whose name is the digest of every file of this
package and of the versions that compile it: a changed kernel has another directory.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import platform
import shutil
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

_MARKER = "compiled"
_ENTRY = '''"""The compiled entry points of pytest-soak's market kernel; generated."""

from numba import njit

from pytest_soak.market import kernel, venue


@njit(nogil=True, error_model="numpy", cache=True)
def advance(world, tape, until):
    return kernel.advance(world, tape, until)


@njit(nogil=True, error_model="numpy", cache=True)
def send(world, time, kind, side, price, quantity, target):
    return venue.send(world, time, kind, side, price, quantity, target, world.mid)
'''


def kernel_is_compiled() -> bool:
    """Whether `compile_kernel` would find its work done; imports no heavy library."""
    return any((folder / _MARKER).exists() for folder in _folders())


def compile_kernel() -> None:
    """Compile the kernel unless the disk already holds it; takes some 10 s of CPU time."""
    load_kernel()


def load_kernel() -> ModuleType:
    """Return the module of the entry point `advance`, compiled or loaded from disk."""
    import numba
    from numpy import zeros

    from pytest_soak.market.state import WORLD
    from pytest_soak.market.tape import TAPE

    typeof: Any = numba.typeof
    entry = _import_entry()
    entry.advance.compile((typeof(zeros(1, WORLD)[0]), typeof(zeros(1, TAPE)[0]), numba.int64))
    folder = Path(str(entry.__file__)).parent
    if not (folder / _MARKER).exists():
        (folder / _MARKER).touch()
        _drop_older(folder)
    return entry


def load_sender() -> Any:
    """Return the compiled `send`, with which an agent outside the kernel sends its requests."""
    import numba
    from numpy import zeros

    from pytest_soak.market.state import WORLD

    typeof: Any = numba.typeof
    send = load_kernel().send
    send.compile((typeof(zeros(1, WORLD)[0]), *(numba.int64,) * 6))
    return send


def _import_entry() -> ModuleType:
    name = f"pytest_soak_{_version().replace('-', '_').replace('.', '_')}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, _entry_file())
    if spec is None or spec.loader is None:
        raise ImportError("the kernel's entry point cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _entry_file() -> Path:
    """Return the generated file, written beside the package or, where that fails, for the user."""
    for folder in _folders():
        if (folder / _MARKER).exists():
            return folder / "entry.py"
    for folder in _folders():
        try:
            return _write_entry(folder)
        except OSError:
            continue
    return _write_entry(Path(tempfile.mkdtemp(prefix="pytest-soak-")))


def _write_entry(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as file:
        file.write(_ENTRY)
    entry = folder / "entry.py"
    if entry.exists():
        Path(file.name).unlink()
    else:
        Path(file.name).replace(entry)
    return entry


def _folders() -> tuple[Path, Path]:
    name = _version()
    return (
        Path(__file__).parent / "__pycache__" / name,
        Path.home() / ".cache" / "pytest-soak" / name,
    )


def _version() -> str:
    """Return a name for the kernel's sources under this interpreter and these libraries."""
    return f"{_toolchain()}-{source_digest()[:16]}"


def _toolchain() -> str:
    return "-".join(
        (
            "kernel",
            sys.implementation.cache_tag,
            platform.machine().lower(),
            f"numba{importlib.metadata.version('numba')}",
            f"numpy{importlib.metadata.version('numpy')}",
        )
    )


def source_digest() -> str:
    """Return the SHA-256 of every source file of the market, as hexadecimal digits."""
    digest = hashlib.sha256(_ENTRY.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _drop_older(folder: Path) -> None:
    """Remove what other versions of the sources left beside `folder`."""
    for other in folder.parent.glob(f"{_toolchain()}-*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
