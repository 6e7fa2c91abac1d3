"""Verdicts derived anew from what they rest on, for `pytest-soak release status --verify`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pytest_soak.artifacts.ledger import Entry
from pytest_soak.commands.release_place import Place
from pytest_soak.release.prep import checks
from pytest_soak.release.steps import PREP

_GOOD = ("PASS", "WARN", "PROMOTE")


def _prep(place: Place) -> str:
    """That of prep, but for the room on the disk, which is of the moment."""
    found = checks(place.choice, None)
    return "FAIL" if any(check.verdict == "FAIL" for check in found) else "PASS"


_ANEW: Mapping[str, Callable[[Place], str]] = {PREP: _prep}


def overturned(place: Place, entries: Sequence[Entry]) -> dict[str, str]:
    """Of each step whose good verdict is another one now, that one."""
    newest = {entry.step: entry for entry in entries}
    found = {
        step: derive(place)
        for step, derive in _ANEW.items()
        if step in newest and newest[step].verdict in _GOOD
    }
    return {step: verdict for step, verdict in found.items() if verdict != newest[step].verdict}
