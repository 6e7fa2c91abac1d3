"""`pytest-soak compare` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import PATH, ROOT


@click.command()
@click.argument("reference", metavar="RUN")
@click.argument("others", metavar="OTHER...", nargs=-1, required=True)
@ROOT
@click.option("--json", "as_json", is_flag=True, help="print it as JSON")
@click.option("--html", type=PATH, metavar="FILE", help="write it as a page, too")
def compare(
    reference: str, others: tuple[str, ...], root: Path, as_json: bool, html: Path | None
) -> int:
    """Compare each OTHER run with RUN: every KPI, with an interval, and what could have been seen.

    Each is a number of `pytest-soak runs`, a run's name, or the path of a run, its archive or an
    artifact root; RUN may also be the name of a baseline, or a production snapshot. Lanes are
    paired by seed where they met the same draws. Exit status 0 where nothing got worse, as far as
    can be seen, 1 where something did, 3 where too little is known, 4 for what cannot be compared.
    """
    from pytest_soak.canonical import dumps
    from pytest_soak.commands.compare import EXIT_STATUS, compared_lines
    from pytest_soak.commands.compare import compare as run
    from pytest_soak.commands.run_place import reference_place, run_place

    here = Path()
    against = reference_place(reference, root, here)
    found = run(against, [run_place(other, root, here) for other in others], html)
    text = dumps(found.data()) if as_json else "\n".join(compared_lines(found))
    click.echo(text, nl=not as_json)
    return EXIT_STATUS[found.verdict]
