"""`pytest-soak release ...` as it is typed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pytest_soak.commands.options import PATH, as_soak
from pytest_soak.options import RELEASE_DIR
from pytest_soak.release.steps import HOUR, STEPS

if TYPE_CHECKING:
    from pytest_soak.commands.release_place import Asked, Say, Worked

_Command = TypeVar("_Command", bound=Callable[..., Any])
_DIR_HELP = (
    f"{RELEASE_DIR.help}  [default: {RELEASE_DIR.default}; env: {RELEASE_DIR.env}; "
    f"ini: {RELEASE_DIR.dest}]"
)
_OPTIONS = (
    click.option("--release-dir", metavar="DIR", help=_DIR_HELP),
    click.option(
        "--plan", default="release.yaml", show_default=True, metavar="FILE", help="the plan"
    ),
    click.option(
        "--config",
        multiple=True,
        metavar="FILE",
        help="the bot's configuration, a later one wins  [default: the plan's, else config.yaml]",
    ),
    click.option(
        "--config-override",
        multiple=True,
        metavar="FILE",
        help="what changes it  [default: the plan's, else config.soak_overrides.yaml]",
    ),
    *(as_soak(name, "the plan's") for name in ("target", "profile", "market", "seed")),
    click.option("--json", "as_json", is_flag=True, help="print one JSON document, nothing else"),
)


_FROM = click.option(
    "--from", "given", metavar="RUN", help="take a run that was made elsewhere, and start none"
)


def _of_a_release(command: _Command) -> _Command:
    """The options that each command of a release has."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group()
def release() -> None:
    """Lead a change of a bot to production in seven steps, on a ledger.

    Exit status 0 good, 1 failed or rolled back, 2 interrupted, 3 not decided, 4 refused.
    """


@release.command("status")
@_of_a_release
@click.option("--verify", is_flag=True, help="derive each verdict anew")
def release_status(verify: bool, as_json: bool, **typed: Any) -> int:
    """Say how each step stands and what is next: 0 all done, 1 one failed, else 3."""
    from pytest_soak.commands.release_status import status

    return _run(as_json, lambda say: status(_asked(typed), verify, *_here(), say))


@release.command("prep")
@_of_a_release
@click.option("--dry-run", is_flag=True, help="only say what is found, and write nothing")
def release_prep(dry_run: bool, as_json: bool, **typed: Any) -> int:
    """Check plan, configurations, gates and disk, and keep what is in use: 0 PASS, 1 FAIL."""
    from pytest_soak.commands.release_prep import prep

    return _run(as_json, lambda say: prep(_asked(typed), dry_run, *_here(), say))


@release.command("shadow", context_settings={"ignore_unknown_options": True})
@_of_a_release
@click.option("--minutes", default=HOUR, show_default=True, type=click.FloatRange(1.0, 1440.0))
@_FROM
@click.option("--dry-run", is_flag=True, help="only say what would be run and written")
@click.argument("more", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGS]")
def release_shadow(
    minutes: float,
    given: str | None,
    dry_run: bool,
    more: tuple[str, ...],
    as_json: bool,
    **typed: Any,
) -> int:
    """Soak the candidate for an hour, by its latencies: 0 PASS or WARN, 1 FAIL.

    ARGS go to pytest.
    """
    from pytest_soak.commands.release_shadow import shadow

    return _run(
        as_json,
        lambda say: shadow(
            _asked(typed), minutes, more, *_here(), say, dry=dry_run, given=given, quiet=as_json
        ),
    )


@release.command("flags")
@_of_a_release
@click.option("--check", is_flag=True, help="fail where the file is not what it would be")
def release_flags(check: bool, as_json: bool, **typed: Any) -> int:
    """Write docs/FEATURE_FLAGS_REGISTRY.md: every flag, what it is set to, and what it does."""
    from pytest_soak.commands.release_flags import flags

    return _run(as_json, lambda say: flags(_asked(typed), check, *_here(), say))


