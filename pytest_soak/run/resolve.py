"""Settings from what was typed: each resolved from CLI > environment > ini > default."""

from __future__ import annotations

import math
import os.path
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pytest_soak.config.drills import Drill, parse_drill
from pytest_soak.config.durations import span_us
from pytest_soak.config.flag_layers import FlagLayer, config_layer
from pytest_soak.config.knobs import check_knob, parse_knobs
from pytest_soak.config.names import user_path
from pytest_soak.config.overrides import (
    CLI,
    ENV,
    Layer,
    overrides_document,
    parse_overrides_json,
    parse_set,
)
from pytest_soak.config.presets import Preset, load_preset, load_warmup, preset_shelf
from pytest_soak.config.profiles import Profile, load_profile, profile_shelf
from pytest_soak.config.recorded import PREFIX
from pytest_soak.config.scenarios import BUILT_IN, Scenario, load_scenario, scenario_shelf
from pytest_soak.config.seeds import parse_seeds
from pytest_soak.config.variants import Variant, load_variant, variant_shelf
from pytest_soak.engine.pace import load_pacing
from pytest_soak.engine.plan import GateMode
from pytest_soak.errors import SoakUsageError, escaped, unknown
from pytest_soak.exchange.chosen import ON_EXCHANGE, ExchangeChoice, load_exchange
from pytest_soak.gates.criteria import Criteria, criteria_shelf, load_criteria
from pytest_soak.gates.model import Gate, gate_shelf, load_gates
from pytest_soak.options import KNOBS, OPTIONS, Option
from pytest_soak.run.baseline import check_has_baseline, with_baseline
from pytest_soak.run.recordings import feed_scenarios, minutes_on_feeds
from pytest_soak.run.settings import (
    LEAST_TIMEOUT,
    MAX_ITERATIONS,
    MAX_PORT,
    MAX_SECONDS,
    MAX_SETTLE,
    MINUTES,
    Settings,
    check_distinct,
)
from pytest_soak.tuning.limits import load_limits
from pytest_soak.tuning.rules import load_rules
from pytest_soak.tuning.tuners import TUNERS

INI = "ini"
_RISING = (INI, ENV, CLI)
_ROUNDING = 1e-9


class Given(NamedTuple):
    """A setting as text, with its source: `cli`, `env`, `ini` or `default`, and its name there."""

    text: str
    source: str
    at: str
    base: Path


class Inputs(NamedTuple):
    """Where settings come from: raw values by option name, and the folders paths relate to.

    `keywords` says that what stands for the command line are the arguments of a call.
    """

    cli: Mapping[str, Any]
    env: Mapping[str, str]
    ini: Mapping[str, str]
    invocation_dir: Path
    ini_dir: Path
    rootdir: Path
    keywords: bool = False


def lookup(inputs: Inputs) -> dict[str, Given]:
    """Each option's text and where it comes from; options without a value are left out."""
    found = {option.name: given[0] for option in OPTIONS if (given := levels(inputs, option))}
    for item in found.values():
        if escaped(item.text) != " ".join(item.text.split()):
            raise SoakUsageError(item.at, f"expected plain text, got {item.text!r}")
    if _switched_on(inputs.env.get("USE_MOCK")) and found["target"].source == "default":
        found["target"] = Given("mock", ENV, "USE_MOCK", inputs.invocation_dir)
    return found


def levels(inputs: Inputs, option: Option) -> list[Given]:
    """All that is said of an option, the highest precedence first."""
    found = []
    typed = inputs.cli.get(option.name)
    typed_as = option.keyword if inputs.keywords else option.flag_text
    if typed == "":
        raise SoakUsageError(typed_as, "expected a value, got nothing")
    if typed:
        text = "\n".join(typed) if isinstance(typed, list) else str(typed)
        found.append(Given(text, CLI, typed_as, inputs.invocation_dir))
    if option.env and (text := inputs.env.get(option.env, "").strip()):
        found.append(Given(text, ENV, option.env, inputs.invocation_dir))
    if option.ini and (text := inputs.ini.get(option.dest, "").strip()):
        found.append(Given(text, INI, f"ini {option.dest}", inputs.ini_dir))
    if option.default:
        found.append(Given(option.default, "default", typed_as, inputs.invocation_dir))
    return found


