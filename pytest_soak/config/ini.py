"""A key of pytest's ini file, for commands that are no pytest session."""

from __future__ import annotations

import configparser
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pytest_soak.config.documents import read_text
from pytest_soak.errors import SoakUsageError

_SECTIONS: dict[str, tuple[str, ...]] = {
    "pytest.toml": ("pytest",),
    ".pytest.toml": ("pytest",),
    "pytest.ini": ("pytest",),
    ".pytest.ini": ("pytest",),
    "pyproject.toml": ("tool.pytest.ini_options", "tool.pytest"),
    "tox.ini": ("pytest",),
    "setup.cfg": ("tool:pytest",),
}
"""The files in the order in which pytest looks for them, and what section of each is its."""
_ALWAYS = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini")
"""These are pytest's even without that section."""


class IniValue(NamedTuple):
    """A value, and the file that it stands in."""

    text: str
    file: Path


def ini_value(folder: Path, key: str) -> IniValue | None:
    """What pytest's ini file says of `key`, searched from `folder` upwards; None if nothing.

    Raises SoakUsageError for a file that cannot be read, and for a value that is no text.
    """
    for place in (folder, *folder.parents):
        for name in _SECTIONS:
            path = place / name
            section = _section(path) if path.is_file() else None
            if section is not None:
                return _value(section, key, path)
    return None


def ini_keys(path: Path | None) -> tuple[str, ...]:
    """What keys stand in a file of pytest's settings; none for one that is called otherwise."""
    known = path is not None and path.name in _SECTIONS
    return tuple(_section(path) or ()) if path is not None and known else ()


def _value(section: Mapping[str, Any], key: str, path: Path) -> IniValue | None:
    value = section.get(key)
    if value is not None and not isinstance(value, str):
        raise SoakUsageError(f"{path} {key}", "expected text; put the value in quotes")
    return IniValue(value.strip(), path) if value and value.strip() else None


def _section(path: Path) -> Mapping[str, Any] | None:
    """What is pytest's in a file; None where it is no ini file of pytest's."""
    text = read_text(path, str(path))
    read = _toml if path.suffix == ".toml" else _ini
    try:
        found = [read(text, section) for section in _SECTIONS[path.name]]
    except (configparser.Error, tomllib.TOMLDecodeError) as error:
        problem = f"is no ini file of pytest's: {str(error).splitlines()[0]}"
        raise SoakUsageError(str(path), problem) from None
    there = [section for section in found if section is not None]
    return there[0] if there else {} if path.name in _ALWAYS else None


def _toml(text: str, section: str) -> Mapping[str, Any] | None:
    data: Any = tomllib.loads(text)
    for part in section.split("."):
        data = data.get(part) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else None


def _ini(text: str, section: str) -> Mapping[str, Any] | None:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    parser.read_string(text)
    return dict(parser[section]) if section in parser else None
