"""Which requests and messages a spell of a fault meets."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from pytest_soak.exchange.faults.draws import draw
from pytest_soak.exchange.faults.timeline import Spell
from pytest_soak.exchange.interference import Call, Push
from pytest_soak.exchange.operation import operation


def is_meant(spell: Spell, call: Call) -> bool:
    """Whether the row allows a request, before anything is drawn."""
    row = spell.row
    return (
        _fits(row.endpoints or row.of.endpoints, operation(call.endpoint))
        and _among(row.symbols, (call.symbol,))
        and _among(row.accounts, (call.account,))
    )


def is_meant_push(spell: Spell, push: Push) -> bool:
    """Whether the row allows a message, before anything is drawn."""
    row = spell.row
    return (
        _fits(row.topics or row.of.topics, push.topic)
        and _among(row.symbols, symbols(push))
        and _among(row.accounts, (push.account,))
    )


def is_met(spell: Spell, seed: int, by: str = "", most: int | None = None) -> bool:
    """Whether what is meant is drawn too, and not too often yet; it is counted.

    `times` counts by `by`; `most` is it where the row does not say.
    """
    row = spell.row
    most = row.times or most
    if most is not None and spell.met[by] >= most:
        return False
    spell.drawn += 1
    if row.share < 1.0 and draw(seed, row.name, spell.nth, spell.drawn) >= row.share:
        return False
    spell.met[by] += 1
    return True


def reaches(sockets: str | None, path: str) -> bool:
    """Whether `private`, `public`, `trade` or `all` means the socket at `path`."""
    return sockets == "all" or path.startswith(f"/v5/{sockets}")


def rows_of(push: Push) -> list[dict[str, Any]]:
    """The rows of a private message; none of one that has no list of them."""
    data = push.message.get("data")
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []


def symbols(push: Push) -> set[str]:
    """What a message is about: by its topic, or by its rows."""
    return {push.topic.rpartition(".")[2], *(str(row.get("symbol", "")) for row in rows_of(push))}


def _fits(patterns: Iterable[str], word: str) -> bool:
    return any(fnmatchcase(word, pattern) for pattern in patterns)


def _among(names: Iterable[str] | None, words: Iterable[str]) -> bool:
    return names is None or not set(names).isdisjoint(words)
