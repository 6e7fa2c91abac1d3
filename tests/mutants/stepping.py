"""Faults in the measured steps of a release, and in the way back."""

from __future__ import annotations

from mutants.mutant import Mutant, of

SHADOW = ("plugin/test_shadow_command.py",)
SOAK = ("plugin/test_soak_command.py",)
RUN = ("plugin/test_release_run.py",)
BACK = of("release_rollback")

MUTANTS = (
    *(
        Mutant("budgets.py", old, new, of("release_budgets"))
        for old, new in (
            ('(ticks["time_us"] < end)]', '(ticks["time_us"] <= end)]'),
            ("(50, 95, 99)", "(50, 90, 99)"),
            ("found.std(ddof=1)", "found.std(ddof=0)"),
            ("if min(map(len, parts)) < LEAST_IN_PART:", "if False:"),
            ("float(times.max() - times.min())", "float(end - start)"),
            ("or (column < 0.0).any()", ""),
        )
    ),
    *(
        Mutant("lock.py", old, new, of("release_lock"))
        for old, new in (
            ("if change > limit_pct:", "if abs(change) > limit_pct:"),
            ("hits = min(", "hits = max("),
            ("misses = max(", "misses = min("),
            ("if len(values) < len(runs) or not values:", "if not values:"),
            ("if len(values) < 2:", "if False:"),
            ("sum(run.tick_count for run in runs)", "max(run.tick_count for run in runs)"),
            ("if detectable(noise, CHANCE) <= limit.limit:", "if True:"),
            ("CHANCE = 0.01", "CHANCE = 0.2"),
            ("if len({run.flags_hash for run in runs}) > 1:", "if False:"),
        )
    ),
    *(
        Mutant("evidence.py", old, new, of("release_evidence"))
        for old, new in (
            ("    check_whole(run)\n", ""),
            ("if drilled := no_evidence(run.result.lanes):", "if drilled := '':"),
            ("_same(run, what, found, expected)", "pass"),
            ("recorded.judged_by(wanted.gates, GateMode.HARD)", "recorded"),
            ("sorted(wanted.seeds))", "list(seeds))"),
        )
    ),
    *(
        Mutant("shadow.py", old, new, of("release_shadow"))
        for old, new in (
            ("short = minutes < HOUR", "short = minutes <= HOUR"),
            ("COVERED = 0.95", "COVERED = 0.9"),
            ("worst([judged.verdict, covered.verdict])", "judged.verdict"),
            ('if of["source"] == SIM else []', ""),
        )
    ),
    Mutant("session.py", "    _check_more(more)\n", "", of("release_session")),
    Mutant("session.py", '.replace("--no-soak", "--soak")', "", of("release_session")),
    Mutant("child.py", "send(number)", "pass", of("release_session")),
    *(
        Mutant("restore.py", old, new, BACK)
        for old, new in (
            ("if sha256(data).hexdigest() != digest:", "if False:"),
            ("    if is_link(path):", "    if False:"),
            ("one.staged.chmod(one.mode)", "pass"),
            ("one.path.read_bytes() != one.data:", "False:"),
            ("one.staged.unlink(missing_ok=True)", "pass"),
            ("p.name.startswith(given)", "True"),
        )
    ),
    *(
        Mutant("release_rollback.py", old, new, BACK)
        for old, new in (
            ("return Worked(1 if done else 0, document)", "return Worked(0, document)"),
            ("    put_back(files)\n", ""),
            ("if done.returncode else", "if False else"),
            ("files=names, **plan", "files=names"),
        )
    ),
    Mutant("release_prep.py", "    finish_rollback(place, clock, say)\n", "", BACK),
    Mutant("ledger.py", "            if self._shared:\n", "            if False:\n", BACK),
    Mutant("release_step.py", "if _rolled_back(record):", "if False:", SHADOW),
    Mutant(
        "release_step.py",
        "{**measured.outcome.outputs, **kept}",
        "measured.outcome.outputs",
        SHADOW,
    ),
    Mutant(
        "release_dataset.py", "abs(net - recorded) > _ROUNDING", "abs(net - recorded) > 9.0", SOAK
    ),
    Mutant("release_ab.py", 'answer.document.get("stage"))', "None)", RUN),
)
