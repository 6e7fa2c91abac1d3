"""Faults in how a bot comes to its end, and in what is told of that."""

from __future__ import annotations

from mutants.mutant import Mutant, of

_ENDING = ("engine/test_async_ending.py",)
_RUN = ("engine/test_run.py",)
_CHECK = of("check_command")
_SIGNALS = of("stop_signals")

MUTANTS = (
    *(
        Mutant(file, old, new, tests)
        for file, old, new, tests in (
            ("loop.py", "END_SECONDS = 30.0", "END_SECONDS = 1.0", _ENDING),
            ("loop.py", "self._wait_for_end(outcome)", "pass", _ENDING),
            ("loop.py", "if watched and self._tasks.neglected:", "if False:", _ENDING),
            ("loop.py", "self._check_answers(name)", "pass", _ENDING),
            ("loop.py", "return [task_told(task) for task in left]", "return []", _ENDING),
            ("asynchronous.py", "after.add_note(str(error))", "pass", _ENDING),
            ("tasks.py", "age >= NEGLECT_SECONDS", "age >= 0", _ENDING),
            ("run.py", "self._complain(str(error))", "pass", _RUN),
            ("run.py", "self._journal.complain(complaint)", "pass", _RUN),
            ("past.py", "or len(same) == len(before)", "", _RUN),
            ("threads.py", "died.append(death)", "pass", _RUN),
            ("threads.py", "if threading.excepthook is hear:", "if True:", _RUN),
            ("stop_signals.py", "if not self._stopped:", "if True:", _SIGNALS),
            ("stop_signals.py", "is not signal.SIG_IGN", "is not None", _SIGNALS),
            ("system.py", "signal.SIGTERM, signal.SIGHUP)", "signal.SIGTERM)", _SIGNALS),
            ("check.py", "if lane.ending is Ending.TARGET:", "if False:", _CHECK),
            ("check.py", "{} if ini is None else {GATE.dest: ini.text}", "{}", _CHECK),
            ("check_process.py", "process.send_signal(signal.SIGINT)", "pass", _CHECK),
            ("check_process.py", "if said.exists() or", "if True or", _CHECK),
            (
                "strays.py",
                "if name == FIXTURE and plain:",
                "if False:",
                ("plugin/test_target_fixture.py",),
            ),
            (
                "lane.py",
                "if plan.gate_mode is GateMode.HARD else Verdict.WARN",
                "if False else Verdict.WARN",
                ("engine/test_advance.py",),
            ),
            ("markers.py", "if x.metric not in usual", "if False", of("markers")),
            (
                "documents.py",
                'in problem:\n        return "; indent',
                'in "":\n        return "; indent',
                of("remedies"),
            ),
            ("resolve.py", "_check_methods(target, factory)\n", "pass\n", of("remedies")),
            ("planning.py", "{_misspelt(lacking, given)}", "", of("remedies")),
        )
    ),
)
