"""`pytest-soak metrics ...` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import PATH


@click.group()
def metrics() -> None:
    """What --soak-metrics-port exports: metrics, alert rules for Prometheus, a dashboard."""


@metrics.command("list")
def metrics_list() -> None:
    """List every metric with its kind and labels."""
    from pytest_soak.commands.metrics import metric_lines

    click.echo("\n".join(metric_lines()))


@metrics.command("rules")
@click.option("--stop", default="stop", metavar="NAME|PATH", help="stop criteria  [default: stop]")
@click.option("--output", type=PATH, metavar="FOLDER", help="write them, their tests and a page")
def metrics_rules(stop: str, output: Path | None) -> None:
    """Print stop criteria as alert rules of Prometheus, which fire as the criteria act."""
    from pytest_soak.commands.metrics import criteria_named, rules_text, write_rules
    from pytest_soak.commands.output import output_folder
    from pytest_soak.errors import one_line

    criteria = criteria_named(stop, Path.cwd())
    if output is None:
        click.echo(rules_text(criteria), nl=False)
        return
    for path in write_rules(criteria, output_folder(str(output), Path.cwd(), "--output")):
        click.echo(one_line(str(path)))


@metrics.command("dashboard")
@click.option("--output", type=PATH, metavar="FILE", help="write it there")
def metrics_dashboard(output: Path | None) -> None:
    """Print a dashboard of all metrics as the JSON that Grafana imports."""
    from pytest_soak.commands.metrics import dashboard_text
    from pytest_soak.commands.output import output_file
    from pytest_soak.errors import one_line
    from pytest_soak.storage.files import write_text

    if output is None:
        click.echo(dashboard_text())
        return
    path = output_file(str(output), Path.cwd(), "--output")
    write_text(path, f"{dashboard_text()}\n")
    click.echo(one_line(str(output)))
