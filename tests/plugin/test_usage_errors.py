"""Each mistake ends the session at once: status 4, one clear line, nothing written."""

from __future__ import annotations

import pytest
from harness import INSTANT, Workbench

FILES = {
    "broken.yaml": "overrides: {tail_age_ms: 700\n",
    "broken.json": '{"overrides": {"tail_age_ms": 700}',
    "tagged.yaml": "overrides: !!python/object/apply:os.system ['true']\n",
    "double.yaml": "overrides:\n  tail_age_ms: 700\n  tail_age_ms: 710\n",
    "typo.yaml": "overrides:\n  tail_age: 700\n",
    "text.yaml": "overrides:\n  tail_age_ms: fast\n",
    "nan.yaml": "overrides:\n  tail_age_ms: .nan\n",
    "far.yaml": "overrides:\n  tail_age_ms: 5000\n",
    "flat.yaml": "tail_age_ms: 700\n",
    "extra.yaml": "override: {}\noverrides: {}\n",
    "list.yaml": "- 1\n- 2\n",
    "metric.yaml": 'name: g\nthresholds:\n  - {metric: net_bsp, fail_unless: ">= 1"}\n',
    "sign.yaml": 'name: g\nthresholds:\n  - {metric: net_bps, fail_unless: "=> 1"}\n',
    "bare.yaml": "name: g\nthresholds:\n  - {metric: net_bps, fail_unless: 1.0}\n",
    "empty.yaml": "name: g\nthresholds: []\n",
}
CASES = [
    (("--soak-iterations=0",), "--soak-iterations: expected a whole number from 1"),
    (("--soak-iterations=-3",), "--soak-iterations: expected a whole number from 1"),
    (("--soak-iterations=many",), "--soak-iterations: expected a whole number from 1"),
    (("--soak-profile=steady_saf",), "unknown profile 'steady_saf'; did you mean 'steady_safe'?"),
    (("--soak-profile=../steady_safe",), "is not a profile name"),
    (("--soak-profile=a/b",), "is not a profile name"),
    (("--soak-profile=..",), "is not a profile name"),
    (("--soak-profile=",), "--soak-profile: expected a value, got nothing"),
    (("--soak-profile=default,",), "expected names parted by commas"),
    (("--soak-profile=default,default",), "two lanes would be 'default-calm-42'"),
    (("--soak-profile=missing.yaml",), "no such profile file: missing.yaml"),
    (("--soak-profile=broken.yaml",), "broken.yaml:2: is not valid YAML"),
    (("--soak-profile=broken.json",), "broken.json: is not valid JSON"),
    (("--soak-profile=tagged.yaml",), "tagged.yaml:1: YAML tag"),
    (("--soak-profile=double.yaml",), "double.yaml:3: duplicate key 'tail_age_ms'"),
    (
        ("--soak-profile=typo.yaml",),
        "typo.yaml:2: unknown parameter 'tail_age'; did you mean 'tail_age_ms'?",
    ),
    (
        ("--soak-profile=text.yaml",),
        "text.yaml:2: tail_age_ms: expected a number from 400 to 1000, got 'fast'",
    ),
    (("--soak-profile=nan.yaml",), "nan.yaml:2: tail_age_ms: expected a number from 400 to 1000"),
    (("--soak-profile=far.yaml",), "expected a number from 400 to 1000, got 5000"),
    (("--soak-profile=flat.yaml",), "put the parameters under 'overrides:'"),
    (("--soak-profile=extra.yaml",), "unknown key 'override'; did you mean 'overrides'?"),
    (("--soak-profile=list.yaml",), "expected keys"),
    (("--soak-market=clam",), "unknown market 'clam'; did you mean 'calm'?"),
    (("--soak-market-set=sigm=1",), "unknown market setting 'sigm'; did you mean 'sigma'?"),
    (("--soak-market-set=spike_prob=2",), "spike_prob: expected 0 to 1, got 2"),
    (("--soak-market-set=sigma=nan",), "sigma: expected"),
    (("--soak-seed=x",), "--soak-seed: expected seeds like"),
    (("--soak-seed=9..1",), "expected a rising range"),
    (("--soak-seed=-1",), "--soak-seed: expected seeds like"),
    (("--soak-minutes=0",), "--soak-minutes: expected 0.01 to 1440 minutes"),
    (("--soak-minutes=inf",), "--soak-minutes: expected a number"),
    (("--soak-sleep=-1",), "--soak-sleep: expected 0 to 604800 seconds, got -1"),
    (("--soak-iteration-timeout=0",), "expected 0.1 to 604800 seconds, got 0"),
    (("--soak-target=simm",), "unknown target 'simm'; did you mean 'sim'?"),
    (("--soak-target=nowhere:Bot",), "cannot import 'nowhere'"),
    (("--soak-target=src/bot.py:Bot",), "expected module:attr, e.g. src.bot:Bot"),
    (("--soak-target=pytest_soak.testing:Instant",), "did you mean 'InstantTarget'?"),
    (("--soak-target=pytest_soak.testing:GOOD",), "is not callable"),
    (("--soak-gate=sok",), "unknown gate 'sok'; did you mean 'soak'?"),
    (("--soak-gate=metric.yaml",), "unknown metric 'net_bsp'; did you mean 'net_bps'?"),
    (("--soak-gate=sign.yaml",), "e.g. \">= 2.0\", got '=> 1'"),
    (("--soak-gate=bare.yaml",), 'a number in quotes, e.g. ">= 2.0", got 1.0'),
    (("--soak-gate=soak.yaml",), "no such gate file: soak.yaml; did you mean 'soak'?"),
    (("--soak-gate=empty.yaml",), "thresholds"),
    (("--soak-gate-mode=soff",), "unknown gate mode 'soff'"),
    (("--soak-set=tail_age_ms",), "expected KEY=NUMBER, got 'tail_age_ms'"),
    (("--soak-set=tail_age_ms=fast",), "got 'tail_age_ms=fast'; e.g. tail_age_ms=2.5"),
    (("--soak-set=tail_age_ms=5000",), "--soak-set: tail_age_ms: expected a number from 400"),
    (("--soak-set=tail=1",), "unknown parameter 'tail'; did you mean 'tail_age_ms'?"),
    (("--soak-overrides-json={",), "--soak-overrides-json: is not valid JSON"),
    (("--soak-overrides-json=[1]",), "expected one JSON object of overrides, got a list"),
    (('--soak-overrides-json={"a": NaN}',), "NaN is not a number that JSON allows"),
    (('--soak-overrides-json={"a": 1, "a": 2}',), "duplicate key 'a'"),
    (("--soak-overrides-json=@missing.json",), "cannot be read: No such file"),
]