def resolve_settings(inputs: Inputs) -> Settings:
    """The settings of a session; SoakUsageError for the first thing wrong."""
    given = lookup(inputs)
    profiles = _profiles(given["profile"], inputs.rootdir)
    exchange = _exchange(given, inputs.rootdir)
    if exchange is not None:
        given["gate"] = _on_exchange(given["gate"])
    gates = {p.name: _gates(p, given["gate"], inputs.rootdir) for p in profiles}
    scenarios = _scenarios(given["market"], given.get("feed-set"), inputs.rootdir)
    _check_markets(gates, scenarios)
    knobs, knob_sources = _knobs(inputs, given.get("market-set"))
    layers = _override_layers(inputs)
    limits = load_limits()
    settings = Settings(
        iterations=_iterations(given),
        profiles=profiles,
        scenarios=scenarios,
        seeds=parse_seeds(_items(given["seed"]), given["seed"].at),
        market_settings=knobs,
        target=given["target"].text,
        target_source=given["target"].at if given["target"].source != "default" else "default",
        minutes=_minutes_of(scenarios, given),
        sleep=_sleep(given["sleep"]),
        settle=_between(given["settle"], (0, MAX_SETTLE), "seconds"),
        iteration_timeout=_timeout(given.get("iteration-timeout")),
        gates=gates,
        gate_mode=_mode(given["gate-mode"]),
        drills=_drills(given.get("drill")),
        exchange=exchange,
        criteria=_criteria(given.get("stop"), inputs.rootdir),
        layers=layers,
        presets=_presets(given, inputs.rootdir),
        flags=_flag_layers(inputs, given.get("config")),
        variants=_variants(given.get("variant"), inputs.rootdir),
        tuner=_tuner(given["tuner"]),
        auto_tune=_flag(given, "auto-tune"),
        guards=_flag(given, "guards"),
        warmup=_warmup(given, inputs.rootdir),
        fallback=_fallback(given, limits.panic.profile, inputs.rootdir),
        limits=limits,
        rules=load_rules(),
        pacing=load_pacing(),
        cluster=_cluster(given["cluster"]) if "cluster" in given else None,
        metrics_port=_metrics_port(given.get("metrics-port")),
        directory=_directory(given["dir"]),
        report=_report(given["report"]) if "report" in given else None,
        rootdir=inputs.rootdir,
        feeds=_flag(given, "feeds"),
        feeds_gzip=_feeds_gzip(given),
        resume=_flag(given, "resume"),
        markers=_flag(given, "markers") if "markers" in given else None,
        default_overrides="overrides-json" not in given,
        sources={name: value.source for name, value in given.items()} | knob_sources,
        shown={name: value.text.replace("\n", " ") for name, value in given.items()}
        | {name: f"{value:g}" for name, value in knobs.items()},
    )
    check_distinct([lane.id for lane in settings.lanes()])
    settings = _with_baseline(settings, given.get("baseline"))
    check_has_baseline(settings)
    return settings


def _with_baseline(settings: Settings, given: Given | None) -> Settings:
    if given is None or given.text == "off":
        return settings
    return with_baseline(settings, given.at, _items(given), given.base)


def _iterations(given: Mapping[str, Given]) -> int:
    """How many there are to be; 0 where nothing says so, and nothing is soaked."""
    if "duration" not in given:
        return _integer(given["iterations"], 1, MAX_ITERATIONS) if "iterations" in given else 0
    duration = given["duration"]
    if "iterations" in given:
        problem = f"is the same as {given['iterations'].at} in other words; give one of the two"
        raise SoakUsageError(duration.at, problem)
    try:
        asked = span_us(duration.text) / 60_000_000
    except ValueError as error:
        raise SoakUsageError(duration.at, f"expected {error}, got {duration.text!r}") from None
    number = math.ceil(asked / _minutes(given["minutes"]) - _ROUNDING)
    if not 1 <= number <= MAX_ITERATIONS:
        problem = f"expected time for 1 to {MAX_ITERATIONS} iterations, got {duration.text!r}"
        raise SoakUsageError(duration.at, problem)
    return number


def _profiles(given: Given, rootdir: Path) -> tuple[Profile, ...]:
    shelf = profile_shelf(rootdir)
    return tuple(load_profile(name, shelf, given.base, given.at) for name in _items(given))


def _gates(profile: Profile, given: Given, rootdir: Path) -> tuple[Gate, ...]:
    shelf = gate_shelf(rootdir)
    name, base, at = given.text, given.base, given.at
    if profile.gate is not None and given.source == "default":
        name, base, at = profile.gate, profile.folder, f"{profile.source} gate"
    return load_gates(name, shelf, base, at)


def _exchange(given: Mapping[str, Given], rootdir: Path) -> ExchangeChoice | None:
    """The exchange that was asked for, with what breaks on it and what is seen of the bot."""
    if (asked := given.get("exchange")) is None:
        for name in ("faults", "belief"):
            if name in given and given[name].source != "default":
                raise SoakUsageError(given[name].at, "is of an exchange; add --soak-exchange=bybit")
        return None
    beliefs = given["belief"].text.split("\n") if "belief" in given else []
    named, faults = asked[::2], given["faults"][::2]
    return load_exchange((named[0], named[1]), (faults[0], faults[1]), beliefs, asked.base, rootdir)


