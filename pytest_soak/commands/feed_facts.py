"""`pytest-soak feed facts`: what a market's feed shows, beside what is published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from textwrap import wrap
from typing import NamedTuple

from pytest_soak.artifacts.feed_facts import feed_facts as document
from pytest_soak.artifacts.feed_facts import recorded_facts
from pytest_soak.artifacts.feed_models import FeedFacts, ReasonedEstimate
from pytest_soak.commands.feed_recordings import Given, opened
from pytest_soak.commands.output import output_file
from pytest_soak.config.knobs import check_knob, parse_knobs
from pytest_soak.config.scenarios import load_scenario, scenario_shelf
from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.facts.definitions import FACTS
from pytest_soak.facts.lanes import survey
from pytest_soak.facts.recorded import recorded_feed
from pytest_soak.facts.simulated import HOUR_US, market_feeds
from pytest_soak.market.announced import compile_announced
from pytest_soak.replay.sources import feed_name
from pytest_soak.report.feed_picture import headline, picture_text
from pytest_soak.storage.files import write_json, write_text
from pytest_soak.text import number

HOURS = (0.01, 168.0)
_WIDTH = 80
_ROW = "{:<22}{:>10}{:>10}{:>7}  {}"


class Request(NamedTuple):
    """What was typed; the files are written where they are given."""

    market: str
    seed: int
    lanes: int
    hours: float
    settings: Sequence[str]
    json: str | None
    picture: str | None


def feed_facts(
    request: Request, folder: Path, say: Callable[[str], None], warn: Callable[[str], None]
) -> None:
    """Measure the facts, say them as a table, and write the files that are asked for.

    `warn` is told of what takes its time. Raises SoakUsageError for what cannot be meant,
    ArtifactError for a file that cannot be written.
    """
    files = _files(request, folder)
    _tell(_facts_of(request, folder, warn), files, say)


def recorded_feed_facts(
    feeds: Sequence[Given],
    json: str | None,
    picture: str | None,
    folder: Path,
    say: Callable[[str], None],
) -> None:
    """The same of recordings, a lane each; raises SoakUsageError for what is no recording."""
    files = _files(Request("", 0, 0, 0.0, (), json, picture), folder)
    lanes, hours, units = [], 0.0, None
    for given in feeds:
        recording, units, terms, sources = opened(given, folder, needs_receipt=False)
        lanes.append(recorded_feed(recording, units, terms, sources[0].shown))
        span = lanes[-1].tops.time_us
        hours += float(span[-1] - span[0]) / HOUR_US if len(span) else 0.0
    if units is None:
        raise SoakUsageError("FILE", "expected a recording")
    names = [feed_name(given.files[0]) for given in feeds]
    found = survey(lanes)
    _tell(recorded_facts(names, hours / len(lanes), units.tick, found), files, say)


def _facts_of(request: Request, folder: Path, warn: Callable[[str], None]) -> FeedFacts:
    scenario = load_scenario(request.market, scenario_shelf(folder), folder, "MARKET")
    settings = _settings(request.settings)
    low, high = HOURS
    if not low <= request.hours <= high:
        problem = f"expected {low:g} to {high:g} hours a lane, got {request.hours:g}"
        raise SoakUsageError("--hours", problem)
    seeds = range(request.seed, request.seed + request.lanes)
    compile_announced(warn)
    found = survey(market_feeds(scenario, seeds, request.hours, settings))
    return document(scenario, settings, seeds, request.hours, found)


def _tell(facts: FeedFacts, files: dict[str, Path], say: Callable[[str], None]) -> None:
    say("\n".join(table_lines(facts)))
    if "--json" in files:
        write_json(files["--json"], facts.data())
    if "--picture" in files:
        write_text(files["--picture"], picture_text(facts))


def _settings(items: Sequence[str]) -> dict[str, float]:
    settings = parse_knobs(items, "--set")
    for name, value in settings.items():
        check_knob(name, value, "--set")
    return settings


def _files(request: Request, folder: Path) -> dict[str, Path]:
    """The files to write by their options."""
    given = (("--json", request.json), ("--picture", request.picture))
    files = {at: output_file(text, folder, at) for at, text in given if text is not None}
    if len(set(files.values())) < len(files):
        raise SoakUsageError("--picture", f"{request.picture} is the file of --json; name another")
    return files


def table_lines(facts: FeedFacts) -> list[str]:
    """A row for each fact, by groups, and what lanes lack that are left out; 80 columns at most."""
    lines = [one_line(headline(facts)), _ROW.format("", "mean", "± 95 %", "lanes", "published")]
    for group, rows in groupby(FACTS, key=lambda fact: fact.group):
        lines.append(group)
        for fact in rows:
            lines.append(_row(f"  {fact.name}", facts.facts[fact.name], fact.published))
    return [line.rstrip() for line in [*lines, *_lacking(facts)]]


def _row(name: str, found: ReasonedEstimate, published: str) -> str:
    return _ROW.format(name, _text(found.mean), _text(found.half_width), found.lanes, published)


def _text(value: float | None) -> str:
    return "-" if value is None else number(value)


def _lacking(facts: FeedFacts) -> list[str]:
    """For each thing that a lane lacks the facts from which it is left out."""
    names: dict[str, list[str]] = {}
    for name, found in facts.facts.items():
        if found.reason is not None:
            names.setdefault(found.reason, []).append(name)
    lines = [f"left out of {', '.join(those)}: a lane {why}" for why, those in names.items()]
    return [part for line in lines for part in wrap(line, _WIDTH, subsequent_indent="  ")]
