"""Signals that end a soak, and those that must not."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from pytest_soak.run.stop_signals import stopped_once

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")

NUMBERS = ["SIGINT", "SIGTERM", "SIGHUP"]


def interrupts(name: str) -> bool:
    """Whether a signal to this process is a Ctrl-C; one that would end it is not sent."""
    number = getattr(signal, name)
    assert signal.getsignal(number) is not signal.SIG_DFL
    try:
        os.kill(os.getpid(), number)
    except KeyboardInterrupt:
        return True
    return False


@pytest.mark.parametrize("name", NUMBERS)
def test_the_first_interrupts_and_the_others_change_nothing(name: str) -> None:
    before = {other: signal.getsignal(getattr(signal, other)) for other in NUMBERS}
    with stopped_once():
        assert interrupts(name)
        assert not any(map(interrupts, NUMBERS))
    assert {other: signal.getsignal(getattr(signal, other)) for other in NUMBERS} == before


def test_a_child_that_a_bot_forks_ends_by_what_it_is_sent() -> None:
    with stopped_once():
        child = os.fork()
        if child == 0:
            os.kill(os.getpid(), signal.SIGTERM)
            os._exit(0)
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGTERM


def test_what_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopped_once():
            assert not interrupts("SIGHUP")
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
