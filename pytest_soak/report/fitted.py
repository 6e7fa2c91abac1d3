"""Tables that fit a terminal: what is too long is shortened, what is too much left out."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import NamedTuple

import click

from pytest_soak.errors import escaped
from pytest_soak.text import shortened

COLORS = {"PASS": "green", "WARN": "yellow", "HOLD": "cyan", "FAIL": "red"}
"""Of verdicts, as click and pytest call them."""
_VERDICT = re.compile(rf"\b({'|'.join(COLORS)})\b")
NARROWEST = 40
_GAP = 2


def terminal_width() -> int:
    """Columns of the terminal, 80 where there is none; at least NARROWEST."""
    return max(NARROWEST, shutil.get_terminal_size((80, 24)).columns)


def painted(text: str, env: Mapping[str, str]) -> str:
    """`text` with its verdicts in colour, unless `env` wants none; for `click.echo` at a tty."""
    if env.get("NO_COLOR"):
        return text
    return _VERDICT.sub(lambda found: click.style(found[0], fg=COLORS[found[0]]), text)


class Column(NamedTuple):
    """A column under its head; a `number` stands on the right.

    It may be shortened to `least` columns, None for never; the one with the highest `spare` is the
    first to be left out, one without is always there.
    """

    head: str
    cells: Sequence[str]
    number: bool = False
    least: int | None = None
    spare: int = 0


def table_lines(columns: Sequence[Column], width: int) -> list[str]:
    """The heads, then a line a row, none of them wider than `width` if that can be."""
    kept = list(columns)
    while len(kept) > 1 and _least(kept) > width and max(one.spare for one in kept):
        kept.remove(max(kept, key=lambda one: one.spare))
    widths = _widths(kept, width)
    rows = zip(*([one.head, *one.cells] for one in kept), strict=True)
    return [_line(row, kept, widths) for row in rows]


def wrapped(text: str, width: int, label: str = "", indent: int = 2) -> list[str]:
    """A sentence on as many lines as it takes, behind a `label` and from the second on indented."""
    return wrap(
        escaped(text),
        max(width, 1),
        initial_indent=label.ljust(indent) if label else "",
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    ) or [label]


def _natural(column: Column) -> int:
    return max(len(escaped(cell)) for cell in (column.head, *column.cells))


def _least(columns: Sequence[Column]) -> int:
    """How wide a table of these columns is at least."""
    each = (_natural(c) if c.least is None else min(c.least, _natural(c)) for c in columns)
    return sum(each) + _GAP * (len(columns) - 1)


def _widths(columns: Sequence[Column], width: int) -> list[int]:
    """The width of each; what is too much is taken from the widest that can be shortened."""
    widths = [_natural(column) for column in columns]
    over = sum(widths) + _GAP * (len(columns) - 1) - width
    for _ in range(over):
        can = [n for n, c in enumerate(columns) if c.least is not None and widths[n] > c.least]
        if not can:
            break
        widths[max(can, key=lambda n: widths[n])] -= 1
    return widths


def _line(row: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    cells = []
    for text, column, width in zip(row, columns, widths, strict=True):
        cell = shortened(escaped(text), width)
        cells.append(cell.rjust(width) if column.number else cell.ljust(width))
    return (" " * _GAP).join(cells).rstrip()
