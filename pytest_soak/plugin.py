"""The pytest entry point: options, markers and an early return.

Every pytest session on the machine imports this module, so everything else is imported only when
the command line asks for a soak.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pytest_soak.options import OPTIONS, PREFIXES, RELEASE_DIR, SWITCHES

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from pytest_soak.market.recording import Feed


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the option group and the ini keys."""
    group = parser.getgroup("soak", "soak tests for market-making bots")
    for option in OPTIONS:
        env = f" [env: {option.env}]" if option.env else ""
        default = f" (default: {option.default})" if option.default else ""
        text = f"{option.help}{default}{env}".replace("%", "%%")
        if option.flag:
            _add_flag(group, option.flag_text, option.dest, "1", text)
            for negation in option.spellings[1:]:
                _add_flag(group, negation, option.dest, "0", f"the opposite of {option.flag_text}")
        else:
            action = "append" if option.repeatable else "store"
            group.addoption(
                option.flag_text,
                dest=option.dest,
                action=action,
                metavar=option.metavar,
                help=text,
            )
        if option.ini:
            parser.addini(option.dest, f"default of {option.flag_text}", default=None)
    parser.addini(RELEASE_DIR.dest, RELEASE_DIR.help, default=None)


def _add_flag(group: pytest.OptionGroup, flag: str, dest: str, value: str, text: str) -> None:
    group.addoption(flag, dest=dest, action="store_const", const=value, help=text)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Register the hooks for users."""
    from pytest_soak import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


@pytest.hookimpl(tryfirst=True, wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, None, None]:
    """Let nothing that a conftest prints be a command of a workflow; refuse misspelt options.

    Which options there are is known once the conftest files have added theirs.
    """
    typed = early_config.known_args_namespace
    soaks = any(getattr(typed, name, None) is not None for name in SWITCHES)
    if soaks and os.environ.get("GITHUB_ACTIONS") and "PYTEST_XDIST_WORKER" not in os.environ:
        from pytest_soak.report.github import github_step
        from pytest_soak.session.protection import protect

        step = github_step(os.environ)
        if step is not None:
            protect(early_config, step)
    yield
    if any(arg.startswith(PREFIXES) for arg in args):
        from pytest_soak.session.typed import check_known

        check_known(parser, args)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the markers; when the command line asks for a soak, bring in the rest."""
    config.addinivalue_line("markers", "soak: an iteration of a soak")
    config.addinivalue_line("markers", "smoke: a soak of a few iterations, after each change")
    if any(config.getoption(name) is not None for name in (*SWITCHES, "soak_show_config")):
        from pytest_soak.session.activate import activate

        activate(config)
    elif any(arg.startswith(PREFIXES) for arg in config.invocation_params.args):
        from pytest_soak.session.typed import check_switched_on

        check_switched_on(config.invocation_params.args)


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Answer `--soak-show-config` in place of a session."""
    if not config.getoption("soak_show_config"):
        return None
    from pytest_soak.session.show import show_config

    return show_config(config)


@pytest.fixture
def soak_iteration() -> None:
    """Part of a soak; a session without `--soak-iterations` skips the test."""
    pytest.skip("a soak test: give --soak-iterations=N")


soak_artifacts = soak_config = soak_lane = soak_phase = soak_iteration


@pytest.fixture(scope="session")
def soak_market() -> Callable[..., Feed]:
    """Return `record_feed(market="calm", seed=42, minutes=60, settings=None)`: a market's feed.

    Trades, top of the book and mids as columns, always the same for the same arguments; in any
    test, also without a soak.
    """
    from pytest_soak.market.recording import record_feed

    return record_feed
