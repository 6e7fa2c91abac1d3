"""An iteration runs once: an advanced lane cannot be entered again, whoever asks for it."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from _pytest.runner import pytest_runtest_protocol as run_once

from pytest_soak.session.context import SLOT
from pytest_soak.system import one_process

AGAIN = "an iteration never runs twice; switch off what runs failed tests again"
_ENTERED = pytest.StashKey[bool]()
_IN_BODY = pytest.StashKey[bool]()


def in_body(item: pytest.Item) -> bool:
    """Whether the item's body is running: what is reported meanwhile is a subtest."""
    return item.stash.get(_IN_BODY, False)


def forget_flaky(item: pytest.Item) -> None:
    """Take off the marks `flaky` that came after the collection."""
    item.own_markers[:] = [mark for mark in item.own_markers if mark.name != "flaky"]


class Once:
    """Takes the protocol of a soak item from those that would repeat it.

    pytest-rerunfailures and flaky repeat the protocol, pytest-retry repeats within a report what
    is marked flaky; who repeats in yet another way fails the item.
    """

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> object:
        """Run a soak item as pytest itself does."""
        if SLOT not in item.stash:
            return None
        with one_process():
            return run_once(item, nextitem)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Fail what is set up again."""
        if SLOT not in item.stash:
            return
        if _ENTERED in item.stash:
            pytest.fail(AGAIN, pytrace=False)
        item.stash[_ENTERED] = True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Fail a body that is entered again."""
        if SLOT not in item.stash:
            return (yield)
        if _IN_BODY in item.stash:
            pytest.fail(AGAIN, pytrace=False)
        item.stash[_IN_BODY] = True
        try:
            with one_process():
                return (yield)
        finally:
            item.stash[_IN_BODY] = False
