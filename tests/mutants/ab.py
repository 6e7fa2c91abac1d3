"""Faults in the comparison of two configurations."""

from __future__ import annotations

from mutants.mutant import Mutant, of

JUDGE = of("ab_judge")
COMMAND = of("ab_command")
SWITCHED = of("ab_switched")
PAGE = of("ab_page")

MUTANTS = (
    # bounds
    Mutant(
        "sequential.py",
        "(1.0 + self.phi) / (1.0 - self.phi)",
        "(1.0 + self.phi) / 1.0",
        of("sequential"),
    ),
    Mutant("sequential.py", "alike * n / pairs + 1.0 / n", "alike * n / pairs", of("sequential")),
    Mutant("sequential.py", "last * math.sqrt(looks / look)", "last", of("sequential")),
    Mutant("sequential.py", "share = n * tuned / planned", "share = tuned", of("sequential")),
    Mutant(
        "sequential.py", "math.sqrt(n) >= (quantile(n) +", "math.sqrt(n) >= (0 *", of("sequential")
    ),
    Mutant("sequential.py", "rest**3 - 3.0 * second * rest", "rest**3", of("sequential")),
    # assignment and blocks
    Mutant("design.py", "{int(share)} {seed} {first // group}", "{seed} {first}", of("ab_design")),
    Mutant("design.py", "len(set(seeds)) < len(seeds)", "False", of("ab_design")),
    Mutant(
        "blocks.py",
        "observation.start_us + skipped_us",
        "observation.start_us",
        of("ab_blocks"),
    ),
    Mutant("rails.py", "if _window(c) <= t", "if True", of("ab_blocks")),
    Mutant("rails.py", 'new["time_us"] += begun_us - start', "pass", of("ab_blocks")),
    # differences and decisions
    Mutant("compare.py", "rest / blocks[under].mean()", "rest / blocks[under]", JUDGE),
    Mutant("compare.py", "if seen.phi > likeness", "if False", JUDGE),
    Mutant("compare.py", "good & (blocks[self.needs[-1]] > 0)", "good", JUDGE),
    Mutant("judge.py", "-cost.high > limits", "cost.high > limits", JUDGE),
    Mutant("judge.py", "net.high < 0.0", "net.low < 0.0", JUDGE),
    Mutant("judge.py", "tick.low > limits", "tick.high > limits", JUDGE),
    Mutant("judge.py", "if done not in design.looks", "if False", JUDGE),
    Mutant("blocks.py", "self.begun & ~self.treated", "~self.treated", JUDGE),
    Mutant("judge.py", "if high < 0.0:", "if False:", JUDGE),
    Mutant("judge.py", "alike or _tilt(found) >", "alike or 0 >", JUDGE),
    Mutant("judge.py", "_tilt(found) < -limit", "False", JUDGE),
    Mutant("judge.py", "not placebo.low <= 0.0 <= placebo.high", "False", JUDGE),
    Mutant("judge.py", "known < limits.least_promoted", "known < 0", JUDGE),
    Mutant("judge.py", "found.blocks < limits.least_rolled_back", "False", JUDGE),
    Mutant("judge.py", "accumulate(~known[:, ::-1]", "accumulate(~known", JUDGE),
    # one lane that switches
    Mutant("design.py", "if group == 100 // share else", "if True else", SWITCHED),
    Mutant("design.py", "self.blocks // self.group", "self.blocks", SWITCHED),
    Mutant("blocks.py", "_means(t, ~treated)", "_means(t, treated)", SWITCHED),
    Mutant(
        "blocks.py", "np.where(where, blocks[name], 0.0)", "np.nan_to_num(blocks[name])", SWITCHED
    ),
    Mutant("switched.py", "            self._failed = True", "            raise", SWITCHED),
    Mutant("switched.py", "self.passed or bool(", "False and bool(", SWITCHED),
    Mutant("switched.py", "if not self.hot:", "if False:", SWITCHED),
    Mutant("switched.py", "if not self.tables.flags[name].hot", "if False", SWITCHED),
    Mutant("switched.py", "if not self._fresh:", "if False:", SWITCHED),
    Mutant("kept.py", "for _ in range(self._cold)", "for _ in range(0)", SWITCHED),
    Mutant("kept.py", "if was_treated != treated", "if False", SWITCHED),
    Mutant("kept.py", "cut(path, size)", "pass", SWITCHED),
    Mutant("question.py", "design.group / (design.group - 1)", "1.0", SWITCHED),
    Mutant("question.py", "[scenario, settings, self.bot.name]", "[scenario, settings]", SWITCHED),
    Mutant(
        "stage.py",
        "np.count_nonzero(known) < limits",
        "np.count_nonzero(known) < 0 * limits",
        SWITCHED,
    ),
    Mutant("ab.py", "if len(frozen) > 1", "if False", COMMAND),
    # stages and ledger
    Mutant("ab_stages.py", "and not self._is_ours(entry)", "and False", COMMAND),
    Mutant("ab_stages.py", "(STEP, self._inputs)", "(STEP, entry.inputs)", COMMAND),
    Mutant("ab_stages.py", "if _is_same(former, plan):", "if True:", COMMAND),
    Mutant("ab_stages.py", "if asked > following:", "if False:", COMMAND),
    Mutant("ab_stages.py", "hexdigest() != digest", "hexdigest() == ''", COMMAND),
    Mutant("ledger.py", "(entry.seq, entry.prev) != (number, self._prev)", "False", of("ledger")),
    Mutant(
        "ledger.py", "                cut(self.path, size)", "                pass", of("ledger")
    ),
    Mutant("ledger.py", "if not self._only_read:", "if True:", of("ledger")),
    # the page, and the runs that it is about
    *(
        Mutant(file, old, new, PAGE)
        for file, old, new in (
            ("ab_found.py", "key=lambda kept: kept.seq, reverse=True", "key=lambda kept: kept.seq"),
            ("ab_found.py", "Path(name).name == name and", ""),
            ("ab_found.py", "and _is(path, digest)", ""),
            ("ab_found.py", "            kept.stages.pop(entry.stage)", "            pass"),
            ("ab_lanes.py", "lane.outcome.scenario_hash == report.scenario_hash", "True"),
            ("ab_lanes.py", "same and lane.flags_hash == flags_hash(arm.flags)", "same"),
            ("ab_lanes.py", "key=lambda one: not one[2]", "key=lambda one: 0"),
            ("ab_lanes.py", "aside=not b", "aside=False"),
            ("ab_view.py", "if metric.metric == _NET else 0.0", "if metric else 0.0"),
            ("ab_view.py", "if found.under_way is not None:", "if False:"),
            ("ab_view.py", "[row for row in rows if not row.metric.rule]", "rows"),
            ("ab_pages.py", "if report.stage <= stage", "if True"),
            ("whisker.py", "seen, abs(one.limit)) or 1.0", "seen) or 1.0"),
            ("read.py", "if self._abs[0] != (folder, stamp):", "if self._abs[0] is None:"),
        )
    ),
    Mutant("watch.py", ", abs_stamp(abs_place(home))", ", None", of("live_page")),
    Mutant("ab_stages.py", "if entry.stage is not None:", "if False:", COMMAND),
    Mutant("power.py", "    values //= seen.joined\n", "", of("ab_design")),
)
