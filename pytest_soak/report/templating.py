"""A template filled in: whatever text comes from outside is escaped."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pytest_soak.errors import escaped
from pytest_soak.text import number, signed

if TYPE_CHECKING:
    from jinja2 import Environment


def rendered(template: str, **values: object) -> str:
    """The text of a file in `report/templates` with these values."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("pytest_soak.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )
    environment.filters |= {"number": number, "signed": signed}
    return environment


def _shown(value: object) -> object:
    """Text without what no one sees, such as marks that turn the reading direction."""
    if isinstance(value, str) and not hasattr(value, "__html__") and not value.isprintable():
        return escaped(value)
    return value
