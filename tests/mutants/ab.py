"""Faults in the comparison of two configurations."""

from __future__ import annotations

from mutants.mutant import Mutant, of

JUDGE = of("ab_judge")
COMMAND = of("ab_command")

MUTANTS = (
    # bounds
    Mutant(
        "sequential.py",
        "(1.0 + self.phi) / (1.0 - self.phi)",
        "(1.0 + self.phi) / 1.0",
        of("sequential"),
    ),
    Mutant("sequential.py", "/ (power / n) + 1.0 / n", "/ (power / n)", of("sequential")),
    Mutant("sequential.py", "last * math.sqrt(looks / look)", "last", of("sequential")),
    Mutant("sequential.py", "share = n * tuned / planned", "share = tuned", of("sequential")),
    Mutant(
        "sequential.py", "math.sqrt(n) >= (quantile(n) +", "math.sqrt(n) >= (0 *", of("sequential")
    ),
    # assignment and blocks
    Mutant(
        "design.py", "{int(share)} {seed} {first // share.group}", "{seed} {first}", of("ab_design")
    ),
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
    Mutant("compare.py", "seen.phi > rule.likeness or", "False or", JUDGE),
    Mutant("compare.py", "good & (blocks[self.needs[-1]] > 0)", "good", JUDGE),
    Mutant("judge.py", "-cost.high > limits", "cost.high > limits", JUDGE),
    Mutant("judge.py", "net.high < 0.0", "net.low < 0.0", JUDGE),
    Mutant("judge.py", "tick.low > limits", "tick.high > limits", JUDGE),
    Mutant("judge.py", "if done not in design.looks", "if False", JUDGE),
    Mutant("judge.py", "blocks.begun & ~blocks.treated", "~blocks.treated", JUDGE),
    Mutant("judge.py", "if high < 0.0:", "if False:", JUDGE),
    Mutant("judge.py", "else found.skew > 0.0", "else True", JUDGE),
    Mutant("judge.py", "not placebo.low <= 0.0 <= placebo.high", "False", JUDGE),
    Mutant("judge.py", "known < limits.least_promoted", "known < 0", JUDGE),
    Mutant("judge.py", "found.blocks < limits.least_rolled_back", "False", JUDGE),
    Mutant("judge.py", "accumulate(~known[:, ::-1]", "accumulate(~known", JUDGE),
    # stages and ledger
    Mutant("ab_stages.py", "(STEP, self._inputs)", "(STEP, entry.inputs)", COMMAND),
    Mutant("ab_stages.py", "if _is_same(former, plan):", "if True:", COMMAND),
    Mutant("ab_stages.py", "if asked > following:", "if False:", COMMAND),
    Mutant("ab_stages.py", "hexdigest() != digest", "hexdigest() == ''", COMMAND),
    Mutant("ledger.py", "(entry.seq, entry.prev) != (number, self._prev)", "False", of("ledger")),
    Mutant("ledger.py", "            cut(self.path, size)", "            pass", of("ledger")),
)
