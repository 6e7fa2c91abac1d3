from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import usage_error
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.config.documents import parse_json
from pytest_soak.config.names import Shelf, check_name
from pytest_soak.config.overrides import (
    Layer,
    operator_edits,
    overrides_document,
    parse_overrides_json,
    parse_set,
    resolve,
)
from pytest_soak.config.parameters import ParameterTable, reference_table
from pytest_soak.config.profiles import Profile, load_profile, profile_shelf

TABLE = ParameterTable.of(dict.fromkeys("abcd", 0.0), "bot")


@given(st.lists(st.dictionaries(st.sampled_from("abcd"), st.integers(1, 9)), max_size=4))
def test_the_last_layer_that_names_a_parameter_wins_with_its_source(
    layers: list[dict[str, Any]],
) -> None:
    profile = Profile(name="p", source="p.yaml", overrides={"a": 10})
    given = [Layer(source=f"s{n}", at="x", values=v) for n, v in enumerate(layers)]
    found = resolve(TABLE, profile, given)
    for name in "abcd":
        above = [n for n, values in enumerate(layers) if name in values]
        below = (10.0, "profile:p") if name == "a" else (0.0, "default")
        wanted = (layers[above[-1]][name], f"s{above[-1]}") if above else below
        assert (found.values[name], found.sources[name]) == wanted


def test_overrides_are_rounded_and_checked_by_the_table() -> None:
    nothing = Profile(name="default", source="")
    layer = Layer(source="cli", at="--soak-set", values={"min_interval_ms": 80.04})
    assert resolve(reference_table(), nothing, [layer]).values["min_interval_ms"] == 80.0
    wrong = Layer(source="cli", at="--soak-set", values={"min_interval_ms": 900})
    message = usage_error(lambda: resolve(reference_table(), nothing, [wrong]))
    assert message == "--soak-set: min_interval_ms: expected a number from 40 to 300, got 900"


def test_a_shipped_profile_is_off_where_the_targets_own_table_lacks_its_parameters() -> None:
    shelf = profile_shelf(Path("/nowhere"))
    profile = load_profile("steady_safe", shelf, Path("/nowhere"), "test")
    own = ParameterTable.of({"min_interval_ms": {"default": 60, "bounds": [1, 100]}}, "bot")
    found = resolve(own, profile, [])
    assert found.values == {"min_interval_ms": 75.0}
    [note] = found.notes
    assert "off, the target has no base_spread_bps_delta, impact_cap_ratio" in note


def test_a_users_profile_with_a_wrong_name_is_a_usage_error_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("overrides:\n  tail_age_ms: 500\n  tail_agee: 1\n")
    profile = load_profile("mine.yaml", profile_shelf(tmp_path), tmp_path, "--soak-profile")
    message = usage_error(lambda: resolve(reference_table(), profile, []))
    assert message == "mine.yaml:3: unknown parameter 'tail_agee'; did you mean 'tail_age_ms'?"


def test_the_users_own_profile_is_found_before_the_wheels(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "steady_safe.yaml").write_text("overrides: {tail_age_ms: 444}")
    profile = load_profile("steady_safe", profile_shelf(tmp_path), tmp_path, "test")
    assert profile.overrides == {"tail_age_ms": 444}
    assert not profile.shipped


def test_default_is_the_table_itself_unless_the_user_has_such_a_profile(tmp_path: Path) -> None:
    shelf = profile_shelf(tmp_path)
    assert load_profile("default", shelf, tmp_path, "test").overrides == {}
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "default.json").write_text('{"overrides": {"tail_age_ms": 444}}')
    assert load_profile("default", shelf, tmp_path, "test").overrides == {"tail_age_ms": 444}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected keys (description, gate, overrides), got nothing"),
        ("- a", "mine.yaml:1: expected keys (description, gate, overrides), got a list"),
        ("tail_age_ms: 500", "missing key 'overrides'; put the parameters under 'overrides:'"),
        ("overrides: 3", "mine.yaml:1: overrides: expected a valid dictionary, got 3"),
        ("overrides: {}\ngates: soak", "mine.yaml:2: unknown key 'gates'; did you mean 'gate'?"),
        ("overrides: {a: 1, a: 2}", "mine.yaml:1: duplicate key 'a'; keep one of them"),
    ],
)
def test_a_bad_profile_file_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    shelf = profile_shelf(tmp_path)
    assert message in usage_error(lambda: load_profile("mine.yaml", shelf, tmp_path, "cli"))


