"""`pytest-soak ab` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import KNOBS, SESSION


@click.command()
@click.option("--b", required=True, metavar="NAME", help="profile, preset, variant, file or run")
@click.option("--a", metavar="NAME", help="in use now  [default: steady_safe; own bot: default]")
@click.option(
    "--target", default=SESSION["target"].default, show_default=True, help="as --soak-target"
)
@click.option("--stage", type=click.Choice(["10", "50", "100"]), help="percent  [default: next]")
@click.option("--hours", default=24.0, show_default=True, help="of each lane")
@click.option("--seeds", help="a pair of lanes each  [default: 1..16; own bot: 1, one lane]")
@click.option(
    "--market", default=SESSION["market"].default, show_default=True, help="as --soak-market"
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help=KNOBS)
@click.option("--dir", "directory", default="artifacts/ab", show_default=True, metavar="DIR")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 256))
@click.option("--plan", is_flag=True, help="say how many hours it takes, and run no stage")
@click.option("--accept-low-power", is_flag=True, help="run it with too few hours")
@click.option("--json", "as_json", is_flag=True, help="print the report as JSON, nothing else")
def ab(
    b: str,
    a: str | None,
    target: str,
    stage: str | None,
    hours: float,
    seeds: str | None,
    market: str,
    settings: tuple[str, ...],
    directory: str,
    jobs: int,
    plan: bool,
    accept_low_power: bool,
    as_json: bool,
) -> int:
    """Compare configuration B with A, in stages of 10, 50 and 100 %.

    On `sim` each seed has two lanes with the same draws: one all A, one that switches to B for some
    blocks. Any other bot has one lane that switches, and B is compared with A within groups of its
    blocks. Exit status 0 PROMOTE, 1 ROLLBACK, 3 HOLD or too few hours to decide.
    """
    from pytest_soak.canonical import dumps
    from pytest_soak.commands.ab import Request
    from pytest_soak.commands.ab import ab as run

    def warn(line: str) -> None:
        click.echo(line, err=True)

    share = None if stage is None else int(stage)
    request = Request(
        b, a, target, share, hours, seeds, market, settings, directory, jobs, plan, accept_low_power
    )
    found = run(request, Path.cwd(), warn if as_json else click.echo, warn)
    if as_json:
        click.echo(dumps(dict(found.document)), nl=False)
    return found.status
