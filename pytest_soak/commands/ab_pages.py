"""The pages of A/Bs, made of what their stages left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pytest_soak.artifacts.ab_found import FoundAb, found_abs
from pytest_soak.artifacts.ledger import LEDGER
from pytest_soak.errors import SoakUsageError
from pytest_soak.report.page import ab_page
from pytest_soak.storage.files import write_text

PAGE, REPORT = ".html", ".json"


def write_page(folder: Path, name: str, stage: int) -> Path | None:
    """Write the page of a decided stage of the A/B called `name`; where it went, None of none."""
    for found in found_abs(folder).found:
        if found.name == name and any(report.stage == stage for report in found.stages):
            path = folder / f"{name}_{stage}{PAGE}"
            write_text(path, _page(found, stage))
            return path
    return None


def write_pages(folder: Path) -> list[Path]:
    """Write the page of each decided stage in a folder of A/Bs.

    Raises SoakUsageError where there is none, or what there is cannot be read.
    """
    of = found_abs(folder)
    if of.problems:
        source, _, problem = of.problems[0].partition(": ")
        raise SoakUsageError(source, problem)
    if not of.found:
        raise SoakUsageError(str(folder), "no stage is decided yet")
    return list(_written(of.found, folder))


def _written(found: tuple[FoundAb, ...], folder: Path) -> Iterator[Path]:
    for one in found:
        for report in one.stages:
            path = folder / f"{one.name}_{report.stage}{PAGE}"
            write_text(path, _page(one, report.stage))
            yield path


def page_of(report: Path) -> str:
    """The page of the stage whose AB_*.json is given; SoakUsageError where the ledger has none."""
    name, _, stage = report.stem.rpartition("_")
    of = found_abs(report.parent)
    for found in of.found:
        if found.name == name and any(str(one.stage) == stage for one in found.stages):
            return _page(found, int(stage))
    problem = f"no {LEDGER} beside it says that this stage was decided"
    remedy = "give an AB_*.json in the --dir of pytest-soak ab"
    raise SoakUsageError(str(report), f"{problem}; {remedy}")


def _page(found: FoundAb, stage: int) -> str:
    """With the stages before it: the same whatever comes after."""
    stages = tuple(report for report in found.stages if report.stage <= stage)
    return ab_page(replace(found, stages=stages, under_way=None))
