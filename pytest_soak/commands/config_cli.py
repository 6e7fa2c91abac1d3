"""`pytest-soak config ...` as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_soak.commands.options import DRY_RUN, ROOT, SESSION, USAGE

KINDS = ("gate", "market", "preset", "profile", "tuner")
"""What `list` lists."""


class _Commands(click.Group):
    """Leads who asks for what there is of a kind to `list` and `show`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is typed first; click.UsageError where there is none."""
        typed = args[0] if args else ""
        if typed.removesuffix("s") in KINDS:
            problem = (
                f"No such command {typed!r}. `config list` lists every {typed.removesuffix('s')}"
            )
            raise click.UsageError(f"{problem}, `config show NAME` prints one.", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands)
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


@config.command("explain", context_settings={"allow_extra_args": True})
@click.option("--profile", default="default", metavar="NAME", help="profile name or path")
@click.option("--preset", multiple=True, metavar="NAME", help="preset name or path, in order")
@click.option("--set", "items", multiple=True, metavar="KEY=VALUE", help="one override")
@click.option(
    "--target", default=SESSION["target"].default, metavar="module:attr", help="whose parameters"
)
@click.pass_context
def config_explain(
    ctx: click.Context, profile: str, preset: tuple[str, ...], items: tuple[str, ...], target: str
) -> None:
    """Print each override of a target, the reference maker by default, with its source."""
    from pytest_soak.commands.config import explain, explain_lines

    if ctx.args:
        remedy = f"a target is named by --target={ctx.args[0]}"
        raise click.UsageError(f"Got unexpected extra argument ({ctx.args[0]}); {remedy}")
    click.echo("\n".join(explain_lines(explain(profile, preset, items, target, Path.cwd()))))


@config.command("kpis")
@click.option("--json", "as_json", is_flag=True, help="print them as JSON")
def config_kpis(as_json: bool) -> None:
    """List every KPI: unit, formula, which way is better, what it needs, when it is null."""
    from pytest_soak.commands.config_kpis import kpi_lines, kpis_json
    from pytest_soak.report.fitted import terminal_width

    folder = Path.cwd()
    click.echo(kpis_json(folder) if as_json else "\n".join(kpi_lines(folder, terminal_width())))


@config.command("schema")
@click.argument("name")
def config_schema(name: str) -> None:
    """Print the JSON Schema of a file of yours (gate), an artifact or a feed (feed-fills)."""
    from pytest_soak.commands.config import schema_text

    click.echo(schema_text(name))


@config.command("migrate")
@ROOT
@DRY_RUN
def config_migrate(root: Path, dry_run: bool) -> int:
    """Turn legacy files of an artifact root into profiles of yours; keep them as backups."""
    from pytest_soak.commands.migrate import migrate

    errors = migrate(root, Path.cwd(), click.echo, dry=dry_run)
    for error in errors:
        click.echo(f"ERROR: {error}", err=True)
    return USAGE if errors else 0
