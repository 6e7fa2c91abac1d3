"""What `pytest-soak init` writes, as a plan of files: what is there already decides about it."""

from __future__ import annotations

import configparser
import re
import shlex
import sys
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from pytest_soak.commands.config import schema_text
from pytest_soak.config.ini import ini_value
from pytest_soak.errors import SoakUsageError

CONFTEST, BOT, GATE = "conftest.py", "soak_bot.py", "gates/bot.yaml"
SETTINGS, SCHEMA = "pytest.ini", ".soak/schemas/gate.schema.json"
WORKFLOW = ".github/workflows/soak.yml"
_INI_FILES = ("pytest.toml", ".pytest.toml", SETTINGS, ".pytest.ini")
_SECTIONS = {"tox.ini": "pytest", "setup.cfg": "tool:pytest"}
_TARGET_FIXTURE = re.compile(r"^\s*(async\s+)?def\s+soak_target\b", re.MULTILINE)

OBSERVATION, ASYNC, PROCESS = "observation", "async", "process"
ITERATIONS = 3
_TRIAL_MINUTES = "0.05"


class Kept(NamedTuple):
    """A file that stays as it is, why, and whether something is left to the user by that."""

    path: str
    why: str
    to_do: bool = False


class Start(NamedTuple):
    """Texts by the file that each is for, what is kept, and the command that then soaks the bot."""

    texts: Mapping[str, str]
    kept: tuple[Kept, ...]
    command: str


def plan_start(folder: Path, kind: str, *, workflow: bool, force: bool) -> Start:
    """What to write into `folder` for a bot of a kind; `force` stands in place of what is there."""
    texts: dict[str, str] = {}
    kept = list[Kept]()
    settings = {"soak_gate": "bot"} | ({"soak_minutes": _TRIAL_MINUTES} if kind == PROCESS else {})
    conftest = None if force else _read(folder / CONFTEST)
    named = _named(kind)
    if conftest is None or conftest == _text(kind):
        texts[CONFTEST] = _text(kind)
    elif _TARGET_FIXTURE.search(conftest):
        kept.append(Kept(CONFTEST, "it says by a soak_target fixture of its own what is soaked"))
    elif _setting(folder, "soak_target") not in (None, named):
        kept.append(Kept(CONFTEST, "soak_target in pytest's settings says what is soaked"))
    else:
        kept.append(Kept(CONFTEST, f"the bot is in {BOT}, and named by soak_target"))
        texts[BOT] = _text("program" if kind == PROCESS else kind)
        settings = {"soak_target": named} | settings
    if kind == PROCESS and CONFTEST in texts:
        texts[BOT] = _text("program")
    if BOT in texts and not force:
        _check_is_bot(folder, kind)
    texts[GATE] = _text("gate")
    home, options = settings_home(folder), [f"--soak-iterations={ITERATIONS}"]
    ours = home == SETTINGS and (force or _read(folder / SETTINGS) == _ini(settings))
    if home is None or ours:
        texts[SETTINGS] = _ini(settings)
    else:
        missing = _missing(settings, folder)
        kept.append(_kept_settings(missing, home))
        options += [f"--{key.replace('_', '-')}={value}" for key, value in missing.items()]
    texts[SCHEMA] = f"{schema_text('gate')}\n"
    if workflow:
        texts[WORKFLOW] = workflow_text()
    return Start(texts, tuple(kept), f"pytest {' '.join(map(shlex.quote, options))}")


def settings_home(folder: Path) -> str | None:
    """The file of `folder` that pytest takes its settings from; None where there is none."""
    for name in _INI_FILES:
        if (folder / name).exists():
            return name
    if _in_pyproject(_read(folder / "pyproject.toml") or ""):
        return "pyproject.toml"
    for name, section in _SECTIONS.items():
        if _has_section(_read(folder / name) or "", section):
            return name
    return None


def workflow_text() -> str:
    """The workflow of this repository, as it is."""
    packed = files("pytest_soak").joinpath("starter", "soak.yml")
    if packed.is_file():
        return packed.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / WORKFLOW).read_text(encoding="utf-8")  # of a checkout


def _text(name: str) -> str:
    return files("pytest_soak").joinpath("starter", f"{name}.txt").read_text(encoding="utf-8")


def _named(kind: str) -> str:
    """The bot in its file, as `soak_target` names it."""
    python = "python" if sys.platform == "win32" else "python3"
    return f"process:{python} {BOT}" if kind == PROCESS else f"{BOT.removesuffix('.py')}:Bot"


def _check_is_bot(folder: Path, kind: str) -> None:
    """Raise SoakUsageError where a file has the bot's name that is no bot: it would be soaked."""
    text = _read(folder / BOT)
    sign = "SOAK_FEEDS_DIR" if kind == PROCESS else "Bot"
    if text is not None and sign not in text:
        remedy = "init keeps the bot there: give yours another name, or --force replaces it"
        raise SoakUsageError(BOT, f"is there and is no bot, for it has no {sign}; {remedy}")


def _setting(folder: Path, key: str) -> str | None:
    """What the user's file of pytest's settings says of a key, as far as it can be read."""
    try:
        found = ini_value(folder, key) if settings_home(folder) else None
    except SoakUsageError:
        return None
    return found.text if found else None


def _missing(settings: Mapping[str, str], folder: Path) -> dict[str, str]:
    return {key: text for key, text in settings.items() if _setting(folder, key) is None}


def _kept_settings(missing: Mapping[str, str], home: str) -> Kept:
    if not missing:
        return Kept(home, "it has pytest's settings, and those of a soak among them")
    quote = '"' if home.endswith(".toml") else ""
    told = ", ".join(f"{key} = {quote}{value}{quote}" for key, value in missing.items())
    return Kept(home, f"it has pytest's settings; add {told}", to_do=True)


def _ini(settings: Mapping[str, str]) -> str:
    lines = ["[pytest]"]
    for key, value in settings.items():
        if key == "soak_minutes":
            lines.append(
                "# three seconds, to try it; a soak in earnest takes windows of an hour: 60"
            )
        lines.append(f"{key} = {value}")
    return "\n".join([*lines, ""])


def _read(path: Path) -> str | None:
    """The text of a file as far as it is one; None where nothing is."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError:
        return ""


def _in_pyproject(text: str) -> bool:
    try:
        return "pytest" in tomllib.loads(text).get("tool", {})
    except (tomllib.TOMLDecodeError, AttributeError, TypeError):
        return "[tool.pytest" in text


def _has_section(text: str, section: str) -> bool:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error:
        return f"[{section}]" in text
    return parser.has_section(section)
