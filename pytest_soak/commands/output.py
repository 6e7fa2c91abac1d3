"""Files that a command is told to write."""

from __future__ import annotations

from pathlib import Path

from pytest_soak.config.names import user_path
from pytest_soak.errors import SoakUsageError
from pytest_soak.system import is_link


def output_file(text: str, folder: Path, at: str) -> Path:
    """The file that `at` names, from `folder`; SoakUsageError for what is none to be written."""
    if not text or "\0" in text:
        raise SoakUsageError(at, f"expected the path of a file, got {text!r}")
    path = user_path(text, folder, at)
    if is_link(path):
        problem = f"{text} is a symbolic link, which is not followed; name the file itself"
        raise SoakUsageError(at, problem)
    if path.is_dir():
        raise SoakUsageError(at, f"expected a file, {text} is a folder")
    return path


def output_folder(text: str, folder: Path, at: str) -> Path:
    """The folder that `at` names, from `folder`; SoakUsageError for what can be none."""
    if not text or "\0" in text:
        raise SoakUsageError(at, f"expected the path of a folder, got {text!r}")
    path = user_path(text, folder, at)
    if path.exists() and not path.is_dir():
        raise SoakUsageError(at, f"expected a folder, {text} is none")
    return path
