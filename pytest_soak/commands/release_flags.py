"""`pytest-soak release flags`: the registry of a target's feature flags, as a document."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path

from pytest_soak.artifacts.build import machine
from pytest_soak.artifacts.release_models import FlagsRegistry, RegisteredFlag
from pytest_soak.clock import Clock
from pytest_soak.commands.release_place import Asked, Say, Worked, open_place
from pytest_soak.config.documents import read_text
from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.release.choice import Choice
from pytest_soak.release.layout import REGISTRY
from pytest_soak.release.measured import measured_effects, shipped_study
from pytest_soak.release.record import AT
from pytest_soak.report.release import registry_text
from pytest_soak.storage.files import write_text
from pytest_soak.storage.links import plain
from pytest_soak.text import plural

_REMEDY = "write it by pytest-soak release flags"


def flags(
    asked: Asked, check: bool, env: Mapping[str, str], folder: Path, clock: Clock, say: Say
) -> Worked:
    """Write the registry to the user's `docs`, or `check` it; exit status 1 where it differs.

    Raises SoakUsageError where the flags in use are not known, or the target declares none.
    """
    choice = open_place(asked, env, folder).choice
    registry = registry_of(choice, {**machine(), AT: clock.now().isoformat()})
    text, path = registry_text(registry), folder / REGISTRY
    if check:
        problem = _difference(path, text)
        what = plural(len(registry.flags), "flag")
        say(one_line(f"FAIL: {problem}" if problem else f"PASS: {REGISTRY} tells of {what}"))
        return Worked(1 if problem else 0, registry.data())
    write_text(plain(folder, path), text)
    say(f"{REGISTRY}: {plural(len(registry.flags), 'flag')}")
    return Worked(0, registry.data())


def registry_of(choice: Choice, meta: Mapping[str, object]) -> FlagsRegistry:
    """The flags of a target with what is in use; errors as of `flags`."""
    for what in ("target", "config"):
        if what in choice.problems:
            raise choice.problems[what]
    assert choice.bot is not None
    assert choice.flags is not None
    if not choice.bot.tables.flags:
        raise SoakUsageError(choice.plan.source, f"{choice.plan.target} declares no `flags`")
    values, sources = choice.flags.values, choice.flags.sources
    measured = measured_effects(choice.plan.target, shipped_study())
    return FlagsRegistry(
        source=choice.plan.target,
        flags={
            name: RegisteredFlag(
                value=values[name],
                source=sources[name],
                measured=measured.get(name),
                rollback=row.safe,
                **row.model_dump(exclude={"rollback"}),
            )
            for name, row in choice.bot.tables.flags.items()
        },
        meta=dict(meta),
    )


def _difference(path: Path, text: str) -> str:
    """Where the file is not `text`; empty where it is."""
    if not path.is_file():
        return f"{REGISTRY} is not there; {_REMEDY}"
    found = read_text(path, REGISTRY)
    pairs = zip_longest(found.split("\n"), text.split("\n"))
    for number, (is_there, wanted) in enumerate(pairs, 1):
        if is_there != wanted:
            return f"{REGISTRY}:{number} is not what it would be; {_REMEDY}"
    return ""
