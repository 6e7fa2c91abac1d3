"""Faults in the error rates of gates."""

from __future__ import annotations

from mutants.mutant import Mutant, of

MUTANTS = (
    Mutant("key.py", " and value is not None", "", ("plugin/test_honesty.py",)),
    *(
        Mutant(file, old, new, of(test))
        for file, old, new, test in (
            ("lanes.py", ".verdict is Verdict.FAIL", ".verdict is not Verdict.PASS", "calibration"),
            ("lanes.py", "if package != __version__:", "if False:", "calibration"),
            ("shifts.py", "min(max(value + by, low), high)", "value + by", "calibration"),
            ("shifts.py", "if threshold.fail_unless is not None:", "if True:", "calibration"),
            ("shifts.py", "(low, middle) if breaks", "(middle, high) if not breaks", "calibration"),
            ("shifts.py", "return high\n", "return low\n", "calibration"),
            (
                "power.py",
                "math.ceil(power * len(size)) - 1",
                "int(power * len(size))",
                "calibration",
            ),
            ("power.py", "if min(known) == max(known):", "if False:", "calibration"),
            ("power.py", "    if missing:", "    if False:", "calibration"),
            ("bootstrap.py", "random.randint(grace, length - block)", "0", "calibration"),
            ("bootstrap.py", ".done[:grace]", ".done[:0]", "calibration"),
            ("study.py", "few = len(lanes) < FEWEST_LANES", "few = False", "calibration"),
            ("study.py", "if done < plan.planned:", "if False:", "calibration"),
            ("study.py", "if plan.auto_tune:", "if False:", "calibration"),
            ("study.py", "        if others:", "        if False:", "calibration"),
            ("limits.py", "1.0 if count == total else high", "high + 0.01", "calibration"),
            ("key.py", '"description": "", ', "", "calibration"),
            (
                "lookup.py",
                "ORDER.index(name) > ORDER.index(nearest[0])",
                "True",
                "calibration_lookup",
            ),
            ("shelf.py", "if _lasting(gate) != _lasting(found)", "if True", "calibration_lookup"),
            ("pool.py", "if not one.file.exists()]", "if True]", "calibration_pool"),
            (
                "pool.py",
                '"gate_mode": GateMode.SOFT',
                '"gate_mode": GateMode.HARD',
                "calibration_pool",
            ),
            ("pool.py", "if lane.ending is not Ending.COMPLETED:", "if False:", "calibration_pool"),
            (
                "pool.py",
                "found.plan.lane.seed != wanted.plan.lane.seed",
                "False",
                "calibration_pool",
            ),
        )
    ),
)
