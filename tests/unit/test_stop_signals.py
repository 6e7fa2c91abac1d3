"""Signals that end a soak, and those that must not."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from pytest_soak.run.stop_signals import stopped_once

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")

NUMBERS = ["SIGINT", "SIGTERM", "SIGHUP"]


@pytest.mark.parametrize("name", NUMBERS)
def test_the_first_interrupts_and_the_others_change_nothing(name: str) -> None:
    before = {other: signal.getsignal(getattr(signal, other)) for other in NUMBERS}
    with stopped_once():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), getattr(signal, name))
        for other in NUMBERS:
            os.kill(os.getpid(), getattr(signal, other))
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
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
