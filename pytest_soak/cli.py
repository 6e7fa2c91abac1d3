"""The command `pytest-soak`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from pytest_soak.errors import ArtifactError, SoakUsageError, one_line
from pytest_soak.options import KNOBS, OPTIONS
from pytest_soak.version import __version__

USAGE = 4
_OPTION = {option.name: option for option in OPTIONS}
DIRECTORY, TARGET, MARKET = _OPTION["dir"], _OPTION["target"], _OPTION["market"]
SEED = _OPTION["seed"]


def main() -> None:
    """Run the command line: 0 good, 1 failed, 4 usage error, told in one clear line."""
    try:
        sys.exit(commands.main(standalone_mode=False))
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(2)
    except click.ClickException as error:
        if isinstance(error, click.UsageError) and len(sys.argv) == 1 and error.ctx is not None:
            click.echo(error.ctx.get_help())
            sys.exit(USAGE)
        _fail(error.format_message())
    except (SoakUsageError, ArtifactError) as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    click.echo(f"ERROR: {message}", err=True)
    sys.exit(USAGE)


_ROOT = click.option(
    "--path",
    "root",
    default=DIRECTORY.default,
    envvar=DIRECTORY.env,
    show_default=True,
    type=click.Path(path_type=Path),
    help="the artifact root",
)
_DRY = click.option("--dry-run", is_flag=True, help="print what would be done, and change nothing")
_PATH = click.Path(path_type=Path)
_KNOBS = f"a knob of the market: {', '.join(KNOBS)}"
_MAPPING = click.option(
    "--mapping", type=_PATH, metavar="FILE", help="YAML: FEEDS are a bot's own logs, read by it"
)
_NOT_NEGATIVE = click.FloatRange(min=0)


@click.group()
@click.version_option(__version__, prog_name="pytest-soak")
def commands() -> None:
    """Tools beside the soak session: exit status 0 good, 1 failed, 3 hold, 4 usage error."""


@commands.command()
@click.argument("gate_name", metavar="GATE")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--market", default=None, help="judge by this market's thresholds")
def gate(gate_name: str, file: Path, market: str | None) -> int:
    """Judge FILE, an ITER_SUMMARY, by GATE (a name or a YAML file): is it good enough."""
    from pytest_soak.commands.judge_file import ForeignFileError, judge_file

    try:
        verdict = judge_file(gate_name, file, Path.cwd(), market)
    except ForeignFileError as error:
        click.echo(f"FAIL: {error}")
        return 1
    for line in verdict.lines():
        click.echo(line)
    return verdict.status


@commands.group()
def config() -> None:
    """Profiles, presets, gates and schemas: what there is and what it resolves to."""


@config.command("list")
def config_list() -> None:
    """List every profile, preset, gate and tuner."""
    from pytest_soak.commands.config import list_lines

    click.echo("\n".join(list_lines(Path.cwd())))


@config.command("show")
@click.argument("name")
def config_show(name: str) -> None:
    """Print the file behind NAME."""
    from pytest_soak.commands.config import show

    click.echo(show(name, Path.cwd()), nl=False)


@config.command("explain")
@click.option("--profile", default="default", metavar="NAME", help="profile name or path")
@click.option("--preset", multiple=True, metavar="NAME", help="preset name or path, in order")
@click.option("--set", "items", multiple=True, metavar="KEY=VALUE", help="one override")
@click.option("--target", default=TARGET.default, metavar="module:attr", help="whose parameters")
def config_explain(
    profile: str, preset: tuple[str, ...], items: tuple[str, ...], target: str
) -> None:
    """Print each override of a target, the reference maker by default, with its source."""
    from pytest_soak.commands.config import explain, explain_lines

    click.echo("\n".join(explain_lines(explain(profile, preset, items, target, Path.cwd()))))


@config.command("schema")
@click.argument("name", metavar="ARTIFACT")
def config_schema(name: str) -> None:
    """Print the JSON Schema of ARTIFACT, e.g. iter-summary, or of a feed, e.g. feed-fills."""
    from pytest_soak.commands.config import schema_text

    click.echo(schema_text(name))


@config.command("migrate")
@_ROOT
@_DRY
def config_migrate(root: Path, dry_run: bool) -> int:
    """Turn legacy files of an artifact root into profiles of yours; keep them as backups."""
    from pytest_soak.commands.migrate import migrate

    errors = migrate(root, Path.cwd(), click.echo, dry=dry_run)
    for error in errors:
        click.echo(f"ERROR: {error}", err=True)
    return USAGE if errors else 0


@commands.command()
@click.option("--input", "source", required=True, type=click.Path(path_type=Path), metavar="PATH")
@click.option("--output", required=True, type=click.Path(path_type=Path), metavar="FILE")
@click.option("--profile", default=None, metavar="NAME", help="name it in the snapshot")
def freeze(source: Path, output: Path, profile: str | None) -> None:
    """Write a production snapshot of a finished lane (its folder or ITER_SUMMARY_final.json)."""
    from pytest_soak.commands.freeze import freeze as write

    snapshot = write(source, output, profile)
    click.echo(one_line(f"{output}: {snapshot.lane}, signature {snapshot.signature_hash}"))


@commands.command()
@_ROOT
@click.option("--ttl-days", default=7.0, type=_NOT_NEGATIVE, show_default=True)
@click.option("--max-size-mb", default=900.0, type=_NOT_NEGATIVE, show_default=True)
@click.option("--keep-latest", default=100, type=click.IntRange(min=1), show_default=True)
@_DRY
def rotate(root: Path, ttl_days: float, max_size_mb: float, keep_latest: int, dry_run: bool) -> int:
    """Thin out and compress old artifacts: exit status 0, 1 after an error, 2 over size.

    In `latest` and `runs` the ITER_SUMMARY with the highest numbers stay; snapshots and earlier
    runs older than the TTL are compressed. All commands still read them under their old names.
    """
    from pytest_soak.clock import SystemClock
    from pytest_soak.commands.rotate import rotate as run

    clock = SystemClock()
    try:
        return run(root, ttl_days, max_size_mb, keep_latest, click.echo, clock, dry=dry_run)
    except ArtifactError as error:
        click.echo(f"ERROR: {error}", err=True)
        return 1


@commands.command()
@click.argument("runs", metavar="DIR...", nargs=-1, required=True, type=_PATH)
@click.option(
    "--output",
    default=DIRECTORY.default,
    envvar=DIRECTORY.env,
    show_default=True,
    type=_PATH,
    metavar="DIR",
    help="the artifact root whose latest run this becomes",
)
@click.option("--against", default=None, type=_PATH, metavar="RUN", help="compare with this run")
@click.option(
    "--gate",
    default=None,
    metavar="NAME|PATH",
    help="judge against that run, by a gate's limits of a change: no_worse or a YAML file",
)
@click.option("--allow-different-settings", is_flag=True, help="join runs that are not alike")
def merge(
    runs: tuple[Path, ...],
    output: Path,
    against: Path | None,
    gate: str | None,
    allow_different_settings: bool,
) -> int:
    """Join the runs of several machines: one run folder, one verdict, exit status 0, 1, or 3: hold.

    DIR is an artifact root, a run in its `runs`, or where one should be: a run that is missing or
    not finished leaves the whole without a verdict. Lanes may differ in profile, market, seed and
    variant.
    """
    from pytest_soak.commands.merge import gates_of, merged_lines, merged_status
    from pytest_soak.commands.merge import merge as run
    from pytest_soak.report.github import annotate, github_step, harmless

    github = github_step(os.environ)
    if gate is not None and against is None:
        raise SoakUsageError("--gate", "judges against a run of before; give --against=RUN too")
    gates = () if gate is None else gates_of(gate, Path.cwd())
    merged = run(runs, output, against, allow_different=allow_different_settings, gates=gates)
    *lines, last = merged_lines(merged)
    if github is not None:
        lines = [github.stop(), *lines, github.resume(), *annotate(merged.result)]
        last = harmless(last)
        try:
            github.write_summary(merged.result, merged.comparison)
        except ArtifactError as error:
            click.echo(f"ERROR: {error}", err=True)
    click.echo("\n".join([*lines, last]))
    return merged_status(merged)


@commands.command()
@click.argument("run", metavar="[DIR]", default=DIRECTORY.default, envvar=DIRECTORY.env, type=_PATH)
def verdict(run: Path) -> int:
    """Say what the run in DIR came to: 0 go, 1 no-go, 2 not finished, 3 hold, 4 no run or broken.

    DIR is an artifact root (the default), a run in its `runs`, or an archived one. It is judged by
    all that the run left, also where its process could not conclude. Beside the verdict on a lane
    stands how often its gate is wrong, as `pytest-soak calibrate` found it.
    """
    from pytest_soak.commands.verdict import verdict as judge

    lines, status = judge(run, Path.cwd())
    click.echo("\n".join(lines))
    return status


_Command = TypeVar("_Command", bound=Callable[..., Any])
_CALIBRATED = {"iterations": "24", "seed": "1..100"}


def _as_soak(name: str) -> Callable[[_Command], _Command]:
    """An option of `calibrate` that means what `--soak-NAME` does; None where it is not typed."""
    option = _OPTION[name]
    default = _CALIBRATED.get(name, option.default)
    typed = "--seeds" if name == "seed" else f"--{name}"
    text = f"as --soak-{name}" + (f"  [default: {default}]" if default else "")
    key = name.replace("-", "_")
    return click.option(typed, key, default=None, metavar=option.metavar, help=text)


@commands.command()
@_as_soak("gate")
@_as_soak("gate-mode")
@_as_soak("market")
@_as_soak("profile")
@_as_soak("iterations")
@_as_soak("minutes")
@_as_soak("seed")
@_as_soak("target")
@_as_soak("cluster")
@click.option(
    "--pool",
    default="artifacts/calibration",
    show_default=True,
    metavar="DIR",
    help="where recorded lanes are kept; those that are there are not run again",
)
@click.option(
    "--jobs", default=1, show_default=True, type=click.IntRange(1, 1024), help="processes"
)
@click.option(
    "--causes", is_flag=True, help="also with fees, latency, ... made worse: 800 lanes more"
)
@click.option(
    "--from", "runs", multiple=True, type=_PATH, metavar="RUN", help="judge these instead"
)
@click.option(
    "--output",
    default=None,
    metavar="FILE",
    help=f"what is found is put in it  [default: {DIRECTORY.default}/CALIBRATION.json]",
)
def calibrate(
    pool: str,
    jobs: int,
    causes: bool,
    runs: tuple[Path, ...],
    output: str | None,
    **options: str | None,
) -> None:
    """Measure how often a gate fails good lanes, and which changes it catches.

    Good lanes are simulated, one for each seed, or are those of stored runs of your own bot. Exit
    status 2 when interrupted: the same command goes on. docs/TRUST.md says how each is measured.
    """
    from pytest_soak.commands.calibrate import Request
    from pytest_soak.commands.calibrate import calibrate as run

    def progress(line: str) -> None:
        click.echo(line, err=True)

    given = {name.replace("_", "-"): text for name, text in options.items() if text is not None}
    request = Request(given, _CALIBRATED, runs, pool, jobs, causes, output)
    run(request, Path.cwd(), click.echo, progress)


@commands.command()
@click.argument("reference", metavar="RUN", type=_PATH)
@click.argument("others", metavar="OTHER...", nargs=-1, required=True, type=_PATH)
@click.option("--json", "as_json", is_flag=True, help="print it as JSON")
@click.option("--html", type=_PATH, metavar="FILE", help="write it as a page, too")
def compare(reference: Path, others: tuple[Path, ...], as_json: bool, html: Path | None) -> int:
    """Compare each OTHER run with RUN: every KPI, with an interval, and what could have been seen.

    Each is an artifact root, a run in its `runs`, or an archived one. Lanes are paired by seed
    where they met the same draws. Exit status 0 where nothing got worse, as far as can be seen, 1
    where something did, 3 where too little is known, 4 for what cannot be compared.
    """
    from pytest_soak.canonical import dumps
    from pytest_soak.commands.compare import EXIT_STATUS, compared_lines
    from pytest_soak.commands.compare import compare as run

    found = run(reference, others, html)
    text = dumps(found.data()) if as_json else "\n".join(compared_lines(found))
    click.echo(text, nl=not as_json)
    return EXIT_STATUS[found.verdict]


@commands.command()
@click.argument("source", metavar="PATH", type=click.Path(path_type=Path))
@click.option("--output", default=None, type=click.Path(path_type=Path), metavar="FILE")
def trend(source: Path, output: Path | None) -> None:
    """Show whether KPIs drift in the run at PATH: an artifact folder, a run, or a lane's folder.

    Over the last 8 steady iterations and over all: median, spread, slope with its interval.
    """
    from pytest_soak.commands.trend import trend as run

    text = run(source, output)
    click.echo(one_line(str(output)) if output else text, nl=output is not None)


@commands.group()
def feed() -> None:
    """What a market trades and quotes: how much of a liquid market is in it."""


@feed.command("facts")
@click.argument("market", metavar="[MARKET]", default=MARKET.default)
@click.option(
    "--seed",
    default=int(SEED.default),
    show_default=True,
    type=click.IntRange(0, 10**18),
    help="of the first lane; each next one has the next",
)
@click.option(
    "--lanes", default=8, show_default=True, type=click.IntRange(1, 1000), help="how many"
)
@click.option("--hours", default=3.0, show_default=True, help="length of each lane")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help=_KNOBS)
@click.option("--json", "json_file", default=None, metavar="FILE", help="write them as JSON, too")
@click.option("--picture", default=None, metavar="FILE", help="draw them, too: an SVG")
def feed_facts(
    market: str,
    seed: int,
    lanes: int,
    hours: float,
    settings: tuple[str, ...],
    json_file: str | None,
    picture: str | None,
) -> None:
    """Measure the stylised facts of MARKET, as --soak-market takes it, without a maker.

    Spread, order flow, response and returns, each as the mean over lanes of different seeds with
    its 95 % interval, beside what is published for liquid markets.
    """
    from pytest_soak.commands.feed_facts import Request
    from pytest_soak.commands.feed_facts import feed_facts as run

    def warn(line: str) -> None:
        click.echo(line, err=True)

    request = Request(market, seed, lanes, hours, settings, json_file, picture)
    run(request, Path.cwd(), click.echo, warn)


@commands.command()
@click.argument("target", metavar="TARGET")
@click.option("--gate", default="soak", show_default=True, help="as --soak-gate takes it")
@click.option(
    "--seconds",
    default=10.0,
    show_default=True,
    type=click.FloatRange(1, 86_400),
    help="how long the window is",
)
def check(target: str, gate: str, seconds: float) -> int:
    """Start TARGET, as --soak-target takes it, measure one short window, and stop it.

    Prints its parameters, its feeds, its KPIs, and what the gate would lack. Exit status 1 where
    that is something, or where it cannot be measured. Nothing is written to the artifact root.
    """
    from pytest_soak.commands.check import Request
    from pytest_soak.commands.check import check as run

    return 0 if run(Request(target, gate, seconds), Path.cwd(), click.echo) else 1


@commands.command()
@click.argument("feeds", metavar="FEEDS", type=_PATH)
@click.option("--from", "begin", default=None, metavar="TIME", help="RFC 3339 with zone")
@click.option("--to", "end", default=None, metavar="TIME", help="RFC 3339 with zone; not of it")
@_MAPPING
@click.option("--json", "as_json", is_flag=True, help="print them as JSON")
def kpis(
    feeds: Path, begin: str | None, end: str | None, mapping: Path | None, as_json: bool
) -> int:
    """Print the KPIs of a span of FEEDS, a folder of JSON lines: all their time by default.

    What a bot or --soak-feeds wrote, also compressed. Exit status 1 where lines are bad, or what
    they say cannot be true.
    """
    from pytest_soak.canonical import dumps
    from pytest_soak.commands.kpis import kpi_lines
    from pytest_soak.commands.kpis import kpis as measure

    found, problems = measure(feeds, begin, end, mapping)
    for problem in problems:
        click.echo(problem, err=True)
    click.echo(dumps(found.data()) if as_json else "\n".join(kpi_lines(found)), nl=not as_json)
    return 1 if found.bad_lines or found.faults else 0


@commands.command()
@click.argument("feeds", metavar="FEEDS", type=_PATH)
@click.option("--from", "begin", default=None, metavar="TIME", help="RFC 3339 with zone")
@click.option("--to", "end", default=None, metavar="TIME", help="RFC 3339 with zone; not of it")
@click.option("--interval-min", default=5, show_default=True, help="minutes; must divide 1440")
@click.option("--output", required=True, metavar="FILE", help="where the rows go: JSON lines")
@_MAPPING
@click.option("--symbol", default=None, metavar="NAME", help="of the instrument, for the rows")
@click.option(
    "--cold-minutes",
    default=0,
    type=click.IntRange(min=0),
    metavar="N",
    help="refuse the first N minutes, while caches fill",
)
@click.option("--skip-warmup", is_flag=True, help="refuse intervals of another phase than steady")
def dataset(
    feeds: Path,
    begin: str | None,
    end: str | None,
    interval_min: int,
    output: str,
    mapping: Path | None,
    symbol: str | None,
    cold_minutes: int,
    skip_warmup: bool,
) -> int:
    """Make rows of equal intervals of FEEDS: what was earned in each, and whether it can be used.

    Says the KPIs with and without the refused intervals. Exit status 1 for a FAIL: too few covered
    hours, too many refused intervals or bad lines.
    """
    from pytest_soak.commands.dataset import Request
    from pytest_soak.commands.dataset import dataset as run

    request = Request(
        feeds, begin, end, interval_min, output, mapping, symbol, cold_minutes, skip_warmup
    )
    return 0 if run(request, Path.cwd(), click.echo) else 1


@commands.command()
@click.option("--b", required=True, metavar="NAME", help="profile, preset, variant, file or run")
@click.option("--a", metavar="NAME", help="in use now  [default: steady_safe; own bot: default]")
@click.option("--target", default=TARGET.default, show_default=True, help="as --soak-target")
@click.option("--stage", type=click.Choice(["10", "50", "100"]), help="percent  [default: next]")
@click.option("--hours", default=24.0, show_default=True, help="of each lane")
@click.option("--seeds", help="a pair of lanes each  [default: 1..16; own bot: 1, one lane]")
@click.option("--market", default=MARKET.default, show_default=True, help="as --soak-market")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help=_KNOBS)
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


@commands.command()
@click.argument("run", type=click.Path(path_type=Path))
def reopen(run: Path) -> None:
    """Make RUN, a folder in runs/, the latest run again: for --soak-resume."""
    from pytest_soak.commands.reopen import reopen as make_latest

    moved = make_latest(run)
    click.echo(f"{run} is the latest run now{f'; the one before is {moved}' if moved else ''}")


if __name__ == "__main__":
    main()
