"""Faults in what is told of a bot that would pass in silence, or of its author's mistakes."""

from __future__ import annotations

from mutants.mutant import Mutant

_ASYNC = ("engine/test_async_target.py",)
_ASKED = ("unit/test_asked.py",)
_FILLS = ("unit/test_from_fills.py",)

MUTANTS = (
    *(
        Mutant(file, old, new, tests)
        for file, old, new, tests in (
            ("asynchronous.py", "self._loop.check_tasks()", "pass", _ASYNC),
            ("loop.py", "self._explain(error, name, places)", "pass", _ASYNC),
            ("tasks.py", "await asyncio.sleep(_TAKING_SECONDS)", "pass", _ASYNC),
            ("tasks.py", "and not task.cancelled()", "", _ASYNC),
            ("tasks.py", 'getattr(task, "_log_traceback", False)', "True", _ASYNC),
            ("tasks.py", "self._made.add(task)", "pass", _ASYNC),
            ("tasks.py", "if isinstance(task, asyncio.Task):", "if False:", _ASYNC),
            ("tasks.py", "elif handle is not None:", "elif False:", _ASYNC),
            ("tasks.py", '"cr_await", "gi_yieldfrom", "ag_await"', '"no_await"', _ASYNC),
            ("ask.py", "*notes))", "))", _ASYNC),
            ("asked.py", '"market", "scenario",', '"market",', _ASKED),
            ("asked.py", '"market_settings", "__dict__"', '"market_settings"', _ASKED),
            ("asked.py", "and not turned", "", _ASKED),
            ("asked.py", "return LaneInfo, tuple", "return _Watched, tuple", _ASKED),
            ("lanes.py", "asked.lane(built)", "built", _ASKED),
            (
                "service.py",
                "self._asked.lane(lane if",
                "(lane if",
                _ASKED,
            ),
            ("from_fills.py", "apart=apart,", "", _FILLS),
            ("from_fills.py", '"some" if inside.any()', '"some" if False', _FILLS),
            (
                "opposites.py",
                '"<=": ">", ">": "<="',
                '"<=": ">", ">": "<"',
                ("unit/test_opposites.py",),
            ),
            ("opposites.py", '"<": ">="', '"<": ">"', ("unit/test_opposites.py",)),
            (
                "config_kpis.py",
                "if rests else kpi.missing",
                "if False else kpi.missing",
                ("unit/test_config_kpis.py",),
            ),
            (
                "planning.py",
                "asked = settings.auto_tune or",
                "asked = True or",
                ("plugin/test_tuning_session.py",),
            ),
        )
    ),
)
