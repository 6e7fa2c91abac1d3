"""Faults in bots that are programs."""

from __future__ import annotations

from mutants.mutant import Mutant

MUTANTS = (
    # bots that are programs
    *(
        Mutant(file, old, new, (f"process/test_{test}.py",))
        for file, old, new, test in (
            ("tree.py", "self._adopts = adopt_orphans()", "self._adopts = False", "supervisor"),
            ("supervisor.py", "if os.getppid() != self._order.parent:", "if False:", "supervisor"),
            ("supervisor.py", "self._order.max_restarts and", "0 and", "supervisor"),
            (
                "supervised.py",
                "self._mark)\n        return",
                "self._mark[:0])\n        return",
                "supervisor",
            ),
            ("ready.py", 'if file.read(1) == b"\\n":', "if True:", "supervisor"),
            ("log.py", "whole.truncate(min(whole.tell(), self._head))", "pass", "log"),
            ("output.py", "self.log_errors += 1", "self.log_errors = 1", "output"),
            ("environment.py", 'if not name.startswith("PYTEST_")', "", "options"),
            ("stitch.py", "if self._inventory is None else", "if True else", "stitch"),
            ("stitch.py", 'np.array(places, "i1")[blocks["reason"]]', 'blocks["reason"]', "stitch"),
            ("feeds.py", "if name != WATCHED", "if True", "bot_feeds"),
            ("feeds.py", "first and late > self._late_met", "False", "bot_feeds"),
            ("feeds.py", "self._lost or late > self._late_met", "self._lost", "bot_feeds"),
            ("feeds.py", "apart=lost and first", "apart=False", "bot_feeds"),
            ("resources.py", "self._seq = seq", "self._seq = 0", "resources"),
            ("process_windows.py", "self._resources.begin()", "pass", "bot_windows"),
            (
                "feeds.py",
                "self._late, self._errors_before = late,",
                "self._late, self._errors_before = 0,",
                "bot_feeds",
            ),
            ("feeds.py", "max(self._skew_ms, ahead)", "min(self._skew_ms, ahead)", "bot_feeds"),
            ("feeds.py", "if self._bots_own:", "if False:", "process_session"),
            (
                "process_windows.py",
                "now_us(self._clock) - self._settle_us",
                "now_us(self._clock)",
                "bot_windows",
            ),
            ("process_windows.py", "if self._end_us is None else self._end_us", "", "bot_windows"),
            (
                "process_windows.py",
                "if window.stopped and told > start:",
                "if False:",
                "bot_windows",
            ),
            ("resources.py", "used if not before else 0.0", "0.0", "resources"),
        )
    ),
)
