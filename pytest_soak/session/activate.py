"""Switching a session to a soak: settings are resolved once, the parts are registered."""

from __future__ import annotations

import os

import pytest

from pytest_soak.clock import Clock, SystemClock
from pytest_soak.config.ini import ini_keys
from pytest_soak.errors import SoakUsageError
from pytest_soak.options import OPTIONS
from pytest_soak.report.github import command, github_step
from pytest_soak.run.folder import layout_of
from pytest_soak.run.handlers import Handler
from pytest_soak.run.resolve import Inputs, resolve_settings
from pytest_soak.run.settings import Settings
from pytest_soak.session.context import CONTEXT, SoakContext
from pytest_soak.session.item_ids import PREFIX, iteration_name, split_users
from pytest_soak.session.protection import protect
from pytest_soak.session.typed import check_ini


def activate(config: pytest.Config) -> None:
    """Resolve the settings and register the parts of a soak session.

    Raises pytest.UsageError for the first setting that is wrong, which GitHub is told of.
    """
    try:
        _activate(config)
    except pytest.UsageError as error:
        step = github_step(os.environ)
        if step is not None:
            print(protect(config, step).window([command("error", "soak", str(error))]))
        raise


def _activate(config: pytest.Config) -> None:
    sent = getattr(config, "workerinput", {}).get("soak")
    if sent is not None:
        settings = Settings.model_validate_json(sent)
    else:
        try:
            check_ini(ini_keys(config.inipath))
            settings = resolve_settings(inputs_of(config))
        except SoakUsageError as error:
            raise pytest.UsageError(str(error)) from None
    if not settings.iterations:
        return
    wanted = _take_wanted(config, settings)
    context = SoakContext(settings, layout_of(settings), wanted, on_worker=sent is not None)
    config.stash[CONTEXT] = context
    _register(config, context)


def distributed(config: pytest.Config) -> bool:
    """Whether pytest-xdist runs the items in other processes."""
    return bool(config.getoption("dist", "no") != "no")


def _register(config: pytest.Config, context: SoakContext) -> None:
    from pytest_soak.session import fixtures
    from pytest_soak.session.collection import ItemCollection
    from pytest_soak.session.once import Once
    from pytest_soak.session.order import ItemOrder
    from pytest_soak.session.protocol import ItemProtocol
    from pytest_soak.session.signals import SessionSignals
    from pytest_soak.session.timeouts import BareTimeouts, Timeouts

    clock = SystemClock()
    parts = {
        "fixtures": fixtures,
        "collection": ItemCollection(context),
        "order": ItemOrder(context),
        "protocol": ItemProtocol(context),
        "once": Once(),
        "signals": SessionSignals(),
        "timeout": BareTimeouts(),
    }
    if context.on_worker:
        _send_from_worker(config, context, clock)
    else:
        parts |= _parts_of_main(config, context, clock)
    if (seconds := context.settings.iteration_timeout) is not None:
        parts["timeouts"] = Timeouts(config, seconds, context.settings.pacing.backstop, clock)
    for name, part in parts.items():
        config.pluginmanager.register(part, f"soak-{name}")


def _send_from_worker(config: pytest.Config, context: SoakContext, clock: Clock) -> None:
    from pytest_soak.run.lanes import Lanes
    from pytest_soak.session.distributed import joining, sender

    send, join = sender(config), joining(config, context.settings, clock)
    context.lanes = Lanes(context.settings, context.layout, clock, send, join)


def _parts_of_main(config: pytest.Config, context: SoakContext, clock: Clock) -> dict[str, object]:
    from pytest_soak.report.while_running import ReportWhileRunning
    from pytest_soak.run.lanes import Lanes
    from pytest_soak.run.run import Run
    from pytest_soak.session.announcer import Announcer
    from pytest_soak.session.controller import Controller
    from pytest_soak.session.hooks import users_handlers
    from pytest_soak.session.on_cluster import session_cluster
    from pytest_soak.session.screen import settle
    from pytest_soak.session.terminal import Terminal

    config.add_cleanup(settle)
    terminal = Terminal(config, context, clock)
    report = context.settings.report or context.layout.report
    meanwhile = ReportWhileRunning(context.layout, report, clock)
    page = None
    shown_only = config.option.collectonly or config.getoption("soak_show_config")
    if context.settings.metrics_port is not None and not shown_only:
        from pytest_soak.session.metrics import MetricsPage

        page = MetricsPage(config, context.settings, terminal.say)
    metrics = [page.metrics] if page else []
    handlers: list[Handler] = [terminal, *metrics, *users_handlers(config), meanwhile]
    run = Run(context.settings, handlers, clock)
    controller = Controller(config, context, run, terminal, distributed(config))
    cluster = session_cluster(config, context.settings, distributed=distributed(config))
    deliver, prepare = controller.deliver, run.prepare
    context.lanes = Lanes(context.settings, run.layout, clock, deliver, prepare, cluster)
    parts: dict[str, object] = {} if page is None else {"metrics": page}
    step = github_step(os.environ)
    if step is not None:
        parts["github"] = Announcer(step, protect(config, step), context, run, terminal)
    parts |= {"terminal": terminal, "controller": controller}
    if distributed(config):
        from pytest_soak.session.distributed import Distributed

        parts["distributed"] = Distributed(config, context, controller.deliver)
    return parts


def inputs_of(config: pytest.Config) -> Inputs:
    """Where this session's settings come from."""
    ini_path = config.inipath
    return Inputs(
        cli={option.name: config.getoption(option.dest) for option in OPTIONS},
        env=os.environ,
        ini={option.dest: _ini(config, option.dest) for option in OPTIONS if option.ini},
        invocation_dir=config.invocation_params.dir,
        ini_dir=ini_path.parent if ini_path else config.rootpath,
        rootdir=config.rootpath,
    )


def _ini(config: pytest.Config, key: str) -> str:
    try:
        value = config.getini(key)
    except (TypeError, ValueError):
        raise SoakUsageError(f"ini {key}", "expected text; put the value in quotes") from None
    if isinstance(value, list):
        value = "\n".join(str(item) for item in value)
    return "" if value is None else str(value)


def _take_wanted(config: pytest.Config, settings: Settings) -> tuple[str, ...]:
    wanted = tuple(arg for arg in config.args if arg.startswith(PREFIX))
    lanes = {lane.id for lane in settings.lanes()}
    for arg in wanted:
        parts = arg.split("::")
        if parts[1] not in lanes:
            raise pytest.UsageError(
                f"{arg}: no such lane; this soak has {', '.join(sorted(lanes))}"
            )
        slots = [iteration_name(n) for n in range(1, settings.iterations + 1)]
        if len(parts) > 3 or (len(parts) == 3 and parts[2] not in slots):
            expected = f"{slots[0]} to {slots[-1]}"
            raise pytest.UsageError(f"{arg}: no such iteration; expected {expected}")
    if wanted:
        config.args[:] = [arg for arg in config.args if not arg.startswith(PREFIX)]
    return wanted + _take_users(config)


def _take_users(config: pytest.Config) -> tuple[str, ...]:
    """Ask for the whole of a user's soak test where one iteration of it was named."""
    taken = []
    for index, arg in enumerate(config.args):
        named = split_users(arg)
        if named is not None:
            config.args[index], brackets = named
            taken.append(brackets)
    config.args[:] = list(dict.fromkeys(config.args))
    return tuple(taken)
