"""Rows: each bug with its cause and without, and what became of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.clients.environments import environment
from benchmarks.clients.recipes import RECIPES
from benchmarks.clients.rows import Row
from benchmarks.clients.run import Asked, Ran, run
from benchmarks.clients.telling import told
from pytest_soak.errors import TargetError

RED, GREEN = "red", "green"
WIDTH = 58


@dataclass(frozen=True)
class Outcome:
    """What became of a row: of which number, what it is, and its colour with the cause and without.

    `cause` and `twin` are RED and GREEN where all is well, and any other word where it is not.
    """

    number: int
    says: str
    cause: str
    twin: str

    @property
    def is_right(self) -> bool:
        """Whether the bug is seen where its cause is, and not where it is not."""
        return (self.cause, self.twin) == (RED, GREEN)


def one(name: str, environments: Path, asked: Asked) -> Ran:
    """Run a client, and say what it came to."""
    recipe = RECIPES[name]
    place = environment(recipe.environment, environments)
    ran = run(recipe, place, Path(mkdtemp(prefix=f"soak-{name}-")), asked)
    print("\n".join([*told(ran), f"  kept in {ran.folder}"]), flush=True)
    return ran


def shown(row: Row, environments: Path, seed: int) -> Outcome:
    """A bug with its cause, then without."""
    print(f"row {row.number}: {row.client} {row.says}", flush=True)
    without = Asked(row.seconds, seed=seed)
    bad = _seen(row, row.client, environments, _asked(row, seed))
    good = _seen(row, row.honest or row.client, environments, without)
    print(f"row {row.number}: {bad} with its cause, {good} without", flush=True)
    return Outcome(row.number, f"{row.client} {row.says}", bad, good)


def counted(row: Row, environments: Path, seed: int) -> None:
    """How often a bug is seen that comes by chance."""
    asked = _asked(row, seed)
    colours = [
        _seen(row, row.client, environments, replace(asked, seed=seed + n))
        for n in range(row.by_chance)
    ]
    red = colours.count(RED)
    print(f"row {row.number}: {row.client} {row.says}: red in {red} of {row.by_chance}", flush=True)


def table(outcomes: Sequence[Outcome]) -> str:
    """A line each."""
    lines = [f"{'row':>3}  {'what':{WIDTH}}  {'cause':5}  without"]
    for out in sorted(outcomes, key=lambda out: out.number):
        says = out.says if len(out.says) <= WIDTH else f"{out.says[: WIDTH - 3]}..."
        lines.append(f"{out.number:>3}  {says:{WIDTH}}  {out.cause:5}  {out.twin}")
    wrong = sorted({out.number for out in outcomes if not out.is_right})
    last = (
        f"not as it should be: {', '.join(map(str, wrong))}" if wrong else "all as they should be"
    )
    return "\n".join([*lines, last])


def _asked(row: Row, seed: int) -> Asked:
    return Asked(row.seconds, row.faults, seed, row.own)


def _seen(row: Row, client: str, environments: Path, asked: Asked) -> str:
    try:
        ran = one(client, environments, asked)
    except TargetError as error:
        print(f"  {error}", flush=True)
        return "failed"
    return colour(row, ran.judged.kpis)


def colour(row: Row, kpis: Mapping[str, float | None]) -> str:
    """RED where one of its KPIs is above what it may be; of what never traded there is no colour.

    Nor where a KPI has no value.
    """
    values = [(kpis[kpi], most) for kpi, most in row.reds]
    if any(value is not None and value > most for value, most in values):
        return RED
    traded = kpis["buy_fills"] or kpis["sell_fills"]
    return GREEN if traded and all(value is not None for value, _ in values) else "unseen"
