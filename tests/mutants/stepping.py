"""Faults in the measured steps of a release, and in the way back."""

from __future__ import annotations

from mutants.mutant import Mutant, of

SHADOW = ("plugin/test_shadow_command.py",)
SOAK = ("plugin/test_soak_command.py",)
DAILY, REPLAY = of("release_daily"), of("replay")
CHECK = ("plugin/test_lock_check.py",)
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
            ("sum(run.tick_count for run in runs)", "max(run.tick_count for run in runs)"),
            ("if detectable(noise, CHANCE) <= limit.limit:", "if True:"),
            ("CHANCE = 0.01", "CHANCE = 0.2"),
            ("if len({run.flags_hash for run in runs}) > 1:", "if False:"),
            ('if name != "meta"}', "}"),
            (
                "for seed in range(1, count + len(planned) + 1) if seed not in planned)",
                "for seed in ())",
            ),
        )
    ),
    *(
        Mutant("lock_check.py", old, new, of("release_lock"))
        for old, new in (
            ("if change > limit_pct:", "if abs(change) > limit_pct:"),
            ("hits = min(", "hits = max("),
            ("misses = max(", "misses = min("),
            ("if len(values) < len(runs) or not values:", "if not values:"),
            ("if len(values) < 2:", "if False:"),
            ("how if changed else", "how if change else"),
            ("dict.fromkeys((*locked.versions, *versions))", "versions"),
            ("if not any(before):", "if True:"),
        )
    ),
    *(
        Mutant(file, old, new, of("release_locked"))
        for file, old, new in (
            ("lock_chain.py", "locks[0], locks[-1]", "locks[-2], locks[-1]"),
            ("lock_chain.py", '"number", "replaces"}', '"number", "replaces", "versions"}'),
            ("lock_chain.py", "if was > 0.0 else None", "if was > 5.0 else None"),
            ("lock_chain.py", "if name in first and", "if"),
            ("lock_chain.py", "lock.design.market,", "'',"),
            ("release_locked.py", "hexdigest() != former.sha256:", "hexdigest() == '':"),
            ("release_locked.py", "    check_keepable(place, lock)\n", ""),
            ("release_locked.py", "if not comparable(before, newest):", "if False:"),
            ("release_locked.py", "default=0", "default=1"),
            ("release_locked.py", 'r"(\\d{1,9})"', 'r"(\\d)"'),
            ("release_lock.py", 'if reason == "":', "if False:"),
            ("release_lock.py", "and _REPLACE not in last.plan", ""),
            ("release_lock.py", "if reason is None and not its_own:", "if reason is None:"),
            ("release_lock.py", "        if reason is not None:\n", "        if False:\n"),
        )
    ),
    Mutant("release_lock.py", "if is_same(former, locked):", "if False:", RUN),
    Mutant("release_lock.py", "else {_REPLACE: reason}", "else {}", RUN),
    *(
        Mutant("github_lock.py", old, new, of("github_lock"))
        for old, new in (
            ("not found[_KINDS[status.verdict]]", "False"),
            ("if one.verdict is not Verdict.PASS:", "if True:"),
            ("- {shown(line)}", "- {line}"),
        )
    ),
    *(
        Mutant("release_lock.py", old, new, of("github_lock"))
        for old, new in (
            ("why = safe(lock.replaces.reason)", "why = lock.replaces.reason"),
            ("    if report.drift:\n", "    if False:\n"),
            ('safe(line)}" for line in (*status.reasons', 'line}" for line in (*status.reasons'),
        )
    ),
    Mutant("system.py", 'if name.strip() == "model name":', "if name.strip():", of("machine")),
    *(
        Mutant("release_check.py", old, new, CHECK)
        for old, new in (
            ("and not changed\n", "\n"),
            ("was == now:", "True:"),
            ("== before:", "is False:"),
            ("if exact and runs is not None:", "if False:"),
            ("if locked.source != plan.target:", "if False:"),
            ("runs or len(design.seeds)", "len(design.seeds)"),
            ("worst([said.verdict, *(one.verdict for one in checks)])", "said.verdict"),
            ("    if github is not None:\n", "    if False:\n"),
            ("        design.minutes,\n", "        60.0,\n"),
            ("STATUS[status.verdict]", "0"),
            ("    if status == INTERRUPTED:\n", "    if False:\n"),
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
    Mutant("child.py", "process.send_signal(number)", "pass", of("release_session")),
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
            ('return Worked(1 if done["failed"] else 0, done)', "return Worked(0, done)"),
            ("    put_back(files)\n", ""),
            ("if done.returncode else", "if False else"),
            ("record.begin(ROLLBACK, rests, **plan)", "record.begin(ROLLBACK, rests)"),
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
    Mutant("steps.py", 'DAILY: ("stop", "filters", ', 'DAILY: ("filters", ', of("release_choice")),
    *(
        Mutant("daily.py", old, new, DAILY)
        for old, new in (
            ("return worst(told) if told else None", "return told[0] if told else None"),
            ("known.get(day - 1)", "known.get(day)"),
            ("median(known.values())", "max(known.values())"),
            ("if not asked.complete:", "if False:"),
            ("[Verdict.WARN if health is None else health]", "[health or Verdict.PASS]"),
            ("if limit.verdict is not Verdict.PASS:", "if False:"),
            ("or stood.standing.stopped:", "or False:"),
            ("if kinds or stood.standing.warned:", "if stood.standing.warned:"),
            ("if stood.no_data == stood.minutes:", "if False:"),
            ("row.coverage < least)", "row.coverage <= least)"),
            ("if len(every) > len(kept):", "if False:"),
            ("100.0 * (stage.p95_ms / p95 - 1.0)", "100.0 * (p95 / stage.p95_ms - 1.0)"),
            ("range(asked.day - rules.days, asked.day)", "range(asked.day - 99, asked.day)"),
        )
    ),
    *(
        Mutant("before_soak.py", old, new, of("before_soak"))
        for old, new in (
            ("        if check.value is None:", "        if True:"),
            ('check.verdict == "PASS" for', "True for"),
            ("    if metric in RESOURCE_KPIS:", "    if False:"),
            ('_SHOWN_AS = {"taker_ratio": "maker_taker_ratio"}', "_SHOWN_AS: dict[str, str] = {}"),
            ("directory / LATEST", "directory"),
        )
    ),
    *(
        Mutant("daily_feeds.py", old, new, DAILY)
        for old, new in (
            ("    if not _has_data(every):\n        return no_report(asked, rules)\n", ""),
            ("max(whole or days)", "max(days)"),
            ("if not first <= day <= last:", "if False:"),
            ("and rows[0].coverage > 0.0 < rows[-1].coverage", ""),
        )
    ),
    Mutant("daily_feeds.py", "if one.criterion not in told", "", REPLAY),
    Mutant("daily_feeds.py", "stored._replace(tables=tables)", "stored", REPLAY),
    *(
        Mutant("ranking.py", old, new, DAILY)
        for old, new in (
            ("able[rules.best :]", "able"),
            ("one.fills >= rules.least_fills", "one.fills > rules.least_fills"),
            ("list(reversed(rest))", "list(rest)"),
            ("elif np.ptp(values) == 0.0:", "elif False:"),
            (
                "(len(nets) * (mean.mean + way * mean.half_width)",
                "((mean.mean + way * mean.half_width)",
            ),
        )
    ),
    *(
        Mutant("replay.py", old, new, REPLAY)
        for old, new in (
            ("return (time_us - 1) // DAY_US", "return time_us // DAY_US"),
            ("and not acted:", "and True:"),
            ("max(stood.longest_us, at - standing.active_since)", "at - standing.active_since"),
            ("stood.no_data += standing.no_data_since is not None", "pass"),
            ("self._watched, last = vigil.close()", "_, last = vigil.close()"),
            ("for one in (*acted, *last):", "for one in acted:"),
            ('warned=one.kind == "warn"', "warned=True"),
        )
    ),
    *(
        Mutant("day.py", old, new, tests)
        for old, new, tests in (
            ('blocks if "blocks" in present or wanted else None', "blocks", RUN),
            ('errors if "errors" in present else None', "errors", RUN),
            ("return sum(told, Counter()) if told else None", "return sum(told, Counter())", DAILY),
            ("np.diff(started)", "started", REPLAY),
            ('text.partition(":")[0]', "text", DAILY),
            ('if not name.startswith("worst_")', "", DAILY),
        )
    ),
    Mutant("release_ab.py", 'answer.document.get("stage"))', "None)", RUN),
)
