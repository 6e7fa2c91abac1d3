"""`pytest-soak release rules`: the plan's stop criteria as alert rules of Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pytest_soak.commands.release_place import Asked, Say, Worked, open_place
from pytest_soak.commands.release_step import put
from pytest_soak.errors import one_line
from pytest_soak.release.layout import ALERT_RULES, ALERT_TESTS, ALERT_TEXT
from pytest_soak.report.rule_files import rule_files


def rules(asked: Asked, env: Mapping[str, str], folder: Path, say: Say) -> Worked:
    """Write the rules, what promtool shall find of them, and a page that tells of each.

    Raises SoakUsageError for criteria that cannot be used, ArtifactError where a file cannot be
    written.
    """
    place = open_place(asked, env, folder)
    if "stop" in place.choice.problems:
        raise place.choice.problems["stop"]
    criteria = place.choice.stop
    assert criteria is not None
    files = rule_files(criteria)
    for path in (ALERT_RULES, ALERT_TESTS, ALERT_TEXT):
        put(place, path, files.texts[Path(path).name])
    say(one_line(f"{place.directory / ALERT_RULES}: {files.number} rules of {criteria.name}"))
    return Worked(0, files.rules)
