"""`pytest-soak init`: what it writes, and what it leaves."""

from __future__ import annotations

import shlex
from pathlib import Path

import jsonschema
import pytest
import yaml
from harness import Workbench

from pytest_soak.commands.config import schema_text
from pytest_soak.commands.init import init
from pytest_soak.commands.starter import (
    ASYNC,
    OBSERVATION,
    PROCESS,
    WORKFLOW,
    plan_start,
    settings_home,
    workflow_text,
)
from pytest_soak.errors import SoakUsageError

ROOT = Path(__file__).parents[2]
ALL = ["conftest.py", "gates/bot.yaml", "pytest.ini", ".soak/schemas/gate.schema.json"]


def run(
    folder: Path, kind: str = OBSERVATION, *, workflow: bool = False, force: bool = False
) -> tuple[int, list[str]]:
    said: list[str] = []
    status = init(folder, kind, said.append, workflow=workflow, force=force)
    return status, said


def soaked(bench: Workbench, said: list[str]) -> None:
    """The command that was printed passes."""
    program, *arguments = shlex.split(said[-1].removeprefix("next: "))
    assert program == "pytest"
    done = bench.pytest(*arguments)
    assert done.returncode == 0, done.everything
    assert done.last_line.startswith("PASS for default on calm (3 iterations, ")


@pytest.mark.parametrize("kind", [OBSERVATION, ASYNC])
def test_what_is_written_into_an_empty_folder_is_soaked_at_once(
    bench: Workbench, kind: str
) -> None:
    status, said = run(bench.directory, kind)
    assert (status, said[:-1]) == (0, [f"wrote {path}" for path in ALL])
    assert said[-1] == "next: pytest --soak-iterations=3"
    soaked(bench, said)
    assert run(bench.directory, kind) == (
        0,
        [*(f"unchanged {path}" for path in ALL), said[-1]],
    )


@pytest.mark.parametrize("kind", [OBSERVATION, ASYNC])
def test_a_repository_with_a_conftest_and_settings_keeps_them(bench: Workbench, kind: str) -> None:
    mine = bench.write("conftest.py", "import pytest\n")
    settings = bench.write("pyproject.toml", "[tool.pytest.ini_options]\naddopts = '-q'\n")
    before = (mine.read_text(), settings.read_text())
    status, said = run(bench.directory, kind)
    assert status == 1
    assert "left conftest.py: the bot is in soak_bot.py, and named by soak_target" in said
    added = 'soak_target = "soak_bot:Bot", soak_gate = "bot"'
    assert f"left pyproject.toml: it has pytest's settings; add {added}" in said
    assert (mine.read_text(), settings.read_text()) == before
    assert not (bench.directory / "pytest.ini").exists()
    assert said[-1].endswith("--soak-target=soak_bot:Bot --soak-gate=bot")
    soaked(bench, said)
    settings.write_text(before[1] + added.replace(", ", "\n"))
    status, said = run(bench.directory, kind)
    assert (status, said[-1]) == (0, "next: pytest --soak-iterations=3")
    soaked(bench, said)


@pytest.mark.parametrize("kind", [OBSERVATION, ASYNC])
def test_a_repository_with_a_conftest_alone_has_its_bot_named_in_the_settings(
    bench: Workbench, kind: str
) -> None:
    bench.write("conftest.py", "import pytest\n")
    status, said = run(bench.directory, kind)
    assert (status, said[-1]) == (0, "next: pytest --soak-iterations=3")
    assert "soak_target = soak_bot:Bot\n" in (bench.directory / "pytest.ini").read_text()
    done = bench.soak(3)
    assert done.last_line == "PASS for default on calm (3 iterations, soak_bot:Bot)"
    assert run(bench.directory, kind)[0] == 0


