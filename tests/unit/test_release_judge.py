"""`pytest-soak release judge`: the rules of the steps on figures alone."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from builders import usage_error
from hypothesis import given
from hypothesis import strategies as st

from pytest_soak.artifacts.models import shipped_schema
from pytest_soak.commands.release_judge import judge
from pytest_soak.gates.model import gate_shelf, load_gate
from pytest_soak.release.figures import Figures, named
from pytest_soak.release.judge import judge_shadow
from pytest_soak.release.judge_ab import judge_ab
from pytest_soak.release.judged import overall

SHADOW = {
    "md_cache_hit_ratio": 0.7,
    "fetch_md_p95_ms": 35,
    "tick_total_p95_ms": 150,
    "deadline_miss_ratio": 0.0199,
}
A = {
    "net_bps": 3.0,
    "slippage_bps": -0.2,
    "tick_total_p95_ms": 100,
    "taker_share_pct": 4,
    "deadline_miss_ratio": 0.001,
}
B = A | {"net_bps": 3.2}
LOCKED: dict[str, Any] = {
    "stages": {"fetch_md": {"p95_ms": 30.0}, "compute": {"p95_ms": 12.0}},
    "tick_total": {"p95_ms": 40.0, "deadline_miss_ratio": 0.001},
    "md_cache": {"hit_ratio": 0.75},
}
FLAGS = {
    "pipeline.enabled": True,
    "md_cache": {"enabled": True},
    "async_batch.enabled": True,
    "trace": {"enabled": True, "sample_rate": 0.2},
    "taker_cap.max_taker_share_pct": 9,
}
DATASET = {"covered_hours": 24, "intervals": 288, "refused": 28}


class Judged:
    """A step judged in a folder, one file for each mapping."""

    def __init__(self, folder: Path, step: str, *files: Any) -> None:
        paths = [Path(f"{number}.json") for number in range(len(files))]
        for path, data in zip(paths, files, strict=True):
            (folder / path).write_text(json.dumps(data))
        before = {path.name for path in folder.iterdir()}
        self.said: list[str] = []
        worked = judge(step, paths, folder, self.said.append)
        assert {path.name for path in folder.iterdir()} == before
        self.status, self.document = worked.status, dict(worked.document)
        jsonschema.validate(self.document, json.loads(shipped_schema("release-judged")))
        figures: Any = self.document["figures"]
        self.figures = {figure["what"]: figure for figure in figures}

    @property
    def verdict(self) -> Any:
        return self.document["verdict"]

    @property
    def bad(self) -> list[str]:
        return [what for what, f in self.figures.items() if f["verdict"] not in ("PASS", "PROMOTE")]


def test_every_figure_is_printed_beside_its_limit(tmp_path: Path) -> None:
    found = Judged(tmp_path, "shadow", SHADOW)
    assert (found.verdict, found.status) == ("PASS", 0)
    lines = found.said[0].splitlines()
    assert lines[0].split() == ["figure", "value", "limit", "verdict"]
    assert lines[1].split() == ["md_cache_hit_ratio", "0.7", ">=", "0.7", "PASS"]
    assert found.said[-1] == "PASS: shadow"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("md_cache_hit_ratio", 0.6999),
        ("md_cache_hit_ratio", 1.2),
        ("fetch_md_p95_ms", 35.001),
        ("fetch_md_p95_ms", -1),
        ("tick_total_p95_ms", 150.01),
        ("deadline_miss_ratio", 0.02),
        ("deadline_miss_ratio", math.nan),
        ("deadline_miss_ratio", -math.inf),
        ("deadline_miss_ratio", "0.001"),
        ("deadline_miss_ratio", False),
        ("deadline_miss_ratio", None),
        ("deadline_miss_ratio", ...),
    ],
)
def test_each_figure_of_a_shadow_fails_by_itself(tmp_path: Path, name: str, value: Any) -> None:
    data = SHADOW | {name: value}
    if value is ...:
        del data[name]
    found = Judged(tmp_path, "shadow", data)
    assert (found.verdict, found.status, found.bad) == ("FAIL", 1, [name])
    assert found.said[-1].startswith(f"FAIL: shadow: {name} ")


def test_ticks_and_minutes_count_where_they_are_told(tmp_path: Path) -> None:
    for more, verdict in (
        ({"ticks": 1000, "minutes": 60}, "PASS"),
        ({"tick_count": 999}, "FAIL"),
        ({"duration_min": 59.9}, "WARN"),
        ({"minutes": "60"}, "FAIL"),
        ({"ticks": 0}, "FAIL"),
    ):
        found = Judged(tmp_path, "shadow", SHADOW, more)
        assert found.verdict == verdict, more
        assert found.status == (verdict == "FAIL")


def test_other_names_mean_the_same(tmp_path: Path) -> None:
    flat = {
        "hit_ratio": 0.71,
        "fetch_md_p95": 34,
        "tick_total_p95": 149,
        "deadline_miss_rate": 0.019,
    }
    assert Judged(tmp_path, "shadow", flat).verdict == "PASS"
    assert Judged(tmp_path, "shadow", flat | {"hit_ratio": 0.69}).bad == ["md_cache_hit_ratio"]
    nested = LOCKED | {"duration_min": 60}
    assert Judged(tmp_path, "shadow", nested).verdict == "PASS"
    assert named({"maker_taker_ratio": 0.91})["taker_share_pct"] == pytest.approx(9.0)
    assert named({"summary": {"net_bps": 1}})["net_bps"] == 1
    assert named({"hit_ratio": 0.1, "md_cache_hit_ratio": 0.9})["md_cache_hit_ratio"] == 0.9
    hint = Judged(tmp_path, "shadow", SHADOW | {"md_cache_hit": 1} | {"md_cache_hit_ratio": None})
    assert hint.bad == ["md_cache_hit_ratio"]


def test_a_name_that_is_nearly_right_is_suggested(tmp_path: Path) -> None:
    data = {**SHADOW, "fetch_md_p95_msec": 3}
    del data["fetch_md_p95_ms"]
    found = Judged(tmp_path, "shadow", data).figures["fetch_md_p95_ms"]["value"]
    assert found == "not given; did you mean 'fetch_md_p95_msec'?"


def test_a_figure_that_two_files_say_otherwise_is_refused(tmp_path: Path) -> None:
    message = usage_error(lambda: Judged(tmp_path, "shadow", SHADOW, {"hit_ratio": 0.8}))
    assert message == "1.json: md_cache_hit_ratio is 0.8, and was 0.7; keep one of them"


@pytest.mark.parametrize(
    ("delta", "verdict", "status"),
    [
        (0.3, "PROMOTE", 0),
        (0.2, "PROMOTE", 0),
        (0.1999, "HOLD", 3),
        (0.0, "HOLD", 3),
        (-0.0001, "ROLLBACK", 1),
        (math.nan, "ROLLBACK", 1),
        (math.inf, "ROLLBACK", 1),
    ],
)
def test_a_point_of_an_ab(tmp_path: Path, delta: float, verdict: str, status: int) -> None:
    for files in ((A, A | {"net_bps": 3.0 + delta}), ({"A": A, "b": A | {"net_bps": 3 + delta}},)):
        found = Judged(tmp_path, "ab", *files)
        assert (found.verdict, found.status) == (verdict, status)
        assert found.document["point_only"] is True
        assert found.said[-1].endswith(
            "; point only, the noise is not known, so no stage accepts it"
        )


@pytest.mark.parametrize(
    ("change", "bad"),
    [
        ({"deadline_miss_ratio": 0.02}, "deadline_miss_ratio of B"),
        ({"taker_share_pct": 9.01}, "taker_share_pct of B"),
        ({"taker_share_pct": 101}, "taker_share_pct of B"),
        ({"tick_total_p95_ms": 110.1}, "tick_total_p95_ms, B more than A"),
        ({"slippage_bps": -0.2001}, "slippage cost, B more than A"),
        ({"slippage_bps": None}, "slippage cost, B more than A"),
        ({"taker_share_pct": math.inf}, "taker_share_pct of B"),
        ({"tick_total_p95_ms": 0}, "tick_total_p95_ms, B more than A"),
    ],
)
def test_a_gate_of_an_ab_rolls_back(tmp_path: Path, change: dict[str, Any], bad: str) -> None:
    found = Judged(tmp_path, "ab", A, B | change)
    assert (found.verdict, found.status, found.bad) == ("ROLLBACK", 1, [bad])


def test_the_limits_of_an_ab_themselves_pass(tmp_path: Path) -> None:
    at_limit = B | {"taker_share_pct": 9, "tick_total_p95_ms": 110, "slippage_bps": -0.2}
    assert Judged(tmp_path, "ab", A, at_limit).verdict == "PROMOTE"
    slow = A | {"tick_total_p95_ms": 150}
    assert Judged(tmp_path, "ab", slow, B | {"tick_total_p95_ms": 150}).verdict == "PROMOTE"
    found = Judged(tmp_path, "ab", slow, B | {"tick_total_p95_ms": 150.1})
    assert found.bad == ["tick_total_p95_ms of B"]
    apart = Judged(tmp_path, "ab", A | {"net_bps": -1e308}, B | {"net_bps": 1e308})
    assert apart.bad == ["net_bps, B - A"]
    lacking = {name: value for name, value in A.items() if name != "slippage_bps"}
    value = Judged(tmp_path, "ab", lacking, B).figures["slippage cost, B more than A"]["value"]
    assert value == "slippage_bps of A: not given"


@given(st.floats(), st.sampled_from(sorted(A)))
def test_no_figure_of_b_that_is_not_finite_or_lacks_is_promoted(value: float, name: str) -> None:
    lines = judge_ab(Figures(A), Figures(B | {name: value}))
    if not math.isfinite(value):
        assert overall(lines) == "ROLLBACK"
    lines = judge_ab(Figures(A), Figures({n: v for n, v in B.items() if n != name}))
    assert overall(lines) == "ROLLBACK"


@given(st.dictionaries(st.sampled_from(sorted(SHADOW)), st.floats(0, 200)))
def test_a_shadow_passes_by_all_its_thresholds_and_no_less(values: dict[str, float]) -> None:
    gate = load_gate("shadow", gate_shelf(Path("/nowhere")), Path("/nowhere"), "test")
    good = (
        0.7 <= values.get("md_cache_hit_ratio", -1) <= 1
        and values.get("fetch_md_p95_ms", 99) <= 35
        and values.get("tick_total_p95_ms", 999) <= 150
        and values.get("deadline_miss_ratio", 1) < 0.02
    )
    assert (overall(judge_shadow(Figures(values), gate)) == "PASS") is good


def changed(**stages: Any) -> dict[str, Any]:
    return LOCKED | {"stages": {**LOCKED["stages"], **stages}}


@pytest.mark.parametrize(
    ("now", "bad"),
    [
        (changed(fetch_md={"p95_ms": 30.91}), "stage fetch_md"),
        (changed(fetch_md={"p95_ms": 0}), "stage fetch_md"),
        (changed(fetch_md={"p95_ms": math.nan}), "stage fetch_md"),
        (changed(fetch_md={"p95": 30}), None),
        (changed(fetch_md={"p95_ms": 30.9}), None),
        (changed(fetch_md={"p95_ms": None}), "stage fetch_md"),
        (changed(send={"p95_ms": 1.0}), "stage send"),
        (LOCKED | {"stages": {"compute": {"p95_ms": 12.0}}}, "stage fetch_md"),
        (LOCKED | {"tick_total": {"p95_ms": 44.1, "deadline_miss_ratio": 0}}, "tick_total"),
        (LOCKED | {"tick_total": {"p95_ms": 44.0, "deadline_miss_ratio": 0.02}}, None),
        (
            LOCKED | {"tick_total": {"p95_ms": 40.0, "deadline_miss_ratio": 0.0201}},
            "deadline_miss_ratio",
        ),
        (LOCKED | {"md_cache": {"hit_ratio": 0.599}}, "md_cache_hit_ratio"),
        (LOCKED | {"md_cache": {}}, "md_cache_hit_ratio"),
        (LOCKED | {"tick_total": {"deadline_miss_ratio": 0}}, "tick_total"),
    ],
)
def test_a_run_against_a_locked_baseline(tmp_path: Path, now: Any, bad: str | None) -> None:
    locked = {"baseline" if key == "stages" else key: value for key, value in LOCKED.items()}
    for reference in (LOCKED, locked):
        found = Judged(tmp_path, "baseline", reference, now)
        assert found.bad == ([bad] if bad else [])
        assert (found.verdict, found.status) == (("FAIL", 1) if bad else ("PASS", 0))


def test_a_stage_that_only_one_has_is_said_to_lack(tmp_path: Path) -> None:
    only = LOCKED | {"stages": {"compute": {"p95_ms": 12.0}}}
    found = Judged(tmp_path, "baseline", LOCKED, only)
    assert found.said[-1].startswith("FAIL: baseline: stage fetch_md not in current (p95 at most 3")
    found = Judged(tmp_path, "baseline", only, LOCKED)
    assert found.figures["stage fetch_md"]["value"] == "not in baseline"
    endless = changed(fetch_md={"p95_ms": math.inf})
    assert Judged(tmp_path, "baseline", endless, LOCKED).bad == ["stage fetch_md"]
    nothing = {key: value for key, value in LOCKED.items() if key != "stages"}
    assert Judged(tmp_path, "baseline", nothing, nothing).bad == ["stages"]


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "PASS"),
        ({"covered_hours": 23.9}, "WARN"),
        ({"covered_hours": 12}, "WARN"),
        ({"covered_hours": 11.9}, "FAIL"),
        ({"covered_hours": math.nan}, "FAIL"),
        ({"covered_hours": math.inf}, "FAIL"),
        ({"refused": 28.8}, "FAIL"),
        ({"refused": -1}, "FAIL"),
        ({"refused": 300}, "FAIL"),
        ({"intervals": 0, "refused": 0}, "FAIL"),
        ({"refused_pct": 9.9}, "PASS"),
        ({"refused_pct": 10}, "FAIL"),
        ({"refused_share": 0.1}, "FAIL"),
        ({"bad_lines": 1, "lines": 1000}, "PASS"),
        ({"bad_lines": 2, "lines": 1000}, "FAIL"),
        ({"bad_lines": 0}, "FAIL"),
        ({"refused": None}, "FAIL"),
    ],
)
def test_a_dataset(tmp_path: Path, change: dict[str, Any], verdict: str) -> None:
    found = Judged(tmp_path, "dataset", DATASET | change)
    assert (found.verdict, found.status) == (verdict, int(verdict == "FAIL"))
    if verdict == "WARN":
        assert found.said[-1].startswith("WARN: dataset: covered_hours ")


@pytest.mark.parametrize(
    ("change", "bad"),
    [
        ({}, []),
        ({"pipeline.enabled": False}, ["pipeline.enabled"]),
        ({"pipeline.enabled": 1}, ["pipeline.enabled"]),
        ({"pipeline.enabled": "true"}, ["pipeline.enabled"]),
        ({"md_cache": {}}, ["md_cache.enabled"]),
        ({"taker_cap.max_taker_share_pct": True}, ["taker_cap.max_taker_share_pct"]),
        ({"taker_cap.max_taker_share_pct": 1e9}, ["taker_cap.max_taker_share_pct"]),
        ({"taker_cap.max_taker_share_pct": math.nan}, ["taker_cap.max_taker_share_pct"]),
        ({"trace": {"enabled": True, "sample_rate": 0.31}}, ["trace.sample_rate"]),
    ],
)
def test_a_configuration(tmp_path: Path, change: dict[str, Any], bad: list[str]) -> None:
    found = Judged(tmp_path, "prep", FLAGS | change)
    assert found.bad == bad
    assert found.status == bool(bad)
    assert found.verdict == ("FAIL" if bad else "PASS")


def test_a_later_configuration_wins_flag_by_flag(tmp_path: Path) -> None:
    assert Judged(tmp_path, "prep", FLAGS, {"trace": {"sample_rate": 0.31}}).bad == [
        "trace.sample_rate"
    ]


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    def message(step: str, *files: str) -> str:
        paths = list(map(Path, files))
        return usage_error(lambda: judge(step, paths, tmp_path, print))

    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "torn.json").write_text('{"a": ')
    (tmp_path / "good.yaml").write_text("net_bps: 1\n")
    assert message("shadow", "no.json").startswith("no.json: cannot be read: No such file")
    assert message("shadow", "list.json") == "list.json: expected figures by name, got a list"
    assert message("shadow", "torn.json").startswith("torn.json: is not valid JSON")
    assert message("ab", "good.yaml") == "FILE: expected two files, A and B, got 1"
    told = "FILE: expected two files, the locked baseline and the run, got 1"
    assert message("baseline", "good.yaml") == told
