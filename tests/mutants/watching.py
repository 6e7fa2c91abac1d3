"""Faults in metrics, in the list of runs and in what is shown of one."""

from __future__ import annotations

from mutants.mutant import Mutant, of

METRICS, RUNS = of("metrics"), of("runs_command")
SESSION = ("plugin/test_metrics_session.py",)

MUTANTS = (
    *(
        Mutant("tally.py", old, new, METRICS)
        for old, new in (
            ('side="left"', 'side="right"'),
            ("worth[~maker]", "worth[maker]"),
            ("np.isfinite(worth) & (worth > 0)", "worth > -np.inf"),
            ("values[np.isfinite(values) & (values >= 0)]", "values"),
            ("(reasons >= 0) & (reasons < len(part.block_reasons))", "reasons == reasons"),
            ("if np.isfinite(newest[column])", "if True"),
            ('np.count_nonzero(ticks["cache_hit"])', "len(ticks)"),
            ('part.breaker["open"][-1]', 'part.breaker["open"][0]'),
            ("newest = part.resources[-1]", "newest = part.resources[0]"),
        )
    ),
    *(
        Mutant("board.py", old, new, METRICS)
        for old, new in (
            ("shown = lanes[:MOST_LANES]", "shown = lanes"),
            ("of_lane.get(key, 0.0) + value", "value"),
            ("total=before.total + grown.total", "total=grown.total"),
            ("if labels is not None:", "if True:"),
        )
    ),
    *(
        Mutant("follow.py", old, new, METRICS)
        for old, new in (
            ("{(): measured[name]} if name in measured else {}", "{(): measured.get(name) or 0.0}"),
            ("self._planned[event.lane] = event.plan.iterations", "pass"),
            ("if name not in table.KPIS}", "}"),
            ("span_us(one.for_) / 1e6", "span_us(one.for_)"),
        )
    ),
    *(
        Mutant("meter.py", old, new, METRICS)
        for old, new in (
            ("if not self._heard and hasattr", "if hasattr"),
            ("        self._heard = False\n        watched", "        watched"),
            ("(at - since) / _US", "(at - since)"),
        )
    ),
    Mutant("exposition.py", "accumulate(spread.counts)", "spread.counts", METRICS),
    Mutant("server.py", "if not local(", "if False and not local(", METRICS),
    Mutant("server.py", ".lower() in LOCAL_NAMES", ".lower().startswith(LOCAL_NAMES)", METRICS),
    Mutant("metrics.py", "        if aside:\n", "        if not aside:\n", METRICS),
    Mutant("lanes.py", "if self._settings.metrics_port is None:", "if True:", METRICS),
    Mutant("metrics.py", "config.add_cleanup(self.metrics.stop)", "self.metrics.stop()", SESSION),
    Mutant("dashboard.py", '.replace("}{", ",")', "", of("dashboard")),
    *(
        Mutant("run_index.py", old, new, RUNS)
        for old, new in (
            ("kept.mark == mark and ", ""),
            (" and kept.row.status != RUNNING", ""),
            ("reverse=True)", "reverse=False)"),
            ("follow_symlinks=False)\n\n\ndef _stem", "follow_symlinks=True)\n\n\ndef _stem"),
        )
    ),
    *(
        Mutant("run_cache.py", old, new, RUNS)
        for old, new in (
            ("if is_link(self._path):", "if False:"),
            ("        if self._rebuild:\n", "        if False:\n"),
            (" != (_APPLICATION, VERSION)", " != (_APPLICATION, version)"),
            ("if path not in rows]", "if False]"),
            ('connection.execute("BEGIN")', "pass"),
        )
    ),
    Mutant("listing.py", "and not top.name.startswith(RUN_INDEX)", "", RUNS),
    *(
        Mutant("run_place.py", old, new, RUNS)
        for old, new in (
            ("if len(found) > 1:", "if False:"),
            ("if found is None and readable and os.path.lexists(path) else", "if False else"),
            ("if found is None or find_run(found) is None:", "if True:"),
        )
    ),
    *(
        Mutant("run_row.py", old, new, RUNS)
        for old, new in (
            ('[*told, "tuned"] if tuned else told', "told"),
            (".lower() not in _OFF", ' != ""'),
        )
    ),
    *(
        Mutant("starter.py", old, new, of("init"))
        for old, new in (
            ("conftest is None or conftest == _text(kind)", "conftest is None"),
            ("elif _TARGET_FIXTURE.search(conftest):", "elif False:"),
            ("(force or _read(folder / SETTINGS) == _ini(settings))", "force"),
            ("home == SETTINGS and (force or", "(force or"),
            ('return "pytest" in tomllib.loads(text).get("tool", {})', "return True"),
            ("parser.has_section(section)", "True"),
            ('settings = {"soak_target": named} | settings', "pass"),
            ("not in (None, named)", "in ()"),
            ("_check_is_bot(folder, kind)\n", "pass\n"),
            ("if _setting(folder, key) is None", ""),
        )
    ),
    *(
        Mutant("init.py", old, new, of("init"))
        for old, new in (
            ("if there and not force:", "if False:"),
            ("(link := _link(folder, file)) is not None", "(link := None) is not None"),
            ("return LEFT if left else 0", "return 0"),
            ("file.rename(free)", "pass"),
            ("if not os.path.lexists(file.with_name(name))", ""),
        )
    ),
    Mutant("config_kpis.py", "found.setdefault(one.metric, {})", "{}", of("config_kpis")),
    Mutant("fitted.py", "key=lambda one: one.spare", "key=lambda one: -one.spare", RUNS),
)
