"""A soak from Python: `pytest_soak.soak`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

from pytest_soak.artifacts.stored_run import run_in
from pytest_soak.calibration.stored import run_rates
from pytest_soak.clock import Clock, SystemClock
from pytest_soak.config.documents import show
from pytest_soak.errors import SoakUsageError, unknown
from pytest_soak.number import number
from pytest_soak.options import OPTIONS, Option
from pytest_soak.report.while_running import ReportWhileRunning
from pytest_soak.report.write import write_report
from pytest_soak.run.folder import layout_of
from pytest_soak.run.handlers import Handler, checked_handlers
from pytest_soak.run.lanes import Chosen
from pytest_soak.run.metrics import served
from pytest_soak.run.planning import checked_kpis
from pytest_soak.run.resolve import Inputs, resolve_settings
from pytest_soak.run.settings import Settings, check_settings
from pytest_soak.run.soak import SoakResult, run_soak
from pytest_soak.targets.base import TargetFactory
from pytest_soak.targets.resolve import name_of, named_factory

_OF_A_TERMINAL = ("show-config", "markers")
_OPTIONS = {option.keyword: option for option in OPTIONS if option.name not in _OF_A_TERMINAL}
_NO_TIMEOUT = "only pytest can end an iteration"


def soak(
    target: str | TargetFactory = "sim",
    *,
    handlers: Sequence[Handler] = (),
    extra_kpis: Mapping[str, Callable[[Any, Any], float | None]] | None = None,
    settings: Settings | None = None,
    folder: Path | str | None = None,
    clock: Clock | None = None,
    **options: Any,
) -> SoakResult:
    """Soak `target` (a class or `LaneInfo -> Target`, or its name) in this process.

    `options` are those of the command line without `--soak-`, with `_` for `-`: `iterations=24`,
    `profile="steady_safe"`, `seed=[1, 2]`, `set={"tail_age_ms": 700}`, `auto_tune=True`; neither
    the environment nor an ini file is asked. `settings` stand in place of all of them. Paths, and
    profiles and gates by name, are looked for from `folder`, by default the working directory.
    `handlers` are called when something happens; `clock` tells the time and lets it pass.

    Raises SoakUsageError, before anything is soaked, for what cannot be (`iteration_timeout` is for
    pytest alone); and KeyboardInterrupt. What the target raises is no exception but a FAIL.
    """
    try:
        return _soak(target, handlers, extra_kpis or {}, settings, folder, clock, options)
    except SoakUsageError as error:
        if not error.source.startswith("--soak-"):
            raise
        keyword = error.source.removeprefix("--soak-").replace("-", "_")
        raise SoakUsageError(keyword, error.problem) from None


def _soak(
    target: str | TargetFactory,
    handlers: Any,
    extra_kpis: Any,
    settings: Settings | None,
    folder: Any,
    clock: Clock | None,
    options: Mapping[str, Any],
) -> SoakResult:
    told = checked_handlers(handlers)
    base = _base(folder)
    if settings is None:
        settings = _settings(target, base, options)
    elif options:
        raise SoakUsageError(next(iter(options)), "is in `settings`; give one of the two")
    checked = check_settings(settings)
    if checked.iteration_timeout is not None:
        raise SoakUsageError("iteration_timeout", f"{_NO_TIMEOUT}; soak by pytest")
    for name in ("now", "monotonic", "sleep"):
        if clock is not None and not callable(getattr(clock, name, None)):
            raise SoakUsageError("clock", f"{show(clock)} has no method {name}()")
    kpis = checked_kpis([extra_kpis], "extra_kpis")
    chosen = _chosen(target, checked, kpis)
    layout, ticking = layout_of(checked), clock or SystemClock()
    report = checked.report or layout.report
    meanwhile = ReportWhileRunning(layout, report, ticking)
    with served(checked) as metrics:
        result = run_soak(checked, chosen, [*metrics, *told, meanwhile], ticking)
    rates = run_rates(run_in(layout.latest), checked.rootdir)
    write_report(layout, report, rates)
    return result


def _base(folder: Any) -> Path:
    if not isinstance(folder, str | Path | None):
        raise SoakUsageError("folder", f"expected a path, got {show(folder)}")
    base = Path(folder or Path.cwd()).absolute()
    if not base.is_dir():
        raise SoakUsageError("folder", f"expected a folder that is there, {base} is none")
    return base


def _settings(target: str | TargetFactory, base: Path, options: Mapping[str, Any]) -> Settings:
    for name in options:
        if name not in _OPTIONS:
            raise SoakUsageError(name, unknown("option", name, _OPTIONS))
    if options.get("iterations") is None and options.get("duration") is None:
        raise SoakUsageError("iterations", "is missing; say how many, e.g. iterations=24")
    given = {**options, "target": target if isinstance(target, str) else name_of(target)}
    texts = {_OPTIONS[k].name: _text(_OPTIONS[k], v) for k, v in given.items() if v is not None}
    return resolve_settings(Inputs(texts, {}, {}, base, base, base, keywords=True))


def _text(option: Option, value: Any) -> Any:
    """A value as it would be typed."""
    if isinstance(value, bool) and option.flag:
        return "1" if value else "0"
    if isinstance(value, Mapping):
        if option.repeatable:
            return [f"{name}={_word(option, given)}" for name, given in value.items()]
        numbers = {name: number(given) for name, given in value.items()}
        if not all(isinstance(name, str) for name in value) or None in numbers.values():
            problem = f"expected numbers by parameter, got {show(dict(value))}"
            raise SoakUsageError(option.keyword, problem)
        return json.dumps(numbers)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        given = [_word(option, item) for item in value]
        return given if option.repeatable else ",".join(given)
    return _word(option, value)


def _word(option: Option, value: Any) -> str:
    if isinstance(value, bool) and option.name == "flag":
        return str(value).lower()
    if isinstance(value, bool) or not isinstance(value, str | Real | Path):
        problem = f"expected text, a number, a path or a list of them, got {show(value)}"
        raise SoakUsageError(option.keyword, problem)
    return str(value)


def _chosen(
    target: str | TargetFactory, settings: Settings, extra_kpis: Mapping[str, Any]
) -> Chosen:
    if isinstance(target, str):
        factory = named_factory(settings.target, "target", settings.rootdir)
        return Chosen(factory, settings.target, extra_kpis)
    return Chosen(target, name_of(target), extra_kpis)
