"""Times on the command line: RFC 3339, always with a zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from pytest_soak.errors import SoakUsageError

_FORM = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_BEGAN = datetime(1970, 1, 1, tzinfo=UTC)


def time_us(text: str, at: str) -> int:
    """Microseconds since 1970 of a time; SoakUsageError for one without a zone, or none at all."""
    try:
        if not _FORM.fullmatch(text):
            raise ValueError
        found = datetime.fromisoformat(text.upper())
        if found < _BEGAN:
            raise ValueError
    except (ValueError, OverflowError):
        problem = f"expected a time with its zone, like 2025-01-01T00:00:00Z, got {text!r}"
        raise SoakUsageError(at, problem) from None
    return (found - _BEGAN) // timedelta(microseconds=1)


def span_us(begin: str | None, end: str | None) -> tuple[int | None, int | None]:
    """The ends of a span that `--from` and `--to` say, None where one does not.

    Raises SoakUsageError for what is no time, and where the span would have none.
    """
    start_us = None if begin is None else time_us(begin, "--from")
    end_us = None if end is None else time_us(end, "--to")
    if start_us is not None and end_us is not None and start_us >= end_us:
        raise SoakUsageError("--to", f"expected a time after --from={begin}, got {end}")
    return start_us, end_us
