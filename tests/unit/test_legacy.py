"""Legacy files become profiles, once, and stay byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders import usage_error
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.commands.migrate import migrate
from pytest_soak.config.legacy import LEGACY
from pytest_soak.config.parameters import reference_table
from pytest_soak.config.profiles import load_profile, profile_shelf
from pytest_soak.errors import ArtifactError
from pytest_soak.storage.lock import LOCK

VALUES = {"tail_age_ms": 700, "impact_cap_ratio": 0.075}


def put(root: Path, name: str, text: str) -> None:
    root.mkdir(exist_ok=True, parents=True)
    (root / name).write_text(text, encoding="utf-8", newline="")


def run(folder: Path, *, dry: bool = False) -> tuple[list[str], list[str]]:
    """What was said, and the errors."""
    said: list[str] = []
    errors = migrate(folder / "soak", folder, said.append, dry=dry)
    return said, [str(error) for error in errors]


def files(folder: Path) -> dict[str, str]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != LOCK)
    return {path.relative_to(folder).as_posix(): path.read_text() for path in found}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in LEGACY:
        put(tmp_path / "soak", name, json.dumps({**VALUES, "tail_age_ms": 600 + len(name)}))
    return tmp_path


def test_the_first_two_become_profiles_and_all_four_are_kept(folder: Path) -> None:
    before = files(folder)
    said, errors = run(folder)
    assert (len(said), errors) == (4, [])
    after = files(folder)
    assert {f"soak/{name}": after[f"soak/legacy/{name}"] for name in LEGACY} == before
    made = {"profiles/steady_safe.yaml", "profiles/ultra_safe.yaml"}
    assert set(after) == made | {f"soak/legacy/{name}" for name in LEGACY}
    profile = load_profile("steady_safe", profile_shelf(folder), folder, "test")
    assert profile.overrides == {**VALUES, "tail_age_ms": 626}
    assert profile.source == "profiles/steady_safe.yaml"


def test_a_second_migration_does_nothing_and_says_so(folder: Path) -> None:
    run(folder)
    before = files(folder)
    assert run(folder) == ([f"nothing to migrate in {folder / 'soak'}"], [])
    assert files(folder) == before


def test_a_dry_run_says_the_same_and_changes_nothing(folder: Path) -> None:
    before = files(folder)
    foretold = run(folder, dry=True)
    assert files(folder) == before
    assert not (folder / "soak" / LOCK).exists()
    assert run(folder) == foretold


@pytest.mark.parametrize("suffix", ["yaml", "yml", "json"])
def test_no_profile_is_replaced(folder: Path, suffix: str) -> None:
    put(folder / "profiles", f"steady_safe.{suffix}", "mine")
    said, errors = run(folder)
    assert errors == []
    after = files(folder)
    own = {name for name in after if name.startswith("profiles/steady_safe")}
    assert own == {f"profiles/steady_safe.{suffix}"}
    assert after[f"profiles/steady_safe.{suffix}"] == "mine"
    assert said[0].endswith(
        f"no profile made of it, profiles/steady_safe.{suffix} is there already"
    )
    assert "soak/legacy/steady_safe_overrides.json" in after


def test_no_backup_is_replaced(folder: Path) -> None:
    run(folder)
    put(folder / "soak", "applied_profile.json", "another")
    run(folder)
    after = files(folder)
    assert after["soak/legacy/applied_profile-2.json"] == "another"
    assert "626" not in after["soak/legacy/applied_profile.json"]
    assert after["soak/legacy/applied_profile.json"] != "another"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is not valid JSON"),
        ("[1]", "expected one object of overrides, got a list"),
        ('{"tail_age_ms": "700"}', "tail_age_ms: expected a number, got '700'"),
        ('{"tail_age_ms": true}', "tail_age_ms: expected a number, got True"),
        ('{"tail_age_ms": 1e999}', "tail_age_ms: expected a number, got inf"),
        ('{"tail_age_ms": 1, "tail_age_ms": 2}', "duplicate key 'tail_age_ms'"),
        ('{"a b": 1}', "'a b' is not a parameter name"),
    ],
)
def test_a_broken_file_stays_in_place_with_one_line(folder: Path, text: str, problem: str) -> None:
    put(folder / "soak", "ultra_safe_overrides.json", text)
    said, (error,) = run(folder)
    assert len(said) == 3
    assert problem in error
    assert error.startswith(str(folder / "soak/ultra_safe_overrides.json"))
    after = files(folder)
    assert after["soak/ultra_safe_overrides.json"] == text
    assert "profiles/ultra_safe.yaml" not in after
    assert "profiles/steady_safe.yaml" in after


def test_what_is_only_backed_up_may_hold_anything(folder: Path) -> None:
    put(folder / "soak", "applied_profile.json", "{ broken")
    run(folder)
    assert files(folder)["soak/legacy/applied_profile.json"] == "{ broken"


def test_nothing_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert run(tmp_path) == ([f"nothing to migrate in {tmp_path / 'soak'}"], [])
    assert files(tmp_path) == {}
    assert not (tmp_path / "soak").exists()


def test_a_root_in_use_is_left_alone(folder: Path) -> None:
    before = files(folder)
    with FileLock(folder / "soak" / LOCK), pytest.raises(ArtifactError, match="in use"):
        run(folder)
    assert files(folder) == before


words = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.]{0,20}", fullmatch=True)
numbers = st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
odd = st.sampled_from(["null", "yes", "on", "True", "y", "e5", "_", "NaN", "inf"])


@given(values=st.dictionaries(words | odd, numbers))
def test_every_value_comes_over_exactly(
    values: dict[str, float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("x")
    put(folder / "soak", "ultra_safe_overrides.json", json.dumps(values))
    assert run(folder)[1] == []
    found = load_profile("ultra_safe", profile_shelf(folder), folder, "test").overrides
    assert {name: found[name] for name in values} == values


def test_a_profile_out_of_bounds_is_still_told_when_it_is_used(folder: Path) -> None:
    put(folder / "soak", "steady_safe_overrides.json", '{"tail_age_ms": 1}')
    run(folder)
    profile = load_profile("steady_safe", profile_shelf(folder), folder, "test")
    message = usage_error(lambda: profile.values(reference_table()))
    assert message.startswith("profiles/steady_safe.yaml:3: tail_age_ms: expected")


def test_a_fallback_that_lacks_parameters_takes_them_from_the_shipped_one(folder: Path) -> None:
    before = load_profile("ultra_safe", profile_shelf(folder), folder, "test").overrides
    said, _ = run(folder)
    after = load_profile("ultra_safe", profile_shelf(folder), folder, "test").overrides
    assert after == before | VALUES | {"tail_age_ms": 625}
    assert after["position_limit_notional"] == 45_000
    assert "position_limit_notional" in said[1]
    assert "lacked" not in said[0]


def test_text_beside_the_parameters_is_left_out_and_kept_in_the_backup(folder: Path) -> None:
    text = json.dumps({"comment": "by hand", **VALUES, "profile": "S1"})
    put(folder / "soak", "steady_safe_overrides.json", text)
    said, errors = run(folder)
    assert errors == []
    assert said[0].endswith("left out, as text: comment, profile")
    profile = load_profile("steady_safe", profile_shelf(folder), folder, "test")
    assert profile.overrides == VALUES
    assert files(folder)["soak/legacy/steady_safe_overrides.json"] == text
