"""From what the user named or wrote to a target that can be soaked."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pytest_soak.config.documents import show
from pytest_soak.config.parameters import reference_table
from pytest_soak.errors import SoakUsageError, TargetError, told, unknown
from pytest_soak.process.options import words
from pytest_soak.targets.asynchronous import plain
from pytest_soak.targets.base import LaneInfo, Target, TargetFactory
from pytest_soak.targets.exchanged import Exchanged, is_async
from pytest_soak.targets.process import ProcessTarget

BUILT_IN = ("sim", "mock")


def named_factory(name: str, source: str, rootdir: Path) -> TargetFactory:
    """The factory meant by `sim`, `mock`, `module:attr` or `process:CMD`; else SoakUsageError."""
    if name == "sim":
        from pytest_soak.targets.simulated import SimulatedTarget

        return SimulatedTarget
    if name == "mock":
        from pytest_soak.targets.mock import MockTarget

        return MockTarget
    module, colon, attribute = name.partition(":")
    if module == "process" and colon:
        return ProcessTarget(words(attribute, source), parameters=reference_table())
    if module.endswith(".py") and attribute:
        dotted = ".".join(Path(module).with_suffix("").parts)
        problem = f"{name!r} names a file; expected module:attr, e.g. {dotted}:{attribute}"
        raise SoakUsageError(source, problem)
    if not colon or not module or not attribute:
        others = "or give module:attr, e.g. mybot.soak:Bot, or process:CMD"
        if name.isidentifier() and (rootdir / f"{name}.py").is_file():
            problem = f"{name!r} is no target; {name}.py is there: say what in it, e.g. {name}:Bot"
            raise SoakUsageError(source, problem)
        raise SoakUsageError(source, f"{unknown('target', name, BUILT_IN)}; {others}")
    return _import(module, attribute, source, rootdir)


def able_to(cause: str) -> list[str]:
    """Which of the package's own targets can bring a cause of trouble about."""
    from pytest_soak.targets.simulated import SimulatedTarget

    own = {"sim": SimulatedTarget.drills, "process:CMD": ProcessTarget.drills}
    return [name for name, causes in own.items() if cause in causes]


def _import(module: str, attribute: str, source: str, rootdir: Path) -> TargetFactory:
    if str(rootdir) not in sys.path:
        sys.path.insert(0, str(rootdir))
    try:
        found: Any = importlib.import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a module may also call sys.exit or pytest.skip
        raise SoakUsageError(source, f"cannot import {module!r}: {told(error)}") from error
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise SoakUsageError(source, unknown(f"attribute of {module}", part, _public(found)))
        found = getattr(found, part)
    if not callable(found):
        raise SoakUsageError(
            source, f"{module}:{attribute} is not callable; expected a class or LaneInfo -> Target"
        )
    return found  # type: ignore[no-any-return]


def _public(module: Any) -> Iterable[str]:
    return (name for name in dir(module) if not name.startswith("_"))


def build(factory: TargetFactory, lane: LaneInfo) -> Target:
    """The target of a lane, plain also where its methods are `async def`.

    Raises SoakUsageError when what the factory takes or gives is not that, TargetError when the
    factory itself raises.
    """
    if not callable(factory):
        raise SoakUsageError(
            "soak_target", f"expected a class or LaneInfo -> Target, got {show(factory)}"
        )
    _check_signature(factory)
    try:
        target = factory(lane)
    except Exception as error:
        raise TargetError(f"the factory {_name(factory)} raised {told(error)}") from error
    missing = [m for m in ("start", "run", "stop") if not callable(getattr(target, m, None))]
    if missing:
        raise SoakUsageError(
            f"target {_name(factory)}",
            f"{type(target).__name__} has no method {missing[0]}(); expected start, run and stop",
        )
    _check_methods(target, factory)
    if lane.exchange is not None and is_async(target):
        _check_beliefs(lane.exchange.beliefs, _name(factory))
        return Exchanged(target, lane.exchange)
    return plain(target)  # type: ignore[no-any-return]


def _check_beliefs(beliefs: Iterable[str], target: str) -> None:
    """SoakUsageError for what only a program has."""
    for belief in beliefs:
        if belief.startswith("log:"):
            problem = f"log reads the output of a program, and {target} is none; file:PATH works"
            raise SoakUsageError("--soak-belief", problem)


_CALLED = {"start": "lane", "run": "overrides, window", "stop": ""}
"""What the methods of a target are called with."""


def _check_methods(target: Any, factory: TargetFactory) -> None:
    for name, wanted in _CALLED.items():
        try:
            signature = inspect.signature(getattr(target, name))
        except (TypeError, ValueError):
            continue
        try:
            signature.bind(*filter(None, wanted.split(", ")))
        except TypeError as error:
            problem = f"{name} is called as {name}({wanted}), but takes {name}{signature} ({error})"
            remedy = f"e.g. def {name}({', '.join(filter(None, ('self', wanted)))})"
            raise SoakUsageError(f"target {_name(factory)}", f"{problem}; {remedy}") from None


def _check_signature(factory: TargetFactory) -> None:
    try:
        signature = inspect.signature(factory)
    except (TypeError, ValueError):  # a callable that does not say what it takes
        return
    try:
        signature.bind(None)
    except TypeError as error:
        name = _name(factory)
        raise SoakUsageError(
            f"target {name}",
            f"is called with one argument, the LaneInfo of its lane, but takes {name}{signature} "
            f"({error}); e.g. def __init__(self, lane)",
        ) from None


def name_of(factory: object) -> str:
    """How artifacts name a factory: `module:Class`, or `process:CMD`."""
    if isinstance(factory, ProcessTarget):
        return factory.name
    named = factory if hasattr(factory, "__qualname__") else type(factory)
    return f"{named.__module__}:{named.__qualname__}"


def _name(factory: object) -> str:
    return getattr(factory, "__qualname__", type(factory).__name__)