@release.command("judge")
@click.argument("step", type=click.Choice(["prep", "shadow", "ab", "baseline", "dataset"]))
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=PATH)
@click.option("--json", "as_json", is_flag=True, help="print one JSON document, nothing else")
def release_judge(step: str, files: tuple[Path, ...], as_json: bool) -> int:
    """Apply the rules of STEP to figures in files (of ab: A B, of baseline: LOCKED CURRENT).

    Each figure is printed beside its limit. Nothing is stored, and no step of a release rests on
    it. Exit status 0 PASS, WARN, PROMOTE; 1 FAIL, ROLLBACK; 3 HOLD.
    """
    from pytest_soak.commands.release_judge import judge

    return _run(as_json, lambda say: judge(step, files, Path.cwd(), say))


@release.command("soak", context_settings={"ignore_unknown_options": True})
@_of_a_release
@_FROM
@click.option("--dry-run", is_flag=True, help="only say what would be run and written")
@click.argument("more", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGS]")
def release_soak(
    given: str | None, dry_run: bool, more: tuple[str, ...], as_json: bool, **typed: Any
) -> int:
    """Soak the candidate for the plan's hours, by gate and stop criteria: 0 PASS or WARN, 1 FAIL.

    ARGS go to pytest.
    """
    from pytest_soak.commands.release_soak import soak

    return _run(
        as_json,
        lambda say: soak(
            _asked(typed), more, *_here(), say, dry=dry_run, given=given, quiet=as_json
        ),
    )


@release.command("dataset")
@_of_a_release
@click.option("--fit", is_flag=True, help="also fit the weights of auto_spread to the rows")
def release_dataset(fit: bool, as_json: bool, **typed: Any) -> int:
    """Make rows of equal intervals of the soak's feeds: 0 PASS or WARN, 1 FAIL."""
    from pytest_soak.commands.release_dataset import dataset

    return _run(as_json, lambda say: dataset(_asked(typed), *_here(), say, fit=fit))


@release.command("ab")
@_of_a_release
@click.option("--stage", type=click.Choice(["10", "50", "100"]), help="percent  [default: next]")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 256))
@click.option("--accept-low-power", is_flag=True, help="run it with too few hours")
def release_ab(
    stage: str | None, jobs: int, accept_low_power: bool, as_json: bool, **typed: Any
) -> int:
    """Compare the candidate with what is in use: 0 PROMOTE, 1 ROLLBACK, 3 HOLD.

    A stage each time: 10, 50, then 100 %.
    """
    from pytest_soak.ab.design import Share
    from pytest_soak.commands.ab_stages import Asked as Stage
    from pytest_soak.commands.release_ab import ab

    asked = Stage(None if stage is None else Share(int(stage)), 0.0, jobs, accept_low_power)
    return _run(as_json, lambda say: ab(_asked(typed), asked, *_here(), say))


@release.command("lock", context_settings={"ignore_unknown_options": True})
@_of_a_release
@click.option("--check", is_flag=True, help="hold the candidate against the lock, and lock nothing")
@click.option("--runs", type=click.IntRange(2, 1000), help="of --check  [default: the lock's]")
@click.option("--replace", metavar="REASON", help="why the lock that is there is replaced")
@click.option("--no-ab", is_flag=True, help="wait for no A/B; the ledger says so")
@_FROM
@click.option("--dry-run", is_flag=True, help="only say what would be run and written")
@click.argument("more", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGS]")
def release_lock(
    check: bool,
    runs: int | None,
    replace: str | None,
    no_ab: bool,
    given: str | None,
    dry_run: bool,
    more: tuple[str, ...],
    as_json: bool,
    **typed: Any,
) -> int:
    """Lock how long the candidate's stages take, over five or ten hours: 0, 1 FAIL, 3 HOLD.

    With --check in CI: it is soaked as the lock was made, on whatever checkout, and held against
    the lock. ARGS go to pytest.
    """
    from pytest_soak.commands.release_check import check_lock
    from pytest_soak.commands.release_lock import lock
    from pytest_soak.errors import SoakUsageError

    if check and replace is not None:
        raise SoakUsageError("--replace", "--check replaces no lock; leave one of them out")
    if runs is not None and not check:
        raise SoakUsageError("--runs", "is of --check; a lock is made of the plan's seeds")
    how: dict[str, Any] = {"dry": dry_run, "quiet": as_json}
    if check:
        if no_ab:
            raise SoakUsageError("--no-ab", "--check waits for no step; leave one of them out")
        if given is not None:
            raise SoakUsageError("--from", "--check soaks by itself; leave one of them out")
        return _run(
            as_json, lambda say: check_lock(_asked(typed), runs, more, *_here(), say, **how)
        )
    how |= {"replace": replace, "no_ab": no_ab, "given": given}
    return _run(as_json, lambda say: lock(_asked(typed), more, *_here(), say, **how))


