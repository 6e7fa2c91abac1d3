"""Faults in gates, evidence, guards and frozen runs."""

from __future__ import annotations

from mutants.mutant import Mutant, of

LANE = ("engine/test_run.py", "engine/test_advance.py")
CONTROL = ("engine/test_control.py",)

MUTANTS = (
    # gates
    Mutant("expressions.py", '"<=": operator.le', '"<=": operator.lt', of("expressions")),
    Mutant("expressions.py", "not math.isnan(value) and ", "", of("expressions")),
    Mutant("engine.py", "return max(verdicts, key", "return min(verdicts, key", of("gates")),
    Mutant("engine.py", "FINAL_WINDOW = 8", "FINAL_WINDOW = 9", of("evidence", "gates")),
    Mutant("engine.py", "history[-threshold.window :]", "history[-1:]", of("gates")),
    Mutant("engine.py", "(measured or history)[-1:]", "history[-1:]", of("spans")),
    # a lane's end by all of its steady iterations
    Mutant("lasting.py", "FAMILY_CHANCE / len(looked_at)", "0.9", of("lasting")),
    Mutant("lasting.py", 'if one.rule != "fail":', "if True:", of("lasting")),
    Mutant(
        "lasting.py", 'return ">= 0" if symbol in _FALLING', 'return "<= 0" if True', of("lasting")
    ),
    Mutant("lasting.py", '(one.rule, known.rule) == ("fail", "warn")', "False", of("lasting")),
    Mutant("lasting.py", "if all(holds):", "if any(holds):", of("lasting")),
    Mutant("lasting.py", "or not any(holds):", "or True:", of("lasting")),
    Mutant("means.py", "math.sqrt(inflation(values) / n)", "math.sqrt(1 / n)", of("means")),
    Mutant(
        "means.py", "(self.half_width / distance) ** 2", "(self.half_width / distance)", of("means")
    ),
    Mutant("evidence.py", "verdict=Verdict.HOLD", "verdict=Verdict.WARN", of("evidence")),
    Mutant("lane.py", "if phase is Phase.STEADY else evidence", "if True else evidence", LANE),
    Mutant(
        "plan.py",
        "held = verdict is Verdict.HOLD and mode is not GateMode.HARD",
        "held = verdict is Verdict.HOLD",
        ("plugin/test_hold.py",),
    ),
    Mutant(
        "verdict.py",
        "    if result.verdict is Verdict.HOLD:\n        return HELD\n",
        "",
        ("plugin/test_hold.py",),
    ),
    Mutant("engine.py", "(measured or history)[-1:]", "history", of("spans")),
    Mutant("spans.py", "else median(values)", "else max(values)", of("gates")),
    Mutant("spans.py", "values[-1] if so_far(metric) else median", "median", of("spans")),
    Mutant("engine.py", "if count < min_samples", "if count <= min_samples", of("gates")),
    Mutant("engine.py", "lasting = min([now.", "lasting = max([now.", of("gates")),
    Mutant(
        "model.py",
        "for t in self.thresholds if (t.metric, t.of_baseline) not in replaced",
        "for t in self.thresholds",
        of("gates"),
    ),
    # evidence
    Mutant("evidence.py", '"failed": self.failed + 1', '"failed": self.failed', of("evidence")),
    Mutant(
        "evidence.py",
        "self.failed >= rule.at_least",
        "self.failed > rule.at_least",
        of("evidence"),
    ),
    Mutant("evidence.py", "or self.graded >= least", "or self.graded > least", of("evidence")),
    Mutant(
        "evidence.py",
        "100 * self.failed / self.graded",
        "100 * self.graded / self.graded",
        of("evidence"),
    ),
    Mutant(
        "evidence.py",
        "failure.excess > self.worst.excess",
        "failure.excess < self.worst.excess",
        of("evidence"),
    ),
    Mutant(
        "lane.py",
        "Evidence(tuned=True) if changed else",
        "state.evidence if changed else",
        LANE + CONTROL,
    ),
    # guards
    Mutant("guards.py", "lambda step: step.now.frozen", "lambda step: False", of("tuning_guards")),
    Mutant(
        "guards.py",
        "lambda step: step.name in step.now.held",
        "lambda step: False",
        of("tuning_guards"),
    ),
    Mutant(
        "guards.py",
        "limits.oscillation_iterations + 1",
        "limits.oscillation_iterations",
        of("tuning_guards"),
    ),
    Mutant("guards.py", "return changed + abs(", "return abs(", of("tuning_guards")),
    Mutant(
        "guards.py",
        "any(iterations < step",
        "any(iterations <= step",
        of("tuning_guards"),
    ),
    Mutant(
        "guards.py",
        "ranked[limits.parameters_a_step :]",
        "ranked[limits.parameters_a_step + 1 :]",
        of("tuning_guards"),
    ),
    Mutant(
        "guards.py",
        "limits.velocity_warmup_factor if now.warmup else 1.0",
        "1.0",
        of("tuning_guards"),
    ),
    # freeze
    Mutant(
        "freeze.py",
        "self.lock.since <= iteration <= self.lock.until",
        "self.lock.since <= iteration < self.lock.until",
        of("freeze"),
    ),
    Mutant(
        "freeze.py",
        "(watch.bad + 1 if failed else 0) if counts",
        "(watch.bad + 1 if failed else watch.bad) if counts",
        of("freeze"),
    ),
    Mutant(
        "freeze.py",
        "failed and lock is not None and lock.reason == STEADY_STATE",
        "failed and lock is not None",
        of("freeze"),
    ),
    Mutant("freeze.py", "**(now.frozen or fallback)", "**fallback", of("freeze")),
    Mutant("freeze.py", "good >= freeze.streak", "good > freeze.streak", of("freeze")),
)