def _on_exchange(given: Given) -> Given:
    """The gate of a soak on an exchange, where nothing is said of one."""
    return given._replace(text=ON_EXCHANGE) if given.source == "default" else given


def _criteria(given: Given | None, rootdir: Path) -> Criteria | None:
    if given is None:
        return None
    return load_criteria(given.text, criteria_shelf(rootdir), given.base, given.at)


def _drills(given: Given | None) -> tuple[Drill, ...]:
    lines = () if given is None else given.text.split("\n")
    return tuple(parse_drill(line, given.at) for line in lines if given is not None)


def _override_layers(inputs: Inputs) -> tuple[Layer, ...]:
    """The layers over the profile, the weakest first; of one source, `--soak-set` wins."""
    options = {option.name: option for option in OPTIONS}
    layers = [_json_layer(item) for item in levels(inputs, options["overrides-json"])]
    layers += [
        Layer(source=item.source, at=item.at, values=parse_set(item.text.split("\n"), item.at))
        for item in levels(inputs, options["set"])
    ]
    return tuple(sorted(layers, key=lambda layer: _RISING.index(layer.source)))


def _flag_layers(inputs: Inputs, config: Given | None) -> tuple[FlagLayer, ...]:
    """The layers of the feature flags, the weakest first: files in their order, then `flag`."""
    layers = []
    for name in config.text.split("\n") if config else ():
        assert config is not None
        path = user_path(name, config.base, config.at)
        layers.append(config_layer(path, f"config:{path.name}", f"{config.at} {name}"))
    option = next(option for option in OPTIONS if option.name == "flag")
    lines = [
        FlagLayer(source=item.source, at=item.at, text=item.text, form="lines")
        for item in levels(inputs, option)
    ]
    return (*layers, *sorted(lines, key=lambda layer: _RISING.index(layer.source)))


def _variants(given: Given | None, rootdir: Path) -> tuple[Variant, ...]:
    if given is None:
        return ()
    shelf = variant_shelf(rootdir)
    return tuple(load_variant(name, shelf, given.base, given.at) for name in _items(given))


def _json_layer(item: Given) -> Layer:
    document = overrides_document(item.text, item.at, item.base)
    values = parse_overrides_json(document)
    return Layer(source=item.source, at=document.source, values=values)


def _presets(given: Mapping[str, Given], rootdir: Path) -> tuple[Preset, ...]:
    if "preset" not in given:
        return ()
    item, shelf = given["preset"], preset_shelf(rootdir)
    return tuple(load_preset(name, shelf, item.base, item.at) for name in item.text.split("\n"))


def _warmup(given: Mapping[str, Given], rootdir: Path) -> Preset | None:
    if not _flag(given, "warmup"):
        return None
    item = given["warmup-preset"]
    return load_warmup(item.text, preset_shelf(rootdir), item.base, item.at)


def _fallback(given: Mapping[str, Given], name: str, rootdir: Path) -> Profile | None:
    """The profile that a panic reverts to before the lane's first freeze; only tuning panics."""
    if not _flag(given, "auto-tune"):
        return None
    return load_profile(name, profile_shelf(rootdir), rootdir, "panic revert")


def _tuner(given: Given) -> str:
    if given.text not in TUNERS:
        raise SoakUsageError(given.at, unknown("tuner", given.text, TUNERS))
    return given.text


def _feeds_gzip(given: Mapping[str, Given]) -> bool:
    packed = _flag(given, "feeds-gzip")
    if packed and not _flag(given, "feeds") and given["feeds-gzip"].source == CLI:
        raise SoakUsageError(given["feeds-gzip"].at, "there are no feeds to compress; add feeds")
    return packed


def _flag(given: Mapping[str, Given], name: str) -> bool:
    return name in given and _truth(given[name])


def _knobs(inputs: Inputs, given: Given | None) -> tuple[dict[str, float], dict[str, str]]:
    typed = parse_knobs(given.text.split("\n"), given.at) if given else {}
    values, sources = {}, {}
    for name, (variable, default, _) in KNOBS.items():
        value, source, at = default, "default", "default"
        text = inputs.env.get(variable, "").strip()
        if given and name in typed and (given.source == CLI or not text):
            value, source, at = typed[name], given.source, given.at
        elif text:
            value = _number(Given(text, ENV, variable, inputs.invocation_dir))
            source, at = ENV, variable
        check_knob(name, value, at)
        values[name], sources[name] = value, source
    return values, sources


