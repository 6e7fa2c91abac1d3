"""What a target can do and says of itself beside `start`, `run` and `stop`, asked once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from pytest_soak.config.documents import show
from pytest_soak.config.drills import CAUSES
from pytest_soak.config.flags import FlagTable
from pytest_soak.config.parameters import ParameterTable, reference_table
from pytest_soak.errors import SoakUsageError, check_words, unknown
from pytest_soak.targets.exchanged import is_async


@dataclass(frozen=True)
class Abilities:
    """What a target says of itself: its parameter table and the KPIs it gives, if it says so.

    One without a table is given the reference maker's overrides, but is not `tuned` by them;
    `table_given` says that the table is none of the reference maker's. `checkpoint` is there only
    together with `restore`. `writes_feeds` says that the target writes the feeds itself, in real
    time; `shadow` that it sends no orders meanwhile. `source` is a digest of the file of the class
    of a target that says no `version`; None where there is no such file. What the file imports, or
    reads, is not in it. `drills` are the causes that it can bring about. `stop_criteria` are those
    that hold, by name, where the user asks for none. `trades_on_exchange` says that it can be led
    to an exchange on this machine, as any that is `async def` can.
    """

    table: ParameterTable
    kpis: tuple[str, ...] | None
    table_given: bool
    tuned: bool = True
    flags: FlagTable | None = None
    version: str | None = None
    deterministic: bool = False
    checkpoint: Callable[[], Any] | None = None
    restore: Callable[[bytes], Any] | None = None
    source: str | None = None
    writes_feeds: bool = False
    shadow: bool = False
    stop_criteria: str | None = None
    drills: tuple[str, ...] = ()
    trades_on_exchange: bool = False


def abilities(target: object, name: str) -> Abilities:
    """What the target called `name` can do, or what its class says of that early.

    Raises SoakUsageError for what it says wrongly.
    """
    parameters, version = _said(target, "parameters"), _said(target, "version")
    reference, tuned = reference_table(), parameters is not None
    table = ParameterTable.of(parameters, name, _folder(target)) if tuned else reference
    flags, restore = _said(target, "flags"), _method(target, "restore")
    return Abilities(
        table=table,
        kpis=_kpi_names(_said(target, "kpis"), name),
        table_given=table != reference,
        tuned=tuned,
        flags=None if flags is None else FlagTable.of(flags, name, _folder(target)),
        version=version if isinstance(version, str) else None,
        deterministic=bool(_said(target, "deterministic")),
        checkpoint=None if restore is None else _method(target, "checkpoint"),
        restore=restore,
        source=None if isinstance(version, str) else _digest(target),
        writes_feeds=_said(target, "writes_feeds") is True,
        shadow=_said(target, "shadow") is True,
        trades_on_exchange=_said(target, "trades_on_exchange") is True or is_async(target),
        drills=_causes(_said(target, "drills"), name),
        stop_criteria=_text(_said(target, "stop_criteria"), "stop_criteria", name),
    )


def says_early(factory: object, *names: str) -> bool:
    """Whether a factory is a class that says all of `names`, be it by a property."""
    return isinstance(factory, type) and all(hasattr(factory, name) for name in names)


def _said(target: object, name: str) -> Any:
    """What the target says; None when it says nothing, or its class leaves it to a property."""
    value = getattr(target, name, None)
    return None if isinstance(target, type) and hasattr(value, "__get__") else value


def _method(target: object, name: str) -> Callable[..., Any] | None:
    """A method of a target; its class has none that could be called."""
    return None if isinstance(target, type) else getattr(target, name, None)


def _kpi_names(given: Any, source: str) -> tuple[str, ...] | None:
    if given is None:
        return None
    names = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (None,)
    if not all(isinstance(name, str) for name in names):
        problem = f"kpis: expected the names of its KPIs, got {show(given)}"
        raise SoakUsageError(source, problem)
    check_words(names, "KPI", source)
    return names


def _causes(given: Any, source: str) -> tuple[str, ...]:
    causes = () if given is None else given
    if isinstance(causes, str) or not isinstance(causes, Iterable):
        raise SoakUsageError(source, f"drills: expected names of causes, got {show(given)}")
    for cause in (found := tuple(causes)):
        if cause not in CAUSES:
            raise SoakUsageError(source, f"drills: {unknown('cause', show(cause), CAUSES)}")
    return found


def _text(given: Any, what: str, source: str) -> str | None:
    if given is not None and not isinstance(given, str):
        raise SoakUsageError(source, f"{what}: expected a name, got {show(given)}")
    return given


def _file(target: object) -> Path | None:
    """The file of the target's class."""
    kind = target if isinstance(target, type) else target.__class__
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return Path(file) if file else None


def _folder(target: object) -> Path:
    """What the paths that a target says are relative to."""
    file = _file(target)
    return file.parent if file else Path()


def _digest(target: object) -> str | None:
    file = _file(target)
    try:
        return None if file is None else sha256(file.read_bytes()).hexdigest()[:16]
    except OSError:
        return None
