"""The HTML report as text: one file that refers to no other."""

from __future__ import annotations

from pytest_soak.errors import escaped
from pytest_soak.report.read import Run
from pytest_soak.report.view import page_view
from pytest_soak.text import number, signed


def report_text(run: Run) -> str:
    """The report of a run; the same bytes for the same run, but for its `meta` block."""
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
    return environment.get_template("report.html").render(page=page_view(run))


def _shown(value: object) -> object:
    """Text without what no one sees, such as marks that turn the reading direction."""
    if isinstance(value, str) and not hasattr(value, "__html__") and not value.isprintable():
        return escaped(value)
    return value
