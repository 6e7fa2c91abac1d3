"""Faults to be put into the source on purpose, each with the tests that must turn red.

`python tests/kill_mutants.py` tries them all.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).parent


class Mutant(NamedTuple):
    """In the one file called `file` that holds `old`, `new` stands in its place.

    `tests` are files or node ids below `tests`, of which at least one test must fail.
    """

    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.file}: {_line(self.old)} -> {_line(self.new)}"

    def path(self, package: Path) -> Path:
        """The source file, which holds `old` once."""
        found = [path for path in package.rglob(self.file) if self.old in path.read_text("utf-8")]
        counts = [path.read_text("utf-8").count(self.old) for path in found]
        assert counts == [1], f"{self.name}: found {sum(counts)} times"
        return found[0]


def _line(text: str) -> str:
    return " ".join(text.split())[:60]


def _of(*tests: str) -> tuple[str, ...]:
    return tuple(f"unit/test_{name}.py" for name in tests)


LANE = ("engine/test_run.py", "engine/test_advance.py")
CONTROL = ("engine/test_control.py",)
STOPS = ("engine/test_stops.py",)
GROWING = _of("growing_feeds")
STORED = _of("kpis_command")
ORDER = _of("dataset_order")
KEPT = _of("kept_feeds")
LATER = _of("later_mids")
DRILLS = ("market/test_market_drills.py",)
LEAKS = ("process/test_leak.py",)
RESUMED = ("market/test_resumed_criteria.py",)
RECOMPUTED = ("market/test_recompute.py",)
RESUME = ("engine/test_crashes.py", "unit/test_journal.py")

MUTANTS = [
    # gates
    Mutant("expressions.py", '"<=": operator.le', '"<=": operator.lt', _of("expressions")),
    Mutant("expressions.py", "not math.isnan(value) and ", "", _of("expressions")),
    Mutant("engine.py", "return max(verdicts, key", "return min(verdicts, key", _of("gates")),
    Mutant("engine.py", "FINAL_WINDOW = 8", "FINAL_WINDOW = 9", _of("evidence", "gates")),
    Mutant("engine.py", "history[-threshold.window :]", "history[-1:]", _of("gates")),
    Mutant("engine.py", "(median(found), None)", "(max(found), None)", _of("gates")),
    Mutant("engine.py", "if count < min_samples", "if count <= min_samples", _of("gates")),
    Mutant("engine.py", "lasting = min([now.", "lasting = max([now.", _of("gates")),
    Mutant(
        "model.py",
        "for t in self.thresholds if t.metric not in replaced",
        "for t in self.thresholds",
        _of("gates"),
    ),
    # evidence
    Mutant("evidence.py", '"failed": self.failed + 1', '"failed": self.failed', _of("evidence")),
    Mutant(
        "evidence.py",
        "self.failed >= rule.at_least",
        "self.failed > rule.at_least",
        _of("evidence"),
    ),
    Mutant("evidence.py", "or self.graded >= least", "or self.graded > least", _of("evidence")),
    Mutant(
        "evidence.py",
        "100 * self.failed / self.graded",
        "100 * self.graded / self.graded",
        _of("evidence"),
    ),
    Mutant(
        "evidence.py",
        "failure.excess > self.worst.excess",
        "failure.excess < self.worst.excess",
        _of("evidence"),
    ),
    Mutant(
        "lane.py",
        "Evidence(tuned=True) if changed else",
        "state.evidence if changed else",
        LANE + CONTROL,
    ),
    # guards
    Mutant("guards.py", "lambda step: step.now.frozen", "lambda step: False", _of("tuning_guards")),
    Mutant(
        "guards.py",
        "lambda step: step.name in step.now.held",
        "lambda step: False",
        _of("tuning_guards"),
    ),
    Mutant(
        "guards.py",
        "limits.oscillation_iterations + 1",
        "limits.oscillation_iterations",
        _of("tuning_guards"),
    ),
    Mutant("guards.py", "return changed + abs(", "return abs(", _of("tuning_guards")),
    Mutant(
        "guards.py",
        "any(iterations < step",
        "any(iterations <= step",
        _of("tuning_guards"),
    ),
    Mutant(
        "guards.py",
        "ranked[limits.parameters_a_step :]",
        "ranked[limits.parameters_a_step + 1 :]",
        _of("tuning_guards"),
    ),
    Mutant(
        "guards.py",
        "limits.velocity_warmup_factor if now.warmup else 1.0",
        "1.0",
        _of("tuning_guards"),
    ),
    # freeze
    Mutant(
        "freeze.py",
        "self.lock.since <= iteration <= self.lock.until",
        "self.lock.since <= iteration < self.lock.until",
        _of("freeze"),
    ),
    Mutant(
        "freeze.py",
        "(watch.bad + 1 if failed else 0) if counts",
        "(watch.bad + 1 if failed else watch.bad) if counts",
        _of("freeze"),
    ),
    Mutant(
        "freeze.py",
        "failed and lock is not None and lock.reason == STEADY_STATE",
        "failed and lock is not None",
        _of("freeze"),
    ),
    Mutant("freeze.py", "**(now.frozen or fallback)", "**fallback", _of("freeze")),
    Mutant("freeze.py", "good >= freeze.streak", "good > freeze.streak", _of("freeze")),
    # lane and control
    Mutant(
        "lane.py",
        "graded = iteration > plan.gate.grace",
        "graded = iteration >= plan.gate.grace",
        LANE,
    ),
    Mutant(
        "lane.py",
        "counts = (graded and phase is not Phase.WARMUP) or hardened",
        "counts = graded or hardened",
        LANE + CONTROL,
    ),
    Mutant("lane.py", "if ending is Ending.INTERRUPTED:", "if False:", LANE),
    Mutant("lane.py", "plan.gate_mode is GateMode.OFF or not counts", "not counts", LANE),
    Mutant("lane.py", "_soften(plan, raw, counts=True)", "_soften(plan, raw, counts=False)", LANE),
    Mutant(
        "lane.py",
        "if not (hardened or ending is not None) or state.unsoftened:",
        "if not (hardened or ending is not None):",
        LANE,
    ),
    Mutant("control.py", "values |= edits", "pass", CONTROL),
    Mutant(
        "control.py",
        "return decision if plan.auto_tune else",
        "return decision if True else",
        CONTROL,
    ),
    Mutant("control.py", "counts = graded and phase is Phase.STEADY", "counts = graded", CONTROL),
    # journal and resume
    Mutant("journal.py", 'or checksum != b"%08x" % crc32(data)', "", _of("journal")),
    Mutant("journal.py", "bad = bad or number", "continue", _of("journal")),
    Mutant("lane_journal.py", "and line.done.iteration == len(iterations) + 1", "", _of("journal")),
    Mutant("lane_journal.py", "cut(self._files.journal, self._found.size)", "pass", RESUME),
    Mutant(
        "lane_journal.py",
        "if sha256(data).hexdigest() != file.sha256:",
        "if False:",
        _of("journal"),
    ),
    Mutant(
        "lane_journal.py", "_same(content.fingerprint, self._fingerprint)", "pass", _of("journal")
    ),
    Mutant(
        "past.py",
        "if record.state_hash != done.state_hash:",
        "if False:",
        ("engine/test_run.py", *RESUME),
    ),
    Mutant(
        "past.py",
        "if len(past.iterations) > plan.iterations:",
        "if False:",
        (
            "engine/test_run.py",
            *RESUME,
            "plugin/test_resume.py::test_more_iterations_extend_a_finished_soak_and_fewer_are_refused",
        ),
    ),
    Mutant("past.py", "if state.iteration == 0:", "if False:", ("engine/test_run.py", *RESUME)),
    # settings
    Mutant(
        "resolve.py",
        "if option.env and (text := inputs.env",
        "if False and (text := inputs.env",
        _of("settings"),
    ),
    Mutant("resolve.py", "_RISING = (INI, ENV, CLI)", "_RISING = (CLI, ENV, INI)", _of("settings")),
    Mutant(
        "resolve.py",
        "seeds.extend(range(first, last + 1))",
        "seeds.extend(range(first, last))",
        _of("settings"),
    ),
    Mutant("resolve.py", 'and found["target"].source == "default"', "", _of("settings")),
    Mutant("resolve.py", "(given.source == CLI or not text)", "True", _of("settings")),
    Mutant("overrides.py", "if all(value != ours[name] for ours in written)", "", _of("overrides")),
    # observation
    Mutant(
        "validate.py",
        "faults = faults or list(unbalanced(observation, before))",
        "",
        _of("observation"),
    ),
    Mutant(
        "validate.py",
        "if ends.min() < start or ends.max() > end:",
        "if ends.max() > end:",
        _of("observation"),
    ),
    Mutant(
        "validate.py", "len(rows) >= DOUBLES and copies.min() >= 2", "False", _of("observation")
    ),
    Mutant("validate.py", "if count > intended + quotes:", "if False:", _of("observation")),
    Mutant(
        "conserve.py",
        "if abs(end - expected) > _dust(observation, sums):",
        "if False:",
        _of("observation"),
    ),
    Mutant(
        "conserve.py",
        'fills["side"] * notional + fills["fee_quote"]',
        'fills["side"] * notional',
        _of("observation"),
    ),
    Mutant(
        "conserve.py",
        "if abs(held - before.inventory) > _dust(observation, sums):",
        "if False:",
        ("engine/test_run.py",),
    ),
    # KPIs
    Mutant(
        "edge.py", 'fills["mid"] - fills["price"]', 'fills["price"] - fills["mid"]', _of("edge")
    ),
    Mutant("edge.py", '"fees": -float(', '"fees": float(', _of("edge")),
    Mutant(
        "edge.py",
        "np.maximum.accumulate(equity) - equity",
        "equity - np.minimum.accumulate(equity)",
        _of("edge"),
    ),
    Mutant("edge.py", "against = -marked", "against = marked", _of("edge")),
    Mutant("tables.py", "np.percentile(values, 95)", "np.percentile(values, 90)", _of("edge")),
    Mutant(
        "spans.py",
        "return max(between, *(within for _, within in rows)) / turnover",
        "return between / turnover",
        _of("spans"),
    ),
    Mutant(
        "summary.py",
        "given is not None and low <= given <= high",
        "given is not None",
        _of("artifacts", "edge") + LANE,
    ),
    Mutant(
        "summary.py",
        "key=lambda name: -costs[name]",
        "key=lambda name: costs[name]",
        _of("edge", "watcher"),
    ),
    # the session
    Mutant(
        "protocol.py",
        "self._context.lanes.pause(slot.lane)",
        "pass",
        (
            "plugin/test_pacing.py::test_the_pause_is_between_iterations_and_not_before_skipped_ones",
        ),
    ),
    Mutant(
        "protocol.py",
        'failure = "the test did not call soak_iteration.run()"',
        "pass",
        ("plugin/test_targets.py::test_a_test_that_does_not_run_its_window_ends_the_lane",),
    ),
    Mutant(
        "protocol.py",
        'report.outcome, report.longrepr = "failed"',
        'report.outcome, report.longrepr = "passed"',
        ("plugin/test_reruns.py::test_a_subtest_before_the_window_does_not_end_the_lane",),
    ),
    Mutant(
        "order.py",
        "items[:] = kept",
        "items[:] = items",
        ("plugin/test_selection.py::test_asking_for_iteration_three_runs_one_to_three",),
    ),
    Mutant(
        "order.py",
        "if items and max(slots.values()) > 1:",
        "if False:",
        ("plugin/test_honesty.py::test_further_parameters_of_a_soak_test_are_a_usage_error",),
    ),
    Mutant(
        "once.py",
        "return run_once(item, nextitem)",
        "return None",
        ("plugin/test_reruns.py::test_the_last_iteration_that_fails_is_not_run_again",),
    ),
    Mutant(
        "once.py",
        "if _IN_BODY in item.stash:",
        "if False:",
        ("plugin/test_reruns.py::test_a_body_that_a_plugin_enters_again_does_not_run",),
    ),
    Mutant("distributed.py", "IN_FLIGHT = 2", "IN_FLIGHT = 3", _of("lane_scheduling")),
    Mutant("distributed.py", "self._lanes.appendleft(left)", "pass", _of("lane_scheduling")),
    Mutant(
        "distributed.py",
        "crashed = self.collection[pending.pop(0)]",
        "crashed = self.collection[pending[0]]",
        _of("lane_scheduling"),
    ),
    Mutant(
        "distributed.py",
        "if len(pending) < IN_FLIGHT:",
        "if len(pending) <= IN_FLIGHT:",
        _of("lane_scheduling"),
    ),
    # sessions and commands
    *(
        Mutant(file, old, new, (f"plugin/test_{test}",))
        for file, old, new, test in (
            (
                "cli.py",
                "return 0 if verdict.passed else 1",
                "return 0",
                "cli.py::test_a_violation_is_listed_and_fails",
            ),
            (
                "cli.py",
                "return USAGE if errors else 0",
                "return 0",
                "config_commands.py::test_migrate_makes_a_profile_that_soaks_and_tells_what_is_broken",
            ),
            (
                "cli.py",
                "return merged.result.exit_status or 0",
                "return 0",
                "merge_command.py::test_a_job_that_left_nothing_or_too_little_is_no_pass",
            ),
            (
                "cli.py",
                "default=100, type=click.IntRange(min=1)",
                "default=100, type=click.IntRange(min=0)",
                "rotate_command.py::test_over_size_exits_2_and_a_missing_folder_4",
            ),
            (
                "controller.py",
                "good = conclusion.verdict in (Verdict.PASS, Verdict.WARN)",
                "good = True",
                "honesty.py::test_a_soak_that_was_skipped_is_no_success",
            ),
            (
                "controller.py",
                "self._report = wanted or layout.report",
                "pass",
                "report.py::test_a_soak_ends_with_a_report_and_a_trend",
            ),
            (
                "distributed.py",
                "selected[lane] = max(",
                "_ = max(",
                "honesty.py::test_a_built_in_id_works_under_xdist",
            ),
            (
                "folder.py",
                "if before != now:",
                "if False:",
                "resume.py::test_other_settings_are_refused_by_name",
            ),
            (
                "overrides.py",
                "sources |= dict.fromkeys(given, source)",
                "pass",
                "runtime_file.py::test_each_source_beats_the_next",
            ),
            (
                "plugin.py",
                "return record_feed",
                "return dict",
                "market_fixture.py::test_a_plain_test_gets_feeds",
            ),
            (
                "protection.py",
                "_say([self._step.stop()])",
                "pass",
                "github_session.py::test_a_conftest_that_fails_says_no_command",
            ),
            (
                "protocol.py",
                "failure = str(error)",
                "pass",
                "disk.py::test_a_file_that_cannot_be_written_fails_its_iteration_and_ends_the_lane",
            ),
            (
                "protocol.py",
                "item.user_properties.extend(",
                "list().extend(",
                "ecosystem.py::test_the_report_log_has_every_iteration_and_its_kpis",
            ),
            (
                "scenarios.py",
                "        if given in BUILT_IN:\n            return BUILT_IN[given]",
                "        return BUILT_IN.get(given, BUILT_IN['calm'])",
                "usage_errors.py::test_a_bad_ini_value_is_named",
            ),
            (
                "system.py",
                "os._exit(CHILD)",
                "pass",
                "forks.py::test_the_child_ends_and_the_session_is_whole_and_can_be_resumed",
            ),
            (
                "target_fixture.py",
                'if given != "default":',
                "if False:",
                "honesty.py::test_a_target_fixture_in_a_test_module_has_its_own_table",
            ),
            (
                "target_fixture.py",
                "if definition is not effective and not",
                "if False and not",
                "target_fixture.py::test_what_cannot_be_used_is_a_usage_error_that_names_it",
            ),
            (
                "timeouts.py",
                "if took > self._seconds:",
                "if False:",
                "timeouts.py::test_a_bot_that_catches_its_timeout_fails_all_the_same",
            ),
            (
                "typed.py",
                "for flag in _flags(args):",
                "for flag in ():",
                "typed.py::test_an_option_that_does_nothing_is_refused",
            ),
            (
                "typed.py",
                "for flag in _flags(unknown):",
                "for flag in ():",
                "typed.py::test_an_option_that_does_nothing_is_refused",
            ),
            (
                "verdict.py",
                'see {see}" if lane.changed else ""',
                'see {see}" if False else ""',
                "tuning_session.py::test_with_auto_tune_decisions_are_applied_shown_and_told_at_the_end",
            ),
        )
    ),
    # merge
    Mutant("join.py", "if lane.lower() in seen:", "if False:", _of("merging")),
    Mutant("join.py", "if Verdict.FAIL in judged:", "if False:", _of("merging")),
    Mutant("join.py", "if not complete or any(", "if any(", _of("merging")),
    Mutant("join.py", "max((result.gate_mode", "min((result.gate_mode", _of("merging")),
    Mutant("alike.py", "if first != value:", "if False:", _of("merging")),
    Mutant("alike.py", "if first[0] != other[0]:", "if False:", _of("merging")),
    Mutant("compare.py", "if before.get(path) != after.get(path):", "if False:", _of("merging")),
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
    # stop criteria
    *(
        Mutant("sustained.py", old, new, _of("sustained"))
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
    Mutant("growth.py", "start >= first + DROPPED_US", "start >= first", _of("growth")),
    Mutant("growth.py", "series.seen_us() < LEAST_US", "series.seen_us() <= 0", _of("growth")),
    Mutant("growth.py", "self.low <= 0.0 <= self.high", "False", _of("growth")),
    Mutant(
        "growth.py", "np.isfinite(values) & (times_us >= last)", "values == values", _of("growth")
    ),
    Mutant("trend.py", "if power <= n * (_ROUNDING", "if power < 0 * (_ROUNDING", _of("growth")),
    Mutant(
        "drills.py",
        "if d.start_us <= time_us < d.end_us",
        "if d.start_us <= time_us",
        DRILLS,
    ),
    Mutant("simulation.py", "1 + np.arange(int(before", "np.arange(int(before", RECOMPUTED),
    Mutant("matching.py", "traded, world.mid, resting)", "traded, world.mid, handle)", RECOMPUTED),
    Mutant("from_feeds.py", '_ids(fills["order_id"])', "None", _of("feed_rows")),
    Mutant("join.py", "for name in FILL_IDS},\n", "for name in ()},\n", ("engine/test_parts.py",)),
    Mutant("run.py", "self._stops.watched = past.carried.watched", "pass", RESUMED),
    Mutant("run.py", "else watched.without_rows(),", "else watched,", RESUMED),
    Mutant("run.py", "self._windows.usage = past.carried.usage", "pass", STOPS),
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
    Mutant("feed_rows.py", '("breaker", _table(observation.breaker)),', "", _of("feed_rows")),
    Mutant("evidence.py", "if lane.drills:", "if False:", _of("drills")),
    Mutant("handlers.py", " and not self._plan.lane.drills", "", _of("drills")),
    Mutant("leak.py", "d.cause == LEAK and ", "", LEAKS),
    Mutant("leak.py", "(lane_us - drill.start_us)", "lane_us", LEAKS),
    Mutant("ballast.py", "held.append(b'x' * more)", "pass", LEAKS),
    Mutant("ballast.py", "elif not self._told(mb):", "elif self._pipe < 0:", LEAKS),
    Mutant("process_windows.py", "self._bot.hold(held)", "pass", LEAKS),
    Mutant("planning.py", "if drill.cause not in spec.drills:", "if False:", _of("drills")),
    # facts of a feed
    Mutant(
        "series.py", "if len(values) < lag + LEAST or", "if len(values) <= lag or", _of("series")
    ),
    Mutant("mids.py", "return 1e4 * orders.sign[seen] * move,", "return 1e4 * move,", _of("facts")),
    Mutant("templating.py", "autoescape=True", "autoescape=False", _of("feed_picture")),
    # feeds of a bot
    Mutant("tail.py", "status.st_size < self._line_start", "False", GROWING),
    Mutant("tail.py", "before not in (None, self._identity)", "False", GROWING),
    Mutant("tail.py", "if is_link(path):", "if False:", GROWING),
    Mutant("line_batches.py", 'b"" if self._skipping else half', "half", GROWING),
    Mutant("line_batches.py", "number = self._number + 1\n", "number = self._number\n", STORED),
    Mutant("feed_lines.py", "times.max() < last", "True", GROWING),
    Mutant("feed_kinds.py", "self.above < least", "self.above <= least", GROWING),
    Mutant("growing.py", "times < self._closed_us", "times <= self._closed_us", GROWING),
    Mutant("growing.py", "self._held += float", "self._held -= float", GROWING),
    Mutant("from_feeds.py", "<= FRESH_US)", "< FRESH_US)", GROWING),
    Mutant("from_feeds.py", "int(np.argmin(around))", "0", GROWING),
    Mutant("from_feeds.py", 'kept = ~marks["boundary"] & ', "kept = ", RECOMPUTED),
    Mutant("from_feeds.py", "_boundary(marks, end_us, 0)", "None", _of("feed_rows")),
    Mutant("feed_rows.py", "_MS_DECIMALS = 3", "_MS_DECIMALS = 2", RECOMPUTED),
    Mutant("feed_rows.py", "days == day", "days >= day", RECOMPUTED),
    Mutant("feed_rows.py", "later = equity +", "later = 2 * equity -", RECOMPUTED),
    Mutant("check.py", "if name not in GROWTH_KPIS", "", ("process/test_check.py",)),
    Mutant(
        "check.py",
        "SPAN_KPIS[name].needs if name in SPAN_KPIS else [name]",
        "[name]",
        ("process/test_check.py",),
    ),
    Mutant("check.py", "if heard.record.summary.faults", "if False", ("process/test_check.py",)),
    Mutant(
        "ask.py", "ArtifactError, KeyboardInterrupt", "KeyboardInterrupt", ("process/test_soak.py",)
    ),
    Mutant(
        "growing.py",
        "(told <= before[:-1])",
        "(told < before[:-1])",
        ("process/test_bot_feeds.py",),
    ),
    Mutant(
        "feeds.py",
        "self._repeated = self._feeds.repeated\n        if",
        "if",
        ("process/test_bot_feeds.py",),
    ),
    Mutant("usage.py", "now == self.started_us", "True", _of("growth")),
    Mutant(
        "usage.py",
        "resources[others[-1] + 1 :] if len(others) else resources",
        "resources",
        _of("growth"),
    ),
    Mutant("numbering.py", "if name != WATCHED", "", _of("dataset")),
    Mutant("later_mids.py", "== UNTOLD) & (times <= until_us)", "== UNTOLD)", LATER),
    Mutant("later_mids.py", "(times[due] >= self._start_us)", "True", LATER),
    Mutant("later_mids.py", "end_us + FRESH_US)", "_EVER)", LATER),
    Mutant("later_mids.py", "not _open(self._parts[self._settled])", "True", LATER),
    Mutant("join.py", "fills[name] = column", "pass", ("process/test_bot_windows.py",)),
    Mutant("stored_feeds.py", "since < end", "since < end - 10**12", STORED),
    Mutant("packing.py", "mtime=0", "mtime=None", RECOMPUTED),
    Mutant("feeds.py", "self.seq = seq", "self.seq = 0", RESUME),
    Mutant("feeds.py", "if not self._bots_own or _regular(path)", "if True", KEPT),
    Mutant("feeds.py", "self._files.feed(FEED_INDEX).unlink(missing_ok=True)", "pass", KEPT),
    Mutant("feeds.py", "day < newest and ", "", KEPT),
    Mutant("feeds.py", " and not both:", ":", KEPT),
    Mutant("feeds.py", "if problems and not self._bots_own", "if problems", KEPT),
    Mutant("feed_index.py", "told = seqs[seqs > 0]", "told = seqs", KEPT),
    Mutant("run.py", "self._close()\n", "pass\n", ("process/test_soak.py",)),
    Mutant("feeds.py", "self._read()\n            self.publish()", "self.publish()", RESUME),
    Mutant("intervals.py", "start_us // interval_us * interval_us", "start_us", _of("dataset")),
    Mutant("intervals.py", "100.0 * (1.0 - share)", "100.0 * share", _of("dataset")),
    Mutant("numbering.py", "kept: NDArray[np.bool_] = seq == 0", "kept = seq < 0", _of("dataset")),
    Mutant("numbering.py", "np.maximum.accumulate(lasts[order])", "lasts[order]", _of("dataset")),
    Mutant("numbering.py", "np.argsort(firsts, kind", "np.argsort(times, kind", _of("dataset")),
    Mutant("numbering.py", "accumulate(times) - BACK_US", "accumulate(times)", _of("dataset")),
    Mutant("bad_lines.py", "if _endless(value) else Reason.NOT_JSON", "", _of("dataset")),
    Mutant("bad_lines.py", "if type(value) in types else Reason.TYPE", "", _of("dataset")),
    Mutant("bad_lines.py", "lines=known.lines + 1)", "lines=1)", _of("dataset")),
    Mutant("feed_lines.py", "DAY_US + self.spare_us", "DAY_US", _of("dataset")),
    Mutant("stored_feeds.py", "bad=not newest", "bad=True", _of("dataset")),
    *(
        Mutant("mapped_lines.py", old, new, _of("mapping"))
        for old, new in (
            ("isinstance(told, bool) == isinstance(wanted, bool) and ", ""),
            ('"_" not in value', "True"),
            ("side * (slippage if", "(slippage if"),
            ("price / (1.0 + paid / 1e4)", "price * (1.0 - paid / 1e4)"),
            ("number.adjusted() < _MOST_DIGITS", "True"),
            ("_replace(place=places[feed][one.place])", "_replace(place=one.place)"),
            ("    if None in told:\n        return None\n", ""),
        )
    ),
    Mutant(
        "line_mapping.py", "if field.required and name not in values", "if False", _of("mapping")
    ),
    Mutant("feed_files.py", "(?<!\\d)(", "(", _of("mapping")),
    Mutant("feed_sources.py", "else Day(name, number, spare_us)", "else None", _of("mapping")),
    Mutant("refuse.py", "start_us < self.cold_until_us", "False", _of("dataset")),
    Mutant("refuse.py", 'values["phase"] != STEADY', 'values["phase"] == "warmup"', _of("dataset")),
    Mutant("setting.py", "if len(values) > 1", "if False", _of("dataset")),
    Mutant("setting.py", "if 1 not in boundaries", "if not boundaries", _of("dataset")),
    Mutant("setting.py", "first < end_us and start_us < last", "first < end_us", _of("dataset")),
    Mutant("from_feeds.py", "np.lexsort((numbers, times))", "np.argsort(times)", ORDER),
    Mutant("dataset.py", "if self._held is None else self._held", "", ORDER),
    Mutant("numbering.py", "if not kept.all()", "if False", ORDER),
    Mutant("refuse.py", "coverage < limits", "coverage > limits", _of("dataset")),
    Mutant("summary.py", "refused >= limits", "refused > limits", _of("dataset")),
    Mutant("stored_feeds.py", "self._held += float", "self._held -= float", _of("dataset")),
    Mutant("stored_feeds.py", "DAY_US - spare_us - MARGIN_US", "DAY_US", _of("dataset")),
    Mutant("stored_feeds.py", "table, end_us - margin)", "table, end_us)", _of("dataset")),
]
