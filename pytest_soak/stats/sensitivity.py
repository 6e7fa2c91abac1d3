"""Between which values a parameter is studied, and what its table says it moves."""

from __future__ import annotations

from pytest_soak.config.parameters import Parameter


def study_range(parameter: Parameter) -> tuple[float, float]:
    """The ends of the tuner range, else of the bounds, else half and twice the default."""
    low, high = parameter.tuner_range or parameter.bounds
    if low is None or high is None:
        return 0.5 * parameter.default, 2.0 * parameter.default
    return low, high


def expected_effects(parameter: Parameter) -> dict[str, float]:
    """The KPIs that a higher value moves: +1.0 up, -1.0 down."""
    return {kpi: 1.0 if way == "up" else -1.0 for kpi, way in parameter.raises.items()}
