"""Where the compiled kernel is kept: the folders that come into question, and what they hold.

numba finds compiled code again by the processor and its features, and only in a folder in which it
may write. So a folder says by processor which files make it whole, and a whole one that belongs to
somebody else is copied.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DIRECTORY = "NUMBA_CACHE_DIR"
_COMPILED = "__pycache__"


@dataclass(frozen=True)
class Cache:
    """A kernel called `name`, with the source `entry` of what numba is to cache."""

    name: str
    entry: str

    def is_filled(self) -> bool:
        """Whether a folder holds all that numba compiled for this processor."""
        return any(_is_filled(folder) for folder in self._folders())

    def take_folder(self) -> Path:
        """The folder to compile into or to load from, with the source in it.

        A temporary one, which goes with the process, where none can be written.
        """
        folders = [folder for folder in self._folders() if _problem(folder) is None]
        filled = [folder for folder in folders if _is_filled(folder)]
        if filled:
            return filled[0]
        taken = folders[0] if folders else _temporary() / self.name
        (taken / _COMPILED).mkdir(parents=True, exist_ok=True)
        for other in self._folders():
            if _is_filled(other):
                _copy(other, taken)
                return taken
        _put(taken / "entry.py", self.entry.encode())
        return taken

    def mark_filled(self, folder: Path) -> None:
        """Say that numba has compiled all into `folder`."""
        names = sorted(path.name for path in (folder / _COMPILED).glob("entry.*.nb?"))
        _put(folder / _marker(), "\n".join(names).encode())

    def why_not_kept(self) -> str | None:
        """Why no folder can be written; None where one can."""
        problems = [_problem(folder) for folder in self._folders()]
        return None if None in problems else "; ".join(filter(None, problems))

    def _folders(self) -> list[Path]:
        return [place / self.name for place in _places()]


def share_temporary() -> None:
    """Let child processes use the temporary folder of this one."""
    os.environ[DIRECTORY] = str(_temporary())


def _places() -> list[Path]:
    """Where the user wants it, beside the package, in his home if he has one."""
    wanted = os.environ.get(DIRECTORY)
    places = [Path(wanted)] if wanted else []
    places.append(Path(__file__).parent / _COMPILED)
    with suppress(RuntimeError):  # no HOME, and a user whom the system does not know
        places.append(Path.home() / ".cache" / "pytest-soak")
    return places


def _is_filled(folder: Path) -> bool:
    try:
        names = (folder / _marker()).read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    whole = [folder / "entry.py", *(folder / _COMPILED / name for name in names)]
    return bool(names) and all(path.is_file() for path in whole)


@cache
def _marker() -> str:
    """The name of the file that says what is compiled for this processor."""
    from llvmlite import binding

    name = os.environ.get("NUMBA_CPU_NAME") or binding.get_host_cpu_name()
    features = os.environ.get("NUMBA_CPU_FEATURES")
    if features is None:
        features = binding.get_host_cpu_features().flatten()
    told = (name, features, os.environ.get("NUMBA_ENABLE_AVX", ""))
    return f"compiled-{hashlib.sha256(repr(told).encode()).hexdigest()[:16]}"


def _problem(folder: Path) -> str | None:
    """Why numba could not write there; None where it can."""
    try:
        (folder / _COMPILED).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder / _COMPILED):
            return None
    except OSError as error:
        return f"{folder.parent}: {error.strerror or error}"


@cache
def _temporary() -> Path:
    folder, owner = Path(tempfile.mkdtemp(prefix="pytest-soak-")), os.getpid()

    def remove() -> None:
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


def _copy(source: Path, target: Path) -> None:
    """Copy code, then what points to it, then what calls it whole; numba may go by the times."""
    compiled = sorted((source / _COMPILED).glob("entry.*"), key=lambda path: path.suffix == ".nbi")
    for path in (source / "entry.py", *compiled, source / _marker()):
        half = target / f".{path.name}.{os.getpid()}"
        shutil.copyfile(path, half)
        changed = path.stat()
        os.utime(half, ns=(changed.st_atime_ns, changed.st_mtime_ns))
        half.replace(target / path.relative_to(source))


def _put(path: Path, data: bytes) -> None:
    """Write a file in one step, for whoever the umask lets read it."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_bytes(data)
    half.replace(path)
