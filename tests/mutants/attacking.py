"""Faults by which a judge could be made to lie, an exchange to fall, or money to appear."""

from __future__ import annotations

from mutants.mutant import Mutant

LYING = ("exchange/test_lying_judges.py",)
BUSY = ("exchange/test_busy.py",)
GARBAGE = ("exchange/test_garbage.py",)
MONEY = ("exchange/test_money.py",)

MUTANTS = (
    *(
        Mutant(file, old, new, LYING)
        for file, old, new in (
            ("quiet_beliefs.py", "if unseen_us <= tolerances.unseen_s * 1e6:", "if True:"),
            ("quiet_beliefs.py", "self.sparse and not found.findings", "self.sparse"),
            ("positions.py", "held[one.symbol].fees, filled", "[], filled"),
            ("positions.py", "gap <= _NOISE * max(abs(believed), abs(held))", "False"),
            ("measure.py", "key=lambda b: b.time_us", "key=lambda b: 0"),
            ("books.py", "elif _is_beyond(", "elif False and _is_beyond("),
            ("books.py", "if belief.time_us <= reaches_us", ""),
            ("intents.py", "if is_in(second.settled_us, [window]):", "if True:"),
            ("intents.py", ' and other.get("symbol") in (None, "", one.get("symbol"))', ""),
            (
                "asking.py",
                "return [_EVERYTHING, *own] if request.http == SHUT_OUT",
                "return own if True",
            ),
            (
                "judged.py",
                "float(0 if outside.packets else isolation.level)",
                "float(isolation.level)",
            ),
            ("believing.py", "replace(b, time_us=told_us) if b.time_us == asked_us else b", "b"),
            ("believing.py", "_said_of(far[0]) if far else", "_said_of(far[0]) if False else"),
            ("growing.py", "if not end and len(data) == _MOST:", "if False:"),
        )
    ),
    Mutant(
        "server.py", "        cache.cache_clear()", "        pass", ("exchange/test_serving.py",)
    ),
    Mutant("busy.py", "self._counts[what] <= MOST_A_SECOND", "True", BUSY),
    Mutant("busy.py", "self._late_s >= LATE_S", "True", BUSY),
    Mutant("judged.py", "is_new = request.endpoint not in codes and", "is_new = False and", BUSY),
    Mutant("reading.py", "and not _is_too_deep(found)", "", GARBAGE),
    Mutant("unrouted.py", "if refused.status in _NOWHERE:", "if False:", GARBAGE),
    Mutant("connection.py", "len(self._queue) > MOST_UNSENT and", "False and", GARBAGE),
)