def _scenarios(given: Given, feed_set: Given | None, rootdir: Path) -> tuple[Scenario, ...]:
    items = _items(given)
    if any(item.startswith(PREFIX) for item in items):
        settings = feed_set.text.replace(",", "\n").split("\n") if feed_set is not None else []
        set_at = "--soak-feed-set" if feed_set is None else feed_set.at
        return feed_scenarios(items, settings, given.base, given.at, set_at)
    if feed_set is not None:
        raise SoakUsageError(feed_set.at, f"is of recorded feeds; {given.at} names none")
    shelf = scenario_shelf(rootdir)
    return tuple(load_scenario(name, shelf, given.base, given.at) for name in items)


def _check_markets(gates: Mapping[str, tuple[Gate, ...]], scenarios: tuple[Scenario, ...]) -> None:
    """A gate may have blocks for any built-in scenario, and for those of the session."""
    known = {*BUILT_IN, *(scenario.name for scenario in scenarios)}
    for gate in (gate for several in gates.values() for gate in several):
        for market in gate.markets:
            if market not in known:
                problem = f"markets: {unknown('market', market, known)}"
                raise SoakUsageError(f"gate {gate.name}", problem)


def _mode(given: Given) -> GateMode:
    try:
        return GateMode(given.text)
    except ValueError:
        raise SoakUsageError(
            given.at, unknown("gate mode", given.text, map(str, GateMode))
        ) from None


def _items(given: Given) -> tuple[str, ...]:
    items = tuple(item.strip() for item in given.text.split(","))
    if not all(items):
        raise SoakUsageError(given.at, f"expected names parted by commas, got {given.text!r}")
    return items


def _cluster(given: Given) -> str:
    """HOST:PORT of the scheduler."""
    found = re.fullmatch(r"dask://(\[[0-9A-Fa-f:.]+\]|[^\s/:@?#\[\]]+):(\d{1,5})", given.text)
    if not found or not 0 < int(found[2]) < 65536:
        problem = f"expected dask://HOST:PORT, as in dask://127.0.0.1:8786, got {given.text!r}"
        raise SoakUsageError(given.at, problem)
    return f"{found[1]}:{found[2]}"


def _metrics_port(given: Given | None) -> int | None:
    return None if given is None else _integer(given, 1, MAX_PORT)


def _directory(given: Given) -> Path:
    path = user_path(given.text, given.base, given.at)
    for folder in (path, *path.parents):
        if os.path.lexists(folder) and not folder.is_dir():
            raise SoakUsageError(given.at, f"expected a folder, {folder} is none")
    return path


def _report(given: Given) -> Path:
    path = user_path(given.text, given.base, given.at)
    if path.is_dir():
        raise SoakUsageError(given.at, f"expected a file, {path} is a folder")
    return path


def _minutes_of(scenarios: tuple[Scenario, ...], given: Mapping[str, Given]) -> float:
    minutes, typed = _minutes(given["minutes"]), given["minutes"].source != "default"
    asked = given.get("iterations", given.get("duration", given["minutes"]))
    found = minutes_on_feeds(scenarios, minutes, typed, _iterations(given), asked.at)
    if any(scenario.feed is not None for scenario in scenarios):
        target = given["target"]
        if target.text == "mock" or target.text.startswith("process:"):
            problem = f"{target.text.split(':')[0]} trades on no recorded feed; expected sim"
            raise SoakUsageError(target.at, f"{problem} or module:attr")
    return found


def _minutes(given: Given) -> float:
    return _between(given, MINUTES, "minutes")


def _sleep(given: Given) -> float:
    return _between(given, (0, MAX_SECONDS), "seconds")


def _timeout(given: Given | None) -> float | None:
    return None if given is None else _between(given, (LEAST_TIMEOUT, MAX_SECONDS), "seconds")


def _between(given: Given, span: tuple[float, float], unit: str) -> float:
    value, (low, high) = _number(given), span
    if not low <= value <= high:
        raise SoakUsageError(given.at, f"expected {low:g} to {high:.12g} {unit}, got {given.text}")
    return value


def _integer(given: Given, low: int, high: int) -> int:
    if not re.fullmatch(r"[+-]?\d{1,18}", given.text) or not low <= int(given.text) <= high:
        raise SoakUsageError(
            given.at, f"expected a whole number from {low} to {high}, got {given.text!r}"
        )
    return int(given.text)


def _number(given: Given) -> float:
    try:
        value = float(given.text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise SoakUsageError(given.at, f"expected a number, got {given.text!r}")
    return value


def _switched_on(text: str | None) -> bool:
    return (text or "").strip().lower() in ("1", "true", "yes", "on")


def _truth(given: Given) -> bool:
    if _switched_on(given.text):
        return True
    if given.text.lower() in ("0", "false", "no", "off"):
        return False
    raise SoakUsageError(given.at, f"expected 1 or 0, got {given.text!r}")