def test_settings_that_name_a_target_need_no_bot(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("")
    (tmp_path / "tox.ini").write_text("[pytest]\nsoak_target = mybot:Bot\nsoak_gate = mine\n")
    status, said = run(tmp_path)
    assert (status, said[-1]) == (0, "next: pytest --soak-iterations=3")
    assert "left conftest.py: soak_target in pytest's settings says what is soaked" in said
    assert not (tmp_path / "soak_bot.py").exists()


@pytest.mark.parametrize(("kind", "conftest"), [(OBSERVATION, ""), (PROCESS, ""), (PROCESS, None)])
def test_a_file_of_another_purpose_is_never_taken_for_the_bot(
    tmp_path: Path, kind: str, conftest: str | None
) -> None:
    if conftest is not None:
        (tmp_path / "conftest.py").write_text(conftest)
    mine = tmp_path / "soak_bot.py"
    mine.write_text("print('sell all')\n")
    before = set(tmp_path.iterdir())
    with pytest.raises(SoakUsageError, match=r"^soak_bot\.py: is there and is no bot, for it has"):
        run(tmp_path, kind)
    assert set(tmp_path.iterdir()) == before
    assert mine.read_text() == "print('sell all')\n"


def test_a_bot_of_the_users_own_stays_in_its_file(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("")
    run(tmp_path)
    (tmp_path / "soak_bot.py").write_text("class Bot:\n    pass\n")
    status, said = run(tmp_path)
    assert status == 1
    assert "left soak_bot.py: it is there; --force replaces it" in said


def test_a_conftest_that_says_what_is_soaked_needs_no_bot(bench: Workbench) -> None:
    bench.write(
        "conftest.py",
        """
        import pytest
        from pytest_soak.testing import InstantTarget

        @pytest.fixture
        def soak_target():
            return InstantTarget
        """,
    )
    status, said = run(bench.directory)
    assert status == 0
    assert not (bench.directory / "soak_bot.py").exists()
    soaked(bench, said)


@pytest.mark.parametrize(
    ("name", "text", "home"),
    [
        ("pytest.ini", "", "pytest.ini"),
        (".pytest.ini", "", ".pytest.ini"),
        ("pyproject.toml", "[tool.pytest.ini_options]", "pyproject.toml"),
        ("pyproject.toml", "[tool.pytest]", "pyproject.toml"),
        ("pyproject.toml", "[tool.ruff]", None),
        ("pyproject.toml", "tool = 3", None),
        ("pyproject.toml", "[[[", None),
        ("tox.ini", "[pytest]\nx = %(y)s", "tox.ini"),
        ("tox.ini", "[tox]", None),
        ("setup.cfg", "[tool:pytest]", "setup.cfg"),
        ("setup.cfg", "nothing", None),
    ],
)
def test_pytest_has_its_settings_in_one_file(
    tmp_path: Path, name: str, text: str, home: str | None
) -> None:
    (tmp_path / name).write_text(text)
    assert settings_home(tmp_path) == home
    assert ("pytest.ini" in plan_start(tmp_path, ASYNC, workflow=False, force=False).texts) is (
        home is None
    )


def test_force_replaces_files_and_no_links(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    folder = tmp_path / "repository"
    (folder / "gates/bot.yaml").mkdir(parents=True)
    (folder / "conftest.py").symlink_to(elsewhere)
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / ".soak").symlink_to(tmp_path)
    status, said = run(folder, force=True)
    assert status == 1
    assert said[:-1] == [
        "left conftest.py: conftest.py is a symbolic link, which is not followed",
        "left gates/bot.yaml: a folder is there",
        "replaced pytest.ini; what was there is pytest.ini.orig beside it",
        "left .soak/schemas/gate.schema.json: .soak is a symbolic link, which is not followed",
    ]
    assert elsewhere.read_text() == "mine"
    assert not (tmp_path / "schemas").exists()


def test_what_force_replaces_is_kept_beside(tmp_path: Path) -> None:
    for text in ("first", "second"):
        (tmp_path / "conftest.py").write_text(text)
        assert run(tmp_path, force=True)[0] == 0
    assert (tmp_path / "conftest.py.orig").read_text() == "first"
    assert (tmp_path / "conftest.py.orig2").read_text() == "second"
    run(tmp_path, force=True)
    assert not (tmp_path / "conftest.py.orig3").exists()


def test_force_takes_no_settings_away_from_pytest(tmp_path: Path) -> None:
    (tmp_path / "tox.ini").write_text("[pytest]\naddopts = -q\n")
    status, said = run(tmp_path, force=True)
    assert status == 1
    assert "left tox.ini: it has pytest's settings; add soak_gate = bot" in said
    assert not (tmp_path / "pytest.ini").exists()


def test_a_file_that_is_there_is_left_and_told(tmp_path: Path) -> None:
    (tmp_path / "gates").mkdir()
    (tmp_path / "gates/bot.yaml").write_text("name: bot\n")
    (tmp_path / ".soak").write_text("a file where a folder should be")
    status, said = run(tmp_path)
    assert status == 1
    assert "left gates/bot.yaml: it is there; --force replaces it" in said
    assert (tmp_path / "gates/bot.yaml").read_text() == "name: bot\n"
    assert any(line.startswith("left .soak/schemas/gate.schema.json: ") for line in said)
    assert run(tmp_path, force=True)[0] == 1
    assert (tmp_path / "gates/bot.yaml").read_text() != "name: bot\n"


def test_the_gate_names_its_schema_and_fits_it(tmp_path: Path) -> None:
    run(tmp_path)
    gate = tmp_path / "gates/bot.yaml"
    first, _, _ = gate.read_text().partition("\n")
    named = first.removeprefix("# yaml-language-server: $schema=")
    schema = (gate.parent / named).resolve()
    assert schema == (tmp_path / ".soak/schemas/gate.schema.json").resolve()
    assert schema.read_text() == f"{schema_text('gate')}\n"
    jsonschema.validate(
        yaml.safe_load(gate.read_text()), yaml.safe_load(schema.read_text(encoding="utf-8"))
    )


def test_the_workflow_is_that_of_this_repository(tmp_path: Path) -> None:
    assert WORKFLOW not in plan_start(tmp_path, ASYNC, workflow=False, force=False).texts
    assert "wrote .github/workflows/soak.yml" in run(tmp_path, workflow=True)[1]
    ours = (ROOT / WORKFLOW).read_text(encoding="utf-8")
    assert (tmp_path / WORKFLOW).read_text(encoding="utf-8") == workflow_text() == ours


def test_a_program_is_tried_in_windows_of_seconds(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("")
    (tmp_path / "tox.ini").write_text("[pytest]\n")
    status, said = run(tmp_path, PROCESS)
    assert status == 1
    assert (
        "left tox.ini: it has pytest's settings; add soak_target = process:python3 soak_bot.py,"
        " soak_gate = bot, soak_minutes = 0.05"
    ) in [line.replace("python ", "python3 ") for line in said]
    assert " soak_bot.py' --soak-gate=bot --soak-minutes=0.05" in said[-1]
    assert (tmp_path / "soak_bot.py").exists()


def test_a_bot_is_one_thing(bench: Workbench) -> None:
    done = bench.command("init", "--async", "--process")
    assert (done.returncode, done.stderr.count("\n")) == (4, 1)
    assert bench.files() == set()
    assert bench.command("init", "--ci=gitlab").returncode == 4


def test_ci_alone_is_that_of_github(bench: Workbench) -> None:
    assert "wrote .github/workflows/soak.yml" in bench.command("init", "--ci", "--async").lines
