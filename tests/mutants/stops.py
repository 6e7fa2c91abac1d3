"""Faults in stop criteria and drills."""

from __future__ import annotations

from mutants.mutant import Mutant, of

STOPS = ("engine/test_stops.py",)
DRILLS = ("market/test_market_drills.py",)
LEAKS = ("process/test_leak.py",)
RESUMED = ("market/test_resumed_criteria.py",)
RECOMPUTED = ("market/test_recompute.py",)
RESUME = ("engine/test_crashes.py", "unit/test_journal.py")

MUTANTS = (
    # stop criteria
    *(
        Mutant("sustained.py", old, new, of("sustained"))
        for old, new in (
            ("t - active >= span_us", "t - active > span_us"),
            ("if value is None or math.isnan(value):", "if value is None:"),
            ('"active_since": active, "no_data_since": None', '"active_since": active'),
            ("if standing.stopped:\n        return standing, []", "if False:\n        pass"),
            ("if rule is None or t - since <", "if rule is None or t - since <="),
            ("elif standing.warned:", "elif False:"),
            ("if t - since < span_us(criterion.clear_for):", "if False:"),
            ("if not criterion.clears(value):", "if False:"),
            ("(t if standing.active_since is None else standing.active_since)", "(t)"),
        )
    ),
    *(
        Mutant("watch.py", old, new, STOPS)
        for old, new in (
            ("self._evaluate(part.end_us - 1)", "self._evaluate(part.end_us)"),
            ('t - window, "right")', 't - window // 2, "right")'),
            ('{n: int(np.searchsorted(r["time_us"], t, "right"))', "{n: int(len(r))"),
            ("min(until, self._latest) and not self.stopped", "min(until, self._latest)"),
            ("min(until, self._latest)", "until"),
            ("max(self._state.at, start_us)", "self._state.at"),
            ("min(first, len(rows) - 1)", "first"),
            ("            if not ends[table]:\n                continue\n", ""),
            ("self._used = max(0, self._used - past)", "pass"),
            ("self._rows[table] = rows[past:]", "pass"),
        )
    ),
    Mutant("watch.py", "if s.warned and n not in new", "if n not in new", STOPS),
    Mutant(
        "watch.py", 'self._used = len(self._rows.get("resources", ()))', "self._used = 0", STOPS
    ),
    Mutant("stops.py", "if not first or summary.faults or", "if summary.faults or", STOPS),
    Mutant("windows.py", "if stopped() else window.minutes", "if False else window.minutes", STOPS),
    Mutant("lane.py", "verdict = judgement.verdict if fired else", "verdict =", STOPS),
    Mutant("lane.py", "iteration > plan.gate.grace and fired is None", "iteration > 0", STOPS),
    Mutant("growth.py", "start >= first + DROPPED_US", "start >= first", of("growth")),
    Mutant("growth.py", "series.seen_us() < LEAST_US", "series.seen_us() <= 0", of("growth")),
    Mutant("growth.py", "self.low <= 0.0 <= self.high", "False", of("growth")),
    Mutant(
        "growth.py", "np.isfinite(values) & (times_us >= last)", "values == values", of("growth")
    ),
    Mutant("trend.py", "if not is_noise(rest, y)", "if False", of("growth")),
    Mutant(
        "drills.py",
        "if d.start_us <= time_us < d.end_us",
        "if d.start_us <= time_us",
        DRILLS,
    ),
    Mutant("simulation.py", "1 + np.arange(int(before", "np.arange(int(before", RECOMPUTED),
    Mutant("matching.py", "traded, world.mid, resting)", "traded, world.mid, handle)", RECOMPUTED),
    Mutant("from_feeds.py", 'ids_of(fills["order_id"])', "None", of("feed_rows")),
    Mutant("join.py", "for name in FILL_IDS},\n", "for name in ()},\n", ("engine/test_parts.py",)),
    Mutant("service.py", "self._stops.watched = past.carried.watched", "pass", RESUMED),
    Mutant("run.py", "else watched.without_rows(),", "else watched,", RESUMED),
    Mutant("service.py", "self._windows.usage = past.carried.usage", "pass", STOPS),
    Mutant("lane_journal.py", "if carried != NOTHING:", "if False:", RESUMED),
    Mutant("lane_journal.py", "if path.name not in self._kept:", "if False:", RESUME),
    Mutant("lane_journal.py", "for replaced in before:", "for replaced in ():", RESUMED),
    Mutant("drills.py", "venue |= changes.venue", "pass", DRILLS),
    Mutant("breaker.py", "time >= maker.tries_again_at", "False", DRILLS),
    Mutant("breaker.py", "maker.refusals == REFUSALS", "maker.refusals > 10_000", DRILLS),
    Mutant(
        "maker.py",
        "if row.reason != v.UNAVAILABLE:  # what was to be replaced",
        "if True:  # what was to be replaced",
        DRILLS,
    ),
    Mutant("maker.py", "== row.handle and row.reason != v.UNAVAILABLE", "== row.handle", DRILLS),
    Mutant("observe.py", "% 2 == 0) != was_open", "% 2 == 0)", DRILLS),
    Mutant("feed_rows.py", '("breaker", _table(observation.breaker)),', "", of("feed_rows")),
    Mutant("evidence.py", "if lane.drills:", "if False:", of("drills")),
    Mutant("handlers.py", " and not self._plan.lane.drills", "", of("drills")),
    Mutant("leak.py", "d.cause == LEAK and ", "", LEAKS),
    Mutant("leak.py", "(lane_us - drill.start_us)", "lane_us", LEAKS),
    Mutant("ballast.py", "held.append(b'x' * more)", "pass", LEAKS),
    Mutant("ballast.py", "elif not self._told(mb):", "elif self._pipe < 0:", LEAKS),
    Mutant("process_windows.py", "self._bot.hold(held)", "pass", LEAKS),
    Mutant("planning.py", "if drill.cause not in spec.drills:", "if False:", of("drills")),
)
