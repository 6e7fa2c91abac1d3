"""With what a bot ran in an interval: that of the soak's iteration whose window holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Window = tuple[int, int]


class Setting(NamedTuple):
    """What an iteration ran with; without flags their hash is None."""

    overrides_hash: str
    flags_hash: str | None
    phase: str


class Settings(NamedTuple):
    """The settings of iterations by number, and the windows of all, from the first one on.

    Where they are not known, `why` says it.
    """

    iterations: Mapping[int, Setting] = {}
    windows: Sequence[Window] = ()
    why: str = ""

    def at(self, start_us: int, end_us: int) -> tuple[dict[str, Any], dict[str, str]]:
        """The columns of [start_us, end_us) by name, and why one is null."""
        if self.why:
            return dict.fromkeys(Setting._fields), dict.fromkeys(Setting._fields, self.why)
        numbers = [
            number
            for number, (first, last) in enumerate(self.windows, 1)
            if first < end_us and start_us < last
        ]
        found: dict[str, Any] = {}
        unknown = {}
        for name in Setting._fields:
            found[name], why = self._column(name, numbers)
            if why:
                unknown[name] = why
        return found, unknown

    def _column(self, name: str, numbers: Sequence[int]) -> tuple[str | None, str]:
        missing = [number for number in numbers if number not in self.iterations]
        if not numbers:
            return None, "in no iteration's window"
        if missing:
            return None, f"the run has no ITER_SUMMARY_{missing[0]}.json"
        values = {getattr(self.iterations[number], name) for number in numbers}
        if len(values) > 1:
            return None, f"several: the interval is in iterations {numbers[0]} to {numbers[-1]}"
        (value,) = values
        return value, "" if value is not None else "the bot declares no flags"


def windows(boundaries: Mapping[int, int]) -> Sequence[Window] | None:
    """The windows of a lane from the times of its boundary marks by number.

    None where they do not begin with the lane's first line, which is one.
    """
    if 1 not in boundaries:
        return None
    times = [time for _, time in sorted(boundaries.items())]
    return list(zip(times[::2], times[1::2], strict=False))