@pytest.mark.parametrize("name", ["../steady_safe", "a/b", "a\\b", "..", "a..b", "", ".", "a b"])
def test_a_name_that_could_leave_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    shelf = profile_shelf(tmp_path)
    message = usage_error(lambda: load_profile(name, shelf, tmp_path, "--soak-profile"))
    assert message.startswith("--soak-profile: ")
    assert "is not a profile name: expected letters" in message


@given(st.text())
def test_a_name_that_passes_is_one_harmless_part_of_a_path(name: str) -> None:
    try:
        check_name(name, "profile", "x")
    except Exception:
        return
    assert Path(f"/root/{name}.yaml").parent == Path("/root")
    assert name.isascii()
    assert set(name).isdisjoint("/\\:|*?<>\"' \n\0[],")


def test_an_unknown_name_suggests_the_nearest_and_a_missing_file_is_named(tmp_path: Path) -> None:
    shelf = profile_shelf(tmp_path)
    near = usage_error(lambda: load_profile("stedy_safe", shelf, tmp_path, "SOAK_PROFILE"))
    problem = "SOAK_PROFILE: unknown profile 'stedy_safe'; did you mean 'steady_safe'?"
    assert near == f"{problem} (yours are looked for in {tmp_path / 'profiles'})"
    gone = usage_error(lambda: load_profile("my/gone.yaml", shelf, tmp_path, "cli"))
    assert gone == "cli: no such profile file: my/gone.yaml"


@pytest.mark.parametrize("path", ["~nobody-of-this-name/x.yaml", "a" * 5000 + ".yaml"])
def test_a_path_that_cannot_be_is_a_usage_error(path: str, tmp_path: Path) -> None:
    shelf = Shelf("profile", (tmp_path,))
    assert usage_error(lambda: shelf.find(path, tmp_path, "cli")).startswith("cli: no such ")


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("a", "--soak-set: expected KEY=NUMBER, got 'a'; e.g. a=2.5"),
        ("=1", "--soak-set: expected KEY=NUMBER, got '=1'; e.g. min_interval_ms=80"),
        ("a=", "--soak-set: expected KEY=NUMBER, got 'a='; e.g. a=2.5"),
        ("a=b=1", "--soak-set: expected KEY=NUMBER, got 'a=b=1'; e.g. a=2.5"),
    ],
)
def test_a_bad_set_is_one_line(item: str, message: str) -> None:
    assert usage_error(lambda: parse_set([item], "--soak-set")) == message


def test_set_items_are_numbers_and_the_last_of_a_key_wins() -> None:
    assert parse_set(["a=1", " b = 2.5e1", "a=3"], "x") == {"a": 3.0, "b": 25.0}


def test_the_json_of_overrides_is_text_or_a_file_beside_the_base(tmp_path: Path) -> None:
    (tmp_path / "o.json").write_text('{"a": 1}')
    (tmp_path / "o.yaml").write_text("a: 1")
    for text in ('{"a": 1}', "@o.json", "@o.yaml"):
        document = overrides_document(text, "--soak-overrides-json", tmp_path)
        assert parse_overrides_json(document) == {"a": 1}
    listed = usage_error(lambda: parse_overrides_json(parse_json("[1]", "MM")))
    assert listed == "MM: expected one JSON object of overrides, got a list"
    gone = usage_error(lambda: overrides_document("@gone.json", "MM", tmp_path))
    assert gone == "MM @gone.json: cannot be read: No such file or directory"


values = st.dictionaries(st.sampled_from("abcd"), st.floats(-9, 9), min_size=4, max_size=4)


@given(values, st.dictionaries(st.sampled_from("abcd"), st.floats(-9, 9)))
def test_an_edit_is_exactly_what_differs_after_rounding(
    written: dict[str, float], changed: dict[str, float]
) -> None:
    written = {name: TABLE[name].round(value) for name, value in written.items()}
    edits = operator_edits(TABLE, [written], written | changed, "file")
    rounded = {name: TABLE[name].round(value) for name, value in changed.items()}
    assert written | edits == written | rounded
    assert all(written[name] != value for name, value in edits.items())


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"a": 1}, "file: missing parameter 'b'; every parameter must stay"),
        ({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1}, "file: unknown parameter 'e'"),
        ({"a": 1, "b": 1, "c": 1, "d": "x"}, "file: d: expected a number, got 'x'"),
    ],
)
def test_a_bad_edit_says_what_is_wrong(found: dict[str, Any], message: str) -> None:
    written = dict.fromkeys("abcd", 1.0)
    assert usage_error(lambda: operator_edits(TABLE, [written], found, "file")).startswith(message)
