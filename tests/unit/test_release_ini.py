"""A key of pytest's ini file is found where pytest itself finds it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from builders import usage_error

from pytest_soak.config.ini import ini_value

KEY = "soak_release_dir"
FILES = {
    "pytest.ini": f"[pytest]\n{KEY} = here\n",
    ".pytest.ini": f"[pytest]\n{KEY}=here\n",
    "pyproject.toml": f'[tool.pytest.ini_options]\n{KEY} = "here"\n',
    "tox.ini": f"[pytest]\n{KEY} = here\n",
    "setup.cfg": f"[tool:pytest]\n{KEY} = here\n",
}
NO_INI = {
    "pyproject.toml": '[tool.ruff]\nline-length = 100\n[tool]\npytest = "x"\n',
    "tox.ini": "[tox]\nx = 1\n",
    "setup.cfg": "[metadata]\nname = x\n",
}


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_read_from_a_folder_below(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(FILES[name])
    for other, text in NO_INI.items():
        if other != name:
            (tmp_path / other).write_text(text)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert ini_value(below, KEY) == ("here", tmp_path / name)
    assert ini_value(below, "other") is None


def test_the_first_file_that_is_pytests_decides(tmp_path: Path) -> None:
    (tmp_path / "tox.ini").write_text(FILES["tox.ini"])
    (tmp_path / "pytest.ini").write_text("")
    assert ini_value(tmp_path, KEY) is None
    assert ini_value(Path("/nowhere"), KEY) is None


def test_pytest_finds_the_same(tmp_path: Path) -> None:
    for name, text in (NO_INI | {"setup.cfg": FILES["setup.cfg"]}).items():
        (tmp_path / name).write_text(text.replace('[tool]\npytest = "x"\n', ""))
    (tmp_path / "conftest.py").write_text(
        f"def pytest_configure(config):\n    print('FOUND', config.getini('{KEY}'))\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "FOUND here" in done.stdout
    assert "Unknown config option" not in done.stdout + done.stderr
    found = ini_value(tmp_path, KEY)
    assert found is not None
    assert found.text == "here"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("pytest.ini", "[pytest\n", "pytest.ini: is no ini file of pytest's: "),
        ("pyproject.toml", "[tool.pytest.ini_options\n", "pyproject.toml: is no ini file"),
        ("pyproject.toml", f"[tool.pytest.ini_options]\n{KEY} = 3\n", f"{KEY}: expected text"),
    ],
)
def test_a_file_that_cannot_be_meant_is_named(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    (tmp_path / name).write_text(text)
    assert told in usage_error(lambda: ini_value(tmp_path, KEY))
