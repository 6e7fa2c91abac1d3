"""Faults in the comparing of runs."""

from __future__ import annotations

from mutants.mutant import Mutant, of

MUTANTS = (
    # statistics
    Mutant("student.py", "for step in range(2 if odd else 1", "for step in range(1", of("student")),
    Mutant("estimate.py", "return 2.0 * student_tail", "return student_tail", of("student")),
    Mutant("estimate.py", "after.mean - before.mean", "before.mean - after.mean", of("comparing")),
    Mutant(
        "estimate.py", "freedom = max(freedom, math.floor(", "max(0, math.floor(", of("student")
    ),
    Mutant("power.py", "limit * error", "limit", of("student")),
    Mutant("holm.py", "(len(chances) - rank) *", "1 *", of("student")),
    Mutant("batches.py", "_MOST_ALIKE, _MOST_R = 0.5", "_MOST_ALIKE, _MOST_R = 5.0", of("student")),
    Mutant("batches.py", "* math.sqrt((1.0 + r) / (1.0 - r))", "", of("student")),
    Mutant("batches.py", " + 1.0 / math.sqrt(n), _MOST_R)", ", _MOST_R)", of("student")),
    # which lanes and iterations count
    Mutant("groups.py", "iteration.summary.graded and ", "", of("compare_command")),
    Mutant("groups.py", "and iteration.summary.phase == Phase.STEADY", "", of("compare_command")),
    Mutant("groups.py", "if lane.lane not in run.result.unfinished", "", of("compare_command")),
    Mutant("groups.py", "abs(value) > LARGEST", "value is None", of("compare_command")),
    Mutant("match.py", "if one.market == group.market", "", of("comparing")),
    Mutant("match.py", "found = alike or there", "found = there", of("comparing")),
    Mutant(
        "match.py", "_number(lengths[0]) != _number(lengths[1])", "False", of("compare_command")
    ),
    # how
    Mutant("design.py", "if after.target not in BUILT_IN:", "if False:", of("comparing")),
    Mutant("design.py", "if before.target != after.target:", "if False:", of("comparing")),
    Mutant("design.py", "if n < least]", "if n < least - 1]", of("comparing")),
    Mutant("design.py", "group.measured", "group.lanes", of("comparing")),
    Mutant("series.py", "set.intersection", "set.union", of("comparing")),
    Mutant(
        "series.py",
        "float(values @ volume) / float(volume.sum())",
        "values.mean()",
        of("comparing"),
    ),
    Mutant("kpis.py", "_enough(len(pairs), ENOUGH_PAIRS", "_enough(len(pairs), 2", of("comparing")),
    Mutant("kpis.py", "lacking(values)", "0", of("comparing")),
    # what is said
    Mutant("findings.py", "if chance <= FAMILY else", "if chance <= 1.0 else", of("comparing")),
    Mutant(
        "findings.py",
        "holm([one.difference.chance for one in noisy])",
        "[one.difference.chance for one in noisy]",
        of("comparing"),
    ),
    Mutant("findings.py", "detectable(FAMILY / len(noisy))", "detectable(FAMILY)", of("comparing")),
    Mutant("findings.py", '(way == "up")', '(way == "down")', of("comparing")),
    Mutant("findings.py", "if kpi in gated and not", "if not", of("comparing")),
    Mutant("findings.py", "KNOWN[kpi].so_far)", "False)", of("comparing")),
    Mutant("findings.py", "(left_out | constant)", "left_out", of("comparing")),
    Mutant(
        "document.py", "verdict = max((_verdict", "verdict = min((_verdict", of("compare_command")
    ),
    Mutant(
        "document.py",
        'return "HOLD" if one.lacking',
        'return "HOLD" if not one.design',
        of("comparing"),
    ),
    Mutant(
        "compare.py",
        "    check_evidence(run.given, run.result.lanes)\n    check_whole",
        "    check_whole",
        of("compare_command"),
    ),
    Mutant(
        "compare.py", "    check_whole(run)\n    run.check", "    run.check", of("compare_command")
    ),
)
