"""The environments of the clients: made once, with every version pinned."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
from pathlib import Path

from benchmarks.clients.recipes import HERE, SOURCE

PYTHON = (3, 11)
"""The pins are for this one: the last version of Nautilus for it is the one that is meant."""
MADE = "soak-pins"


def environment(name: str, folder: Path) -> Path:
    """The environment of a client below `folder`, made where it is not, or is of other pins."""
    if sys.version_info[:2] != PYTHON:
        sys.exit(f"the clients are pinned for Python {'.'.join(map(str, PYTHON))}: run this by it")
    place, pins = folder.absolute() / name, HERE / "pins" / f"{name}.txt"
    wanted = hashlib.sha256(pins.read_bytes()).hexdigest()
    made = place / MADE
    if made.is_file() and made.read_text() == wanted:
        return place
    print(f"{name}: its environment is made in {place}", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    _run([sys.executable, "-m", "venv", str(place)], folder)
    pip = [str(place / "bin" / "python"), "-m", "pip", "-q", "--disable-pip-version-check"]
    _run([*pip, "install", "--no-deps", "-r", str(pins)], folder)
    if name == "hummingbot":
        _build_hummingbot(place, pip)
    made.write_text(wanted)
    return place


def _build_hummingbot(place: Path, pip: list[str]) -> None:
    """What pip installs of it needs a Python of its own for each of two dependencies."""
    version = SOURCE.replace("hummingbot-", "hummingbot==")
    alone = ["--no-deps", "--no-build-isolation", "--no-binary", ":all:"]
    _run([*pip, "download", *alone, version, "-d", str(place)], place)
    with tarfile.open(place / f"{SOURCE}.tar.gz") as archive:
        archive.extractall(place, filter="data")
    build = str(HERE / "hummingbot_build.py")
    _run([str(place / "bin" / "python"), build, str(place / SOURCE)], place)


def _run(command: list[str], folder: Path) -> None:
    """Run it with none of this session's variables of Python; its output where it fails."""
    env = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    path = f"{Path(command[0]).parent}{os.pathsep}{env.get('PATH', os.defpath)}"
    done = subprocess.run(
        command, cwd=folder, env=env | {"PATH": path}, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")


def version_of(place: Path, package: str, modules: str) -> str:
    """The version of a client as its environment knows it."""
    if modules:
        return modules.rpartition("-")[2]
    ask = f"import importlib.metadata as all; print(all.version({package!r}))"
    command = [str(place / "bin" / "python"), "-I", "-c", ask]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
