"""Reports of a release in Markdown, each made from its JSON: no number here that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_soak.artifacts.release_models import FlagsRegistry, PrepLog, RegisteredFlag
from pytest_soak.report.markdown import safe, table
from pytest_soak.text import setting


def prep_text(log: PrepLog) -> str:
    """PREP_LOG.md."""
    return "\n".join([*_prep(log), ""])


def _prep(log: PrepLog) -> Iterator[str]:
    failed = [check for check in log.checks if check.verdict == "FAIL"]
    yield f"# {log.verdict}: prep of {safe(log.plan)}"
    yield ""
    for check in failed:
        yield f"- **{safe(check.what)}**: {safe(check.value)}; asked for: {safe(check.requirement)}"
    if failed:
        yield ""
    heads = ("check", "verdict", "value", "requirement", "source")
    rows = [(c.what, c.verdict, c.value, c.requirement, c.source) for c in log.checks]
    yield from table([heads, *(tuple(map(safe, row)) for row in rows)])
    yield ""
    yield from (f"- {safe(note)}" for note in log.notes)
    if log.notes:
        yield ""
    yield f"Target {safe(log.source)}; " + ", ".join(
        f"{safe(name)} {safe(version)}" for name, version in log.versions.items()
    )
    yield ""
    if log.config_sha256 is None:
        yield "No snapshot was written: what is in use must pass first."
    else:
        yield f"Snapshot of what is in use: `{log.config_sha256}`"


_REGISTRY_HEADS = (
    "flag",
    "in use",
    "source",
    "default",
    "bounds",
    "effect",
    "moves",
    "measured",
    "rollback",
    "hot",
    "owner",
)


def registry_text(registry: FlagsRegistry) -> str:
    """FEATURE_FLAGS_REGISTRY.md."""
    return "\n".join([*_registry(registry), ""])


def _registry(registry: FlagsRegistry) -> Iterator[str]:
    yield f"# Feature flags of {safe(registry.source)}"
    yield ""
    yield "Made by `pytest-soak release flags`. With `--check` that fails where this is not what"
    yield "the target declares and what is in use. A flag that is hot may change between two"
    yield "windows, any other when the bot starts."
    yield ""
    rows = [_REGISTRY_HEADS, *(_flag(name, flag) for name, flag in registry.flags.items())]
    yield from table(rows)


def _flag(name: str, flag: RegisteredFlag) -> tuple[str, ...]:
    unit = f" {flag.unit}" if flag.unit else ""
    moves = ", ".join(f"{kpi} {way}" for kpi, way in flag.moves.items())
    cells = (
        name,
        f"{setting(flag.value)}{unit}",
        flag.source,
        f"{setting(flag.default)}{unit}",
        _bounds(flag),
        flag.effect,
        moves,
        flag.measured or "not measured",
        f"{setting(flag.rollback)}{unit}",
        "yes" if flag.hot else "no",
        flag.owner,
    )
    return tuple(map(safe, cells))


def _bounds(flag: RegisteredFlag) -> str:
    if flag.type == "bool":
        return "true, false"
    low, high = ("open" if end is None else setting(end) for end in flag.bounds)
    return f"{low} to {high}"
