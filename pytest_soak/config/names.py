"""Named files (profiles, gates): looked up by name in the user's folder, then in the wheel's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pytest_soak.errors import SoakUsageError, unknown
from pytest_soak.storage.readers import is_file

SUFFIXES = (".yaml", ".yml", ".json", ".json.gz")
NAME = r"^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9_-])?$"


@dataclass(frozen=True)
class Shelf:
    """Where one kind of named file is kept: the first folder that has the name wins."""

    kind: str
    folders: tuple[Path, ...]

    def find(self, given: str, base: Path, source: str) -> Path:
        """The file meant by `given`: a path (told by its suffix, relative to `base`) or a name.

        Raises SoakUsageError for an unknown name, a missing file, or a name that is none.
        """
        if given.endswith(SUFFIXES):
            path = user_path(given, base, source)
            if not _is_there(path, source):
                meant = f"; did you mean {stem(path)!r}?" if stem(path) in self.names() else ""
                raise SoakUsageError(source, f"no such {self.kind} file: {given}{meant}")
            check_name(stem(path), self.kind, source)
            return path
        check_name(given, self.kind, source)
        for folder in self.folders:
            for suffix in SUFFIXES:
                path = folder / f"{given}{suffix}"
                if path.is_file():
                    return path
        where = f"yours are looked for in {self.folders[0]}"
        raise SoakUsageError(source, f"{unknown(self.kind, given, self.names())} ({where})")

    def names(self) -> list[str]:
        """Every name on the shelf, sorted."""
        found = (
            stem(path)
            for folder in self.folders
            if folder.is_dir()
            for path in folder.iterdir()
            if path.name.endswith(SUFFIXES) and path.is_file()
        )
        return sorted(set(found))


def stem(path: Path) -> str:
    """The name of a named file: without its folder and suffix."""
    suffix = next((suffix for suffix in SUFFIXES if path.name.endswith(suffix)), "")
    return path.name.removesuffix(suffix)


def _is_there(path: Path, source: str) -> bool:
    try:
        return is_file(path)
    except ValueError as error:
        raise SoakUsageError(source, f"{path}: cannot be read: {error}") from None


def user_path(given: str, base: Path, source: str) -> Path:
    """The path that a user wrote: `~` is his home, a relative one is under `base`."""
    try:
        return base / Path(given).expanduser()
    except RuntimeError:
        raise SoakUsageError(source, f"no such home folder: {given}") from None


def shown_path(path: Path, base: Path) -> str:
    """How messages name `path`: relative to `base` where it lies below."""
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)


def check_name(name: str, kind: str, source: str) -> None:
    """Raise SoakUsageError unless `name` can be part of a file name and of a test id anywhere."""
    if not re.fullmatch(NAME, name) or ".." in name:
        raise SoakUsageError(
            source,
            f"{name!r} is not a {kind} name: expected letters, digits, '_', '-' and '.', "
            f"or a path that ends with {', '.join(SUFFIXES)}",
        )


def shipped(folder: str) -> Path:
    """A data folder of the wheel; in a checkout it lies beside the package."""
    package = Path(__file__).parents[1]
    inside = package / folder
    return inside if inside.is_dir() else package.parent / folder
