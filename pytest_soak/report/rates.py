"""How often gates are wrong, in lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_soak.text import plural


def rate_lines(rates: Mapping[str, str]) -> Iterator[str]:
    """What is known of each lane's gate, by lane: those of which the same is known share a line.

    Of a lone lane the name is left out.
    """
    found: dict[str, list[str]] = {}
    for lane, text in rates.items():
        found.setdefault(text, []).append(lane)
    for text, lanes in found.items():
        name = lanes[0] if len(lanes) == 1 else plural(len(lanes), "lane")
        yield text if len(rates) == 1 else f"{name}: {text}"
