"""Faults in the judging of a run beside its baseline."""

from __future__ import annotations

from mutants.mutant import Mutant, of

MUTANTS = tuple(
    Mutant(file, old, new, of(test))
    for file, old, new, test in (
        # the gate
        ("model.py", "for t in thresholds if not t.of_baseline]", "for t in thresholds]", "gates"),
        (
            "model.py",
            "(t.metric, t.of_baseline) for t in block",
            "(t.metric, False) for t in block",
            "gates",
        ),
        (
            "model.py",
            "(-100.0 if low >= 0.0 else -math.inf), math.inf",
            "-math.inf, math.inf",
            "gates",
        ),
        ("model.py", "else (low - high, high - low)", "else (low, high)", "gates"),
        ("expressions.py", "or not limit.holds(0.0):", "or False:", "gates"),
        ("expressions.py", "if not found.percent:", "if False:", "gates"),
        # what decides
        ("decide.py", "if not limit.holds(change.mean) and", "if", "baseline_decide"),
        ("decide.py", " and worse * change.mean > least:", ":", "baseline_decide"),
        (
            "decide.py",
            "1.0 - chance, change.freedom) * ",
            "0.5, change.freedom) * ",
            "baseline_decide",
        ),
        (
            "decide.py",
            "detectable_errors(2.0 * chance",
            "detectable_errors(0.5 * chance",
            "baseline_decide",
        ),
        ("decide.py", "if ruled_out or seen", "if ruled_out", "baseline_decide"),
        ("decide.py", "if ruled_out or seen", "if seen", "baseline_decide"),
        ("decide.py", "change.mean + worse * farthest", "change.mean", "baseline_decide"),
        ("decide.py", "change.error * math.sqrt(units / count)", "change.error", "baseline_decide"),
        # what is judged
        ("judge.py", "FAMILY / limits", "FAMILY", "baseline"),
        ("judge.py", "if number >= first}", "}", "baseline"),
        ("checks.py", "    if None in has:", "    if False:", "baseline"),
        ("kpis.py", "if _equal(kpi, before, after):", "if False:", "comparing"),
        ("kpis.py", "return old == new", "return old.keys() == new.keys()", "comparing"),
        (
            "checks.py",
            "if relative and abs(change.before) <= change.scale:",
            "if False:",
            "baseline",
        ),
        ("checks.py", "100.0 / abs(change.before)", "100.0 / change.before", "baseline"),
        (
            "judge.py",
            "if same and len(after.lanes) == 1 else before",
            "if False else before",
            "baseline",
        ),
        ("checks.py", "if harm is Harm.SHOWN:", "if False:", "baseline"),
        (
            "checks.py",
            "is Harm.UNKNOWN and verdict is Verdict.FAIL:",
            "is Harm.UNKNOWN:",
            "baseline",
        ),
        ("checks.py", "    if not harmed:", "    if True:", "baseline"),
        ("checks.py", "    if change.identical:\n        return told\n", "", "baseline"),
        (
            "judge.py",
            "found if run.result.gate_mode is not GateMode.OFF else",
            "found if True else",
            "baseline",
        ),
        ("judge.py", ", *alone(made, before, after)]", "]", "baseline"),
        # what may be a baseline
        ("reference.py", " or run.result.unfinished:", ":", "baseline"),
        ("reference.py", "    check_evidence(run.given, run.result.lanes)\n", "", "baseline"),
        ("reference.py", "    check_whole(run)\n", "", "baseline"),
        ("reference.py", "    check_distinct(runs)\n", "", "baseline"),
        ("reference.py", "    if found.digest != runs.digest:", "    if False:", "baseline"),
        ("reference.py", "    check_windows(baseline.runs[0], run, minutes)\n", "", "baseline"),
        (
            "reference.py",
            "        if partner(baseline.groups, group) is None:",
            "        if False:",
            "baseline",
        ),
        ("reference.py", ", deterministic=same)", ")", "baseline"),
        # which run is meant
        (
            "named.py",
            "(root / BASELINES, base / BASELINES)",
            "(base / BASELINES,)",
            "baseline_named",
        ),
        (
            "named.py",
            "    if find_run(path) is not None:",
            "    if path.exists():",
            "baseline_named",
        ),
        ("named.py", "    if len(runs) == 1:", "    if runs:", "baseline_named"),
        ("named.py", ", *_children(place / RUNS)", "", "baseline_named"),
        ("named.py", '"meta", "run") == run)', '"meta", "run"))', "baseline_named"),
        ("freeze.py", "        run=_run(file),\n", "", "baseline_named"),
        ("baseline.py", "    _check_stays(settings, at, folders)\n", "", "baseline_option"),
        # two bots in turn
        ("repeat.py", "if number % 2 else reversed(_ARMS)", "if number else ()", "repeat"),
        ("repeat.py", "run = kept[turn] or _run(", "run = _run(", "repeat"),
        ("repeat.py", "return run if over else None", "return run", "repeat"),
        (
            "repeat.py",
            "        if before.get(name) != now.get(name):",
            "        if False:",
            "repeat",
        ),
        (
            "repeat.py",
            "        if run.result.verdict is Verdict.FAIL:",
            "        if False:",
            "repeat",
        ),
        ("repeat.py", "if turn.arm == arm}", "}", "repeat"),
        ("repeat.py", "request.targets[turn.arm]", "request.a", "repeat"),
        ("model.py", '{"thresholds": _of_lanes(block.thresholds)}', "{}", "repeat"),
        # where it counts
        (
            "verdict.py",
            'text = f"FAIL: something beside',
            'text = f"FAIL: nothing beside',
            "baseline",
        ),
        (
            "verdict.py",
            'Conclusion(found, "; "',
            'Conclusion(lanes.verdict, "; "',
            "baseline_option",
        ),
        ("baseline.py", "    if settings.drills:", "    if False:", "baseline_option"),
        (
            "baseline.py",
            "        if folder.resolve() in taken:",
            "        if False:",
            "baseline_option",
        ),
        (
            "baseline.py",
            "    if any(gate.needs_baseline for gate in gates):",
            "    if False:",
            "baseline_option",
        ),
        (
            "baseline.py",
            "if gate.needs_baseline and settings.baseline is None:",
            "if False:",
            "baseline_option",
        ),
        (
            "lanes.py",
            '{} if settings.baseline is None else {"baseline": settings.baseline.digest}',
            "{}",
            "baseline_option",
        ),
        (
            "join.py",
            "        baseline=[one for result in results for one in result.baseline],\n",
            "",
            "baseline_option",
        ),
        (
            "merge.py",
            "    if found is Verdict.FAIL:\n        verdict = found\n",
            "",
            "baseline_option",
        ),
        (
            "merge.py",
            "    if not succeeds(verdict, result.gate_mode):\n        status = 1\n",
            "",
            "baseline_option",
        ),
        ("words.py", "if found is bad\n", "\n", "baseline"),
        ("words.py", "if held or one.way is not Way.NONE", "if True", "baseline"),
    )
)
