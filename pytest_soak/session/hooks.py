"""Calling the hooks of users: what they raise is told, and ends nothing but what it must."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_soak.errors import one_line


class HookError(Exception):
    """A hook of a user's raised; says which and what."""


def call_hook(config: pytest.Config, name: str, /, **facts: object) -> Any:
    """What the hook `name` gives; HookError for whatever it raises, `SystemExit` among it.

    Ctrl-C and `pytest.exit` alone pass.
    """
    try:
        return getattr(config.hook, name)(config=config, **facts)
    except (KeyboardInterrupt, pytest.exit.Exception):
        raise
    except BaseException as error:
        text = f"{type(error).__name__}: {error}".rstrip(": ")
        raise HookError(one_line(f"hook {name} raised {text}")) from error