@release.command("daily")
@_of_a_release
@click.option("--date", metavar="YYYY-MM-DD", help="UTC, by the target's clock  [default: last]")
def release_daily(date: str | None, as_json: bool, **typed: Any) -> int:
    """Report a day of the soak beside the days before it: 0 PASS or WARN, 1 FAIL.

    By default that is the last whole day, or the last one where none is whole.
    """
    from pytest_soak.commands.release_daily import daily

    return _run(as_json, lambda say: daily(_asked(typed), date, *_here(), say))


@release.command("run")
@_of_a_release
@click.option("--until", type=click.Choice(list(STEPS)), help="the last step to run")
@click.option(
    "--jobs", default=1, show_default=True, type=click.IntRange(1, 256), help="of the A/B"
)
@click.option("--accept-low-power", is_flag=True, help="run an A/B with too few hours")
def release_run(
    until: str | None, jobs: int, accept_low_power: bool, as_json: bool, **typed: Any
) -> int:
    """Run what is next, step after step, while each is good; its exit status is the last one's."""
    from pytest_soak.commands.release_run import Wish, run

    wish = Wish(until, jobs, accept_low_power, as_json)
    return _run(as_json, lambda say: run(_asked(typed), wish, *_here(), say))


@release.command("rollback")
@_of_a_release
@click.option(
    "--to", metavar="HASH", help="the snapshot, by the begin of its hash  [default: newest]"
)
@click.option("--flags-off", is_flag=True, help="no snapshot: every flag to its safe value")
@click.option("--reason", default="", metavar="TEXT", help="for the ledger")
@click.option("--shadow", is_flag=True, help="then ten minutes of what is in use, by its latencies")
@click.option("--dry-run", is_flag=True, help="only say which files would be put back")
def release_rollback(
    to: str | None,
    flags_off: bool,
    reason: str,
    shadow: bool,
    dry_run: bool,
    as_json: bool,
    **typed: Any,
) -> int:
    """Put the configuration back that prep kept, at any time: 0, or 1 without a restart."""
    from pytest_soak.commands.release_place import Worked
    from pytest_soak.commands.release_rollback import rollback
    from pytest_soak.commands.release_stable import shadow_in_use

    def work(say: Say) -> Worked:
        env, folder, clock = _here()
        where = (env, folder, clock, say)
        done = rollback(_asked(typed), to, reason, *where, dry=dry_run, flags_off=flags_off)
        if done.status != 0 or dry_run or not shadow:
            return done
        after = shadow_in_use(_asked(typed), env, folder, say, quiet=as_json)
        return Worked(after.status, {**done.document, "shadow": after.document})

    return _run(as_json, work)


@release.command("rules")
@_of_a_release
def release_rules(as_json: bool, **typed: Any) -> int:
    """Write the plan's stop criteria as alert rules of Prometheus, with tests for promtool."""
    from pytest_soak.commands.release_rules import rules

    return _run(as_json, lambda say: rules(_asked(typed), os.environ, Path.cwd(), say))


def _asked(typed: dict[str, Any]) -> Asked:
    from pytest_soak.commands.release_place import Asked

    return Asked(**typed)


def _here() -> tuple[Any, Path, Any]:
    from pytest_soak.clock import SystemClock

    return os.environ, Path.cwd(), SystemClock()


def _run(as_json: bool, work: Callable[[Say], Worked]) -> int:
    """Do the work of a command and print what it says, or its document alone."""
    from pytest_soak.canonical import dumps

    def warn(line: str) -> None:
        click.echo(line, err=True)

    worked = work(warn if as_json else click.echo)
    if as_json:
        click.echo(dumps(dict(worked.document)), nl=False)
    return worked.status