@pytest.mark.parametrize(("arguments", "problem"), CASES, ids=[c[0][0] for c in CASES])
def test_a_bad_option_is_one_clear_line(
    bench: Workbench, arguments: tuple[str, ...], problem: str
) -> None:
    for name, text in FILES.items():
        bench.write(name, text)
    before = bench.files()
    first = () if arguments[0].startswith("--soak-iterations") else ("--soak-iterations=2",)
    target = () if arguments[0].startswith("--soak-target") else (INSTANT,)
    done = bench.pytest("-p", "no:cacheprovider", *first, *target, *arguments)
    assert done.returncode == 4, done.everything
    errors = [line for line in done.everything.splitlines() if line.startswith("ERROR:")]
    assert len(errors) == 1
    assert problem in errors[0]
    assert "Traceback" not in done.everything
    assert {name for name in bench.files() - before if "__pycache__" not in name} == set()


@pytest.mark.parametrize(
    ("env", "problem"),
    [
        ({"SOAK_PROFILE": "nope"}, "SOAK_PROFILE: unknown profile 'nope'"),
        ({"SOAK_MOCK_SIGMA": "much"}, "SOAK_MOCK_SIGMA: expected a number, got 'much'"),
        ({"SOAK_MINUTES": "-5"}, "SOAK_MINUTES: expected 0.01 to 1440 minutes"),
        ({"KPI_GATE_MODE": "strict"}, "KPI_GATE_MODE: unknown gate mode 'strict'"),
        ({"MM_RUNTIME_OVERRIDES_JSON": "{]"}, "MM_RUNTIME_OVERRIDES_JSON: is not valid JSON"),
    ],
)
def test_a_bad_variable_is_named(bench: Workbench, env: dict[str, str], problem: str) -> None:
    done = bench.soak(2, INSTANT, **env)
    assert done.returncode == 4
    assert f"ERROR: {problem}" in done.stderr


def test_a_bad_ini_value_is_named(bench: Workbench) -> None:
    bench.write("pytest.ini", "[pytest]\nsoak_market = stormy\n")
    done = bench.soak(2, INSTANT)
    assert done.returncode == 4
    assert "ERROR: ini soak_market: unknown market 'stormy'" in done.stderr


def test_paths_in_an_ini_file_relate_to_it(bench: Workbench) -> None:
    bench.write("pytest.ini", "[pytest]\nsoak_profile = mine.yaml\nsoak_dir = out\n")
    bench.write("mine.yaml", "overrides: {tail_age_ms: 700}\n")
    below = bench.beside("below")
    done = below.soak(1, INSTANT, "-p", "no:cacheprovider")
    assert done.returncode == 0, done.everything
    assert (bench.directory / "out/latest/ITER_SUMMARY_1.json").exists()
    assert below.files() == set()


def test_the_environment_alone_switches_nothing_on(bench: Workbench) -> None:
    bench.write("test_plain.py", "def test_plain(): pass\n")
    done = bench.pytest("-q", SOAK_PROFILE="nope", SOAK_MINUTES="-1", USE_MOCK="1")
    assert done.returncode == 0
    assert "soak" not in done.stdout


def test_a_mistake_that_pytest_tells_is_no_verdict(bench: Workbench) -> None:
    fixture = "import pytest\n\n@pytest.fixture\ndef soak_target():\n    pass\n"
    bench.write("conftest.py", fixture)
    done = bench.soak(1, INSTANT)
    assert done.returncode == 4
    assert "soak_target fixture (conftest.py) also says what is soaked" in done.stderr
    assert "NO VERDICT" not in done.everything
