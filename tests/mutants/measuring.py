"""Faults in what is measured: observations, KPIs, facts and feeds."""

from __future__ import annotations

from mutants.mutant import Mutant, of

LANE = ("engine/test_run.py", "engine/test_advance.py")
GROWING = of("growing_feeds")
STORED = of("kpis_command")
ORDER = of("dataset_order")
KEPT = of("kept_feeds")
LATER = of("later_mids")
RECOMPUTED = ("market/test_recompute.py",)
RESUME = ("engine/test_crashes.py", "unit/test_journal.py")

AUTO_SPREAD = ("market/test_auto_spread.py",)
QUEUE_ETA = ("market/test_queue_eta.py",)

MUTANTS = (
    Mutant(
        "compiled_once.py",
        "called in left_out or not called._finalized",
        "called in left_out",
        ("market/test_compiled_once.py",),
    ),
    # observation
    Mutant(
        "validate.py",
        "faults = faults or list(unbalanced(observation, before))",
        "",
        of("observation"),
    ),
    Mutant(
        "validate.py",
        "if ends.min() < start or ends.max() > end:",
        "if ends.max() > end:",
        of("observation"),
    ),
    Mutant("validate.py", "len(rows) >= DOUBLES and copies.min() >= 2", "False", of("observation")),
    Mutant("validate.py", "if count > intended + quotes:", "if False:", of("observation")),
    Mutant(
        "conserve.py",
        "if abs(end - expected) > _dust(observation, sums):",
        "if False:",
        of("observation"),
    ),
    Mutant(
        "conserve.py",
        'fills["side"] * notional + fills["fee_quote"]',
        'fills["side"] * notional',
        of("observation"),
    ),
    Mutant(
        "conserve.py",
        "if abs(held - before.inventory) > _dust(observation, sums):",
        "if False:",
        ("engine/test_run.py",),
    ),
    Mutant("one_account.py", "total > TIMES * explained and ", "", of("one_account")),
    Mutant("one_account.py", "and _to_and_fro(steps)", "", of("one_account")),
    Mutant("one_account.py", "back >= TURNS and ", "", of("one_account")),
    Mutant("conserve.py", "np.maximum(above, below)", "below", of("one_account")),
    Mutant(
        "conserve.py",
        "np.minimum(np.maximum(above, below), LATE_SHARE * price)",
        "np.maximum(above, below)",
        of("observation"),
    ),
    # KPIs
    Mutant("edge.py", 'fills["mid"] - fills["price"]', 'fills["price"] - fills["mid"]', of("edge")),
    Mutant("edge.py", '"fees": -float(', '"fees": float(', of("edge")),
    Mutant(
        "edge.py",
        "np.maximum.accumulate(equity) - equity",
        "equity - np.minimum.accumulate(equity)",
        of("edge"),
    ),
    Mutant("edge.py", "against = -marked", "against = marked", of("edge")),
    Mutant("tables.py", "np.percentile(values, 95)", "np.percentile(values, 90)", of("edge")),
    Mutant(
        "spans.py",
        "return max(between, *(within for _, within in rows))",
        "return between",
        of("spans"),
    ),
    Mutant(
        "summary.py",
        "given is not None and low <= given <= high",
        "given is not None",
        of("artifacts", "edge") + LANE,
    ),
    Mutant(
        "summary.py",
        "key=lambda name: -costs[name]",
        "key=lambda name: costs[name]",
        of("edge", "watcher"),
    ),
    # facts of a feed
    Mutant(
        "series.py", "if len(values) < lag + LEAST or", "if len(values) <= lag or", of("series")
    ),
    Mutant("mids.py", "return 1e4 * orders.sign[seen] * move,", "return 1e4 * move,", of("facts")),
    Mutant("templating.py", "autoescape=True", "autoescape=False", of("feed_picture")),
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
    Mutant("from_feeds.py", 'kept = ~marks["boundary"] & ', "kept = ", of("feed_rows")),
    Mutant("from_feeds.py", "_boundary(marks, end_us, 0)", "None", of("feed_rows")),
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
    Mutant("usage.py", "now == self.started_us", "True", of("growth")),
    Mutant(
        "usage.py",
        "resources[others[-1] + 1 :] if len(others) else resources",
        "resources",
        of("growth"),
    ),
    Mutant("numbering.py", "if name != WATCHED", "", of("dataset")),
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
    Mutant("intervals.py", "start_us // interval_us * interval_us", "start_us", of("dataset")),
    Mutant("intervals.py", "100.0 * (1.0 - share)", "100.0 * share", of("dataset")),
    Mutant("numbering.py", "kept: NDArray[np.bool_] = seq == 0", "kept = seq < 0", of("dataset")),
    Mutant("numbering.py", "np.maximum.accumulate(lasts[order])", "lasts[order]", of("dataset")),
    Mutant("numbering.py", "np.argsort(firsts, kind", "np.argsort(times, kind", of("dataset")),
    Mutant("numbering.py", "accumulate(times) - BACK_US", "accumulate(times)", of("dataset")),
    Mutant("bad_lines.py", "if _endless(value) else Reason.NOT_JSON", "", of("dataset")),
    Mutant("bad_lines.py", "if type(value) in types else Reason.TYPE", "", of("dataset")),
    Mutant("bad_lines.py", "lines=known.lines + 1)", "lines=1)", of("dataset")),
    Mutant("feed_lines.py", "DAY_US + self.spare_us", "DAY_US", of("dataset")),
    Mutant("stored_feeds.py", "bad=not newest", "bad=True", of("dataset")),
    *(
        Mutant("mapped_lines.py", old, new, of("mapping"))
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
        "line_mapping.py", "if field.required and name not in values", "if False", of("mapping")
    ),
    Mutant("feed_files.py", "(?<!\\d)(", "(", of("mapping")),
    Mutant("feed_sources.py", "else Day(name, number, spare_us)", "else None", of("mapping")),
    Mutant("refuse.py", "start_us < self.cold_until_us", "False", of("dataset")),
    Mutant("refuse.py", 'values["phase"] != STEADY', 'values["phase"] == "warmup"', of("dataset")),
    Mutant("setting.py", "if len(values) > 1", "if False", of("dataset")),
    Mutant("setting.py", "if 1 not in boundaries", "if not boundaries", of("dataset")),
    Mutant("setting.py", "first < end_us and start_us < last", "first < end_us", of("dataset")),
    Mutant("from_feeds.py", "np.lexsort((numbers, times))", "np.argsort(times)", ORDER),
    Mutant("dataset.py", "if self._held is None else self._held", "", ORDER),
    Mutant("numbering.py", "if not kept.all()", "if False", ORDER),
    Mutant("refuse.py", "coverage < limits", "coverage > limits", of("dataset")),
    Mutant("summary.py", "refused >= limits", "refused > limits", of("dataset")),
    Mutant("stored_feeds.py", "self._held += float", "self._held -= float", STORED),
    Mutant("stored_feeds.py", "DAY_US - spare_us - MARGIN_US", "DAY_US", of("dataset")),
    Mutant("stored_feeds.py", "table, end_us - margin)", "table, end_us)", of("dataset")),
    # features of the maker
    Mutant("auto_spread.py", "condition.slow - 1.0 if", "condition.slow if", AUTO_SPREAD),
    Mutant("auto_spread.py", "min(MOST, widened)", "widened", AUTO_SPREAD),
    Mutant("auto_spread.py", "maker.second_volume = 0.0", "pass", AUTO_SPREAD),
    Mutant("quoting.py", "half *= auto_spread.factor(maker)", "pass", AUTO_SPREAD),
    Mutant("queue_eta.py", "(behind + 1)", "behind", QUEUE_ETA),
    Mutant("queue_eta.py", "0.5 * maker.taken_per_s", "maker.taken_per_s", QUEUE_ETA),
    Mutant("queue_eta.py", "or slot.level != 0", "or slot.level > 1", QUEUE_ETA),
    Mutant("quoting.py", "price += side", "price -= side", QUEUE_ETA),
    Mutant("matching.py", "world.flow.taken_lots +=", "world.flow.taken_lots =", QUEUE_ETA),
)
