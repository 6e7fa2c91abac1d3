"""Faults in the comparing of runs."""

from __future__ import annotations

from mutants.mutant import Mutant, of

_IN_COMPARE = "    check_evidence(run.given, run.result.lanes)\n"

MUTANTS = tuple(
    Mutant(file, old, new, of(test))
    for file, old, new, test in (
        # statistics
        ("student.py", "range(2 if odd else 1", "range(1", "student"),
        ("estimate.py", "return 2.0 * student_tail", "return student_tail", "student"),
        ("estimate.py", "after.mean - before.mean", "before.mean - after.mean", "comparing"),
        ("estimate.py", "max(freedom, math.floor(", "max(9, math.floor(", "student"),
        ("power.py", "limit * error", "limit", "student"),
        ("holm.py", "(len(chances) - rank) *", "1 *", "student"),
        ("batches.py", "_MOST_ALIKE, _MOST_R = 0.5", "_MOST_ALIKE, _MOST_R = 5.0", "student"),
        ("batches.py", " * math.sqrt((1.0 + r) / (1.0 - r))", "", "student"),
        ("batches.py", "+ 1.0 / math.sqrt(n), _MOST_R)", ", _MOST_R)", "student"),
        # which lanes and iterations count
        ("groups.py", "iteration.summary.graded and ", "", "compare_command"),
        ("groups.py", " and iteration.summary.phase == Phase.STEADY", "", "compare_command"),
        ("groups.py", " if lane.lane not in run.result.unfinished", "", "compare_command"),
        ("groups.py", " and abs(value) > LARGEST", " and False", "compare_command"),
        ("groups.py", "LARGEST = 1e60", "LARGEST = 1e160", "comparing"),
        ("match.py", " if one.market == group.market", "", "comparing"),
        ("match.py", "found = alike or there", "found = there", "comparing"),
        ("match.py", "_number(before) != _number(minutes)", "False", "compare_command"),
        # how
        ("design.py", "    if after.target in BUILT_IN:", "    if True:", "comparing"),
        ("design.py", "    if silent:", "    if False:", "comparing"),
        ("design.py", "    if unknown:", "    if False:", "comparing"),
        ("groups.py", "return min(said", "return max(said", "comparing"),
        ("design.py", "if before.target != after.target:", "if False:", "comparing"),
        ("design.py", "if n < least]", "if n < least - 1]", "comparing"),
        ("series.py", "set.intersection", "set.union", "comparing"),
        ("series.py", "float(values @ volume) / float(volume.sum())", "values.mean()", "comparing"),
        ("series.py", "(values - ratio) * volume / volume.mean()", "values - ratio", "comparing"),
        ("kpis.py", "_enough(len(pairs), ENOUGH_PAIRS", "_enough(len(pairs), 2", "comparing"),
        ("kpis.py", "lacking(values)", "0", "comparing"),
        # what is said
        ("findings.py", "if chance <= FAMILY else", "if chance <= 1.0 else", "comparing"),
        ("findings.py", "chances = holm(", "chances = list(", "comparing"),
        ("findings.py", "detectable(FAMILY / len(noisy))", "detectable(FAMILY)", "comparing"),
        ("findings.py", '(way == "up")', '(way == "down")', "comparing"),
        ("findings.py", "if kpi in wished and not", "if not", "comparing"),
        ("findings.py", " and not so_far(kpi)", "", "comparing"),
        ("findings.py", "unsaid |= {", "_ = {", "comparing"),
        (
            "document.py",
            "worst([_verdict(one) for one in comparisons])",
            "_verdict(comparisons[0])",
            "compare_command",
        ),
        (
            "document.py",
            "return Verdict.HOLD if one.lacking",
            "return Verdict.HOLD if 0",
            "comparing",
        ),
        ("compare.py", _IN_COMPARE, "", "compare_command"),
        ("compare.py", "    check_whole(run)\n", "", "compare_command"),
        # the page
        ("whisker.py", "abs(one.value) + half", "abs(one.value)", "compared_page"),
        ("whisker.py", 'Found.WORSE: "FAIL", ', "", "compared_page"),
        ("compared.py", " if kpi.found != Found.IDENTICAL", "", "compared_page"),
        ("merge.py", "layout.report, rates, compared)", "layout.report, rates)", "compared_page"),
        ("merge.py", "        check_whole(reference)\n", "", "compared_page"),
    )
)
