from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import LANE, usage_error

from pytest_soak.errors import TargetError
from pytest_soak.targets.abilities import abilities
from pytest_soak.targets.base import LaneInfo, Target
from pytest_soak.targets.mock import MockTarget
from pytest_soak.targets.resolve import build, named_factory
from pytest_soak.targets.simulated import SimulatedTarget
from pytest_soak.testing import InstantTarget


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with modules of a user; what is imported from it is forgotten afterwards."""
    (tmp_path / "bot_good.py").write_text(
        "from pytest_soak.testing import InstantTarget as Bot\n"
        "class Group:\n    Inner = Bot\n"
        "NUMBER = 3\n"
    )
    (tmp_path / "bot_raises.py").write_text("raise OSError('no\\nlicence')")
    (tmp_path / "bot_syntax.py").write_text("def")
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_target_is_named_by_word_or_by_module_and_attribute(root: Path) -> None:
    assert named_factory("mock", "cli", root) is MockTarget
    assert named_factory("bot_good:Bot", "cli", root) is InstantTarget
    assert named_factory("bot_good:Group.Inner", "cli", root) is InstantTarget


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mok", "cli: unknown target 'mok'; did you mean 'mock'?; or give module:attr, e.g."),
        ("", "unknown target ''; known: mock, sim; or give module:attr"),
        ("bot_good:", "unknown target 'bot_good:'"),
        (":Bot", "unknown target ':Bot'"),
        ("bot_gone:Bot", "cannot import 'bot_gone': ModuleNotFoundError: No module named"),
        ("bot_raises:Bot", "cannot import 'bot_raises': OSError: no licence"),
        ("bot_syntax:Bot", "cannot import 'bot_syntax': SyntaxError: "),
        (".relative:Bot", "cannot import '.relative': TypeError: "),
        ("bot_good:Bott", "unknown attribute of bot_good 'Bott'; did you mean 'Bot'?"),
        ("bot_good:Group.Iner", "unknown attribute of bot_good 'Iner'; did you mean 'Inner'?"),
        ("bot_good:NUMBER.x", "unknown attribute of bot_good 'x'; known: "),
        ("bot_good:Group..Inner", "unknown attribute of bot_good ''"),
        ("bot_good:NUMBER", "bot_good:NUMBER is not callable; expected a class or LaneInfo -> "),
    ],
)
def test_a_name_that_means_no_target_is_one_line(name: str, message: str, root: Path) -> None:
    assert message in usage_error(lambda: named_factory(name, "cli", root))


def raising(lane: LaneInfo) -> Target:
    raise KeyError("API_KEY")


def test_a_factory_that_raises_is_a_target_error_with_the_cause() -> None:
    with pytest.raises(TargetError, match=r"the factory raising raised KeyError: 'API_KEY'"):
        build(raising, LANE)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (None, "NoneType has no method start(); expected start, run and stop"),
        (object(), "object has no method start(); expected start, run and stop"),
        ({"start": 1}, "dict has no method start()"),
    ],
)
def test_a_factory_that_makes_no_target_is_a_usage_error(made: Any, message: str) -> None:
    assert message in usage_error(lambda: build(lambda lane: made, LANE))


def test_a_target_says_its_parameters_and_kpis_or_is_taken_for_the_reference_maker() -> None:
    silent = abilities(object(), "bot")
    assert (silent.kpis, silent.table_given, silent.tuned) == (None, False, False)
    for plain in (SimulatedTarget, MockTarget):
        told = abilities(plain, "sim")
        assert (told.table_given, told.tuned) == (False, True)
    assert "tail_age_ms" in silent.table

    class Bot:
        parameters = {"width": 2.0}  # noqa: RUF012
        kpis = (name for name in ("net_bps", "mine"))

    told = abilities(Bot, "bot")
    assert (told.kpis, told.table_given, list(told.table)) == (("net_bps", "mine"), True, ["width"])


def test_a_class_that_says_so_by_a_property_says_it_only_as_an_object() -> None:
    class Bot:
        @property
        def kpis(self) -> tuple[str, ...]:
            return ("net_bps",)

    assert abilities(Bot, "bot").kpis is None
    assert abilities(Bot(), "bot").kpis == ("net_bps",)


@pytest.mark.parametrize("kpis", ["net_bps", 5, [1], [None], [["net_bps"]]])
def test_kpis_that_are_no_names_are_refused(kpis: Any) -> None:
    class Bot:
        pass

    bot = Bot()
    bot.kpis = kpis  # type: ignore[attr-defined]
    message = usage_error(lambda: abilities(bot, "bot"))
    assert message.startswith("bot: kpis: expected the names of its KPIs, got ")


def test_a_factory_that_cannot_say_what_it_raised_is_told_by_its_class() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise ValueError("no")

    def factory(lane: LaneInfo) -> Any:
        raise MuteError

    with pytest.raises(TargetError, match="raised MuteError \\(which cannot say"):
        build(factory, LANE)
