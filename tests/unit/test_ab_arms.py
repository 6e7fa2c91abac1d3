"""What A and B may be."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import usage_error

from pytest_soak.ab.arms import Arm, Tables, load_arm
from pytest_soak.config.flags import reference_flags
from pytest_soak.config.parameters import reference_table

TABLES = Tables(parameters=reference_table(), flags=reference_flags())
BASE = TABLES.base()


def load(given: str, folder: Path, base: Arm = BASE) -> Arm:
    return load_arm(given, base, TABLES, folder, "--b")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "cap.yaml": "flags:\n  taker_cap.max_taker_share_pct: 1\n",
        "both.yaml": "overrides: {tail_age_ms: 745}\nflags: {taker_cap: {enabled: false}}\n",
        "profiles/mine.yaml": "overrides: {tail_age_ms: 600}\n",
        "profiles/presets/wider.yaml": "changes: {base_spread_bps_delta: {add: 0.02}}\n",
        "variants/mine.yaml": "overrides: {tail_age_ms: 700}\n",
        "variants/other.yaml": "overrides: {tail_age_ms: 700}\n",
        "bad_flag.yaml": "flags: {taker_cap.max: 1}\n",
        "no_section.yaml": "flags: {takers.cap: 1}\n",
        "bad_value.yaml": "overrides: {tail_age_ms: .nan}\n",
        "bad_name.yaml": "overrides: {tail_age: 700}\n",
        "empty.yaml": "{}\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_profile_is_itself_and_a_preset_a_change(folder: Path) -> None:
    a = load("steady_safe", folder)
    assert load("aggressive", folder, a).changes(a) == load("aggressive", folder).changes(a)
    assert load("wider", folder, a).changes(a) == {"base_spread_bps_delta": (0.15, 0.17)}
    assert load("default", folder, a).overrides == BASE.overrides


def test_files_and_variants_change_overrides_and_flags(folder: Path) -> None:
    a = load("steady_safe", folder)
    assert load("cap.yaml", folder, a).changes(a) == {"taker_cap.max_taker_share_pct": (9.0, 1.0)}
    assert load("both.yaml", folder, a).changes(a) == {
        "tail_age_ms": (740.0, 745.0),
        "taker_cap.enabled": (True, False),
    }
    assert load("other", folder, a).changes(a) == {"tail_age_ms": (740.0, 700.0)}
    assert load("profiles/presets/wider.yaml", folder, a).name == "wider"


def test_a_digest_is_of_the_values_whatever_they_are_called(folder: Path) -> None:
    a = load("steady_safe", folder)
    renamed = a.model_copy(update={"name": "x"})
    assert renamed.digest == a.digest != load("cap.yaml", folder, a).digest


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("agressive", "--b: unknown profile, preset or variant 'agressive'; did you mean"),
        ("mine", "--b: 'mine' is the name of a profile and a variant; give the file's path"),
        ("none.yaml", "--b: no such configuration file: none.yaml"),
        ("bad_flag.yaml", "unknown flag 'taker_cap.max'; did you mean"),
        ("no_section.yaml", "unknown flag 'takers"),
        ("bad_value.yaml", "bad_value.yaml: tail_age_ms: expected a number"),
        ("bad_name.yaml", "unknown parameter 'tail_age'; did you mean 'tail_age_ms'?"),
        ("empty.yaml", "with neither it changes nothing"),
        ("../x", "unknown profile, preset or variant"),
    ],
)
def test_anything_else_is_refused(folder: Path, given: str, problem: str) -> None:
    assert problem in usage_error(lambda: load(given, folder))
