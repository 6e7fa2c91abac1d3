"""What a soak says before it begins: what is soaked, for how long, by which gate it is judged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_soak.config.durations import span_us
from pytest_soak.config.names import stem
from pytest_soak.run.settings import Settings
from pytest_soak.session.target_fixture import users_place
from pytest_soak.text import plural

LANES_SHOWN = 4
_ROUNDING = 1e-9


def header_lines(settings: Settings, config: pytest.Config) -> Iterator[str]:
    """Lines without the `soak: ` that goes before them."""
    lanes = settings.lanes()
    yield (
        f"{plural(settings.iterations, 'iteration')} of {settings.minutes:.4g} min, "
        f"{plural(len(lanes), 'lane')}, target {_target(settings, config)}"
    )
    if said := _rounded(settings):
        yield said
    more = f" and {len(lanes) - LANES_SHOWN} more" if len(lanes) > LANES_SHOWN else ""
    yield ", ".join(lane.id for lane in lanes[:LANES_SHOWN]) + more
    names = dict.fromkeys(gates[0].name for gates in settings.gates.values())
    gates = ", ".join(_called(name, "gate", settings) for name in names)
    criteria = settings.criteria
    stops = f", stop criteria {_called(criteria.name, 'stop', settings)}" if criteria else ""
    held = f", no worse than {', '.join(settings.baseline.folders)}" if settings.baseline else ""
    where = short_path(settings.directory, config)
    yield f"gate {gates} ({settings.gate_mode}){stops}{held}, artifacts in {where}"
    if settings.target_source == "USE_MOCK":
        yield "USE_MOCK=1 makes the target mock: its KPIs are random numbers"
    for one in settings.scenarios:
        if one.feed is not None:
            yield from (f"market {one.name}: {line}" for line in one.feed.told)
    yield from (f"{name} is yours, not the one of the package" for name in _yours(settings))


def _rounded(settings: Settings) -> str:
    """What a duration came to that is no whole number of windows."""
    text, minutes = settings.shown.get("duration", ""), settings.minutes
    if not text:
        return ""
    asked, whole = span_us(text) / 60e6, settings.iterations * minutes
    if asked >= whole * (1 - _ROUNDING):
        return ""
    count = "one window" if settings.iterations == 1 else f"{settings.iterations} windows"
    return (
        f"NOTE: {text} becomes {count} of {minutes:.4g} min, {whole:.4g} min in all; shorter "
        "windows are had by --soak-minutes"
    )


def _called(name: str, option: str, settings: Settings) -> str:
    """A gate or criteria by name, and by what was asked for where that is called otherwise."""
    asked = settings.shown.get(option, name)
    chosen = settings.sources.get(option, "default") != "default"
    return f"{name} of {asked}" if chosen and stem(Path(asked)) != name else name


def short_path(path: Path, config: pytest.Config) -> str:
    """A path as a user in the session's directory would type it."""
    base = config.invocation_params.dir
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)


def _target(settings: Settings, config: pytest.Config) -> str:
    fixture = users_place(config)
    if fixture is not None:
        return f"soak_target of {fixture}"
    unless = " (unless a fixture says else)" if settings.target_source == "default" else ""
    return settings.target + unless


def _yours(settings: Settings) -> list[str]:
    """What a user of the package would take for its own, by kind and name."""
    profiles = [f"profile {one.name}" for one in settings.profiles if one.hides_shipped]
    return profiles + [f"market {one.name}" for one in settings.scenarios if one.hides_built_in]
