"""The reference maker's configuration: what is fixed for a lane, beside its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FEATURE_FLAGS = {
    "pipeline.enabled": "pipeline_enabled",
    "md_cache.enabled": "md_cache_enabled",
    "async_batch.enabled": "async_batch_enabled",
    "taker_cap.max_taker_share_pct": "max_taker_share_pct",
    "trace.sample_rate": "trace_sample_rate",
}
"""The names of the feature flags in a bot's configuration, and the fields that they set."""

_LIMITS = {"max_taker_share_pct": 100.0, "trace_sample_rate": 1.0}


@dataclass(frozen=True)
class MakerConfig:
    """What the maker is built with.

    `signal_window_minutes` is the length of its cold start (see `kernel.maker`), 0 for a bot that
    has learnt already. The feature flags, and what they cause:

    - `pipeline_enabled`: fetching, pricing and checking overlap; without it each cycle waits 18 ms
      for its stages;
    - `md_cache_enabled`: a cycle may use a cached book (2 ms) instead of fetching one (26 ms);
    - `async_batch_enabled`: the requests of a cycle leave together; without it each takes 8 ms of
      the loop's time, one after the other;
    - `max_taker_share_pct`: of its volume over about the last hour, at which it stops taking;
    - `trace_sample_rate`: share of the cycles that are traced, which costs 3 ms each.
    """

    signal_window_minutes: float = 240.0
    pipeline_enabled: bool = True
    md_cache_enabled: bool = True
    async_batch_enabled: bool = True
    max_taker_share_pct: float = 9.0
    trace_sample_rate: float = 0.2

    @classmethod
    def from_flags(
        cls, flags: Mapping[str, bool | float], signal_window_minutes: float = 240.0
    ) -> MakerConfig:
        """Return the configuration with these feature flags, by their dotted names.

        Raises ValueError for an unknown name, a switch that is not a bool, or a number outside
        its range.
        """
        values: dict[str, bool | float] = {}
        for name, value in flags.items():
            if name not in FEATURE_FLAGS:
                known = ", ".join(FEATURE_FLAGS)
                raise ValueError(f"unknown feature flag {name!r}, expected one of {known}")
            field = FEATURE_FLAGS[name]
            high = _LIMITS.get(field)
            if (high is None) != isinstance(value, bool):
                raise ValueError(f"{name}={value!r}: expected {'a number' if high else 'a bool'}")
            if high is not None and not 0.0 <= value <= high:
                raise ValueError(f"{name}={value!r} is not between 0 and {high:g}")
            values[field] = value
        return cls(signal_window_minutes, **values)  # type: ignore[arg-type]
