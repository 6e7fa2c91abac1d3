"""Faults in lanes, their control, journal and settings."""

from __future__ import annotations

from mutants.mutant import Mutant, of

LANE = ("engine/test_run.py", "engine/test_advance.py")
CONTROL = ("engine/test_control.py",)
RESUME = ("engine/test_crashes.py", "unit/test_journal.py")

MUTANTS = (
    # lane and control
    Mutant(
        "lane.py",
        "graded = iteration > plan.gate.grace",
        "graded = iteration >= plan.gate.grace",
        LANE,
    ),
    Mutant(
        "lane.py",
        "counts = (graded and phase is not Phase.WARMUP) or hardened",
        "counts = graded or hardened",
        LANE + CONTROL,
    ),
    Mutant("lane.py", "if ending is Ending.INTERRUPTED:", "if False:", LANE),
    Mutant("lane.py", "plan.gate_mode is GateMode.OFF or not counts", "not counts", LANE),
    Mutant("lane.py", "_soften(plan, raw, counts=True)", "_soften(plan, raw, counts=False)", LANE),
    Mutant(
        "lane.py",
        "if not (hardened or ending is not None) or state.unsoftened:",
        "if not (hardened or ending is not None):",
        LANE,
    ),
    Mutant("control.py", "values |= edits", "pass", CONTROL),
    Mutant(
        "control.py",
        "return decision if plan.auto_tune else",
        "return decision if True else",
        CONTROL,
    ),
    Mutant("control.py", "counts = graded and phase is Phase.STEADY", "counts = graded", CONTROL),
    # journal and resume
    Mutant("journal.py", 'or checksum != b"%08x" % crc32(data)', "", of("journal")),
    Mutant("journal.py", "bad = bad or number", "continue", of("journal")),
    Mutant("lane_journal.py", "and line.done.iteration == len(iterations) + 1", "", of("journal")),
    Mutant("lane_journal.py", "cut(self._files.journal, self._found.size)", "pass", RESUME),
    Mutant(
        "lane_journal.py",
        "if sha256(data).hexdigest() != file.sha256:",
        "if False:",
        of("journal"),
    ),
    Mutant(
        "lane_journal.py", "_same(content.fingerprint, self._fingerprint)", "pass", of("journal")
    ),
    Mutant(
        "past.py",
        "if record.state_hash != done.state_hash:",
        "if False:",
        ("engine/test_run.py", *RESUME),
    ),
    Mutant(
        "past.py",
        "if len(past.iterations) > plan.iterations:",
        "if False:",
        (
            "engine/test_run.py",
            *RESUME,
            "plugin/test_resume.py::test_more_iterations_extend_a_finished_soak_and_fewer_are_refused",
        ),
    ),
    Mutant("past.py", "if state.iteration == 0:", "if False:", ("engine/test_run.py", *RESUME)),
    # settings
    Mutant(
        "resolve.py",
        "if option.env and (text := inputs.env",
        "if False and (text := inputs.env",
        of("settings"),
    ),
    Mutant("resolve.py", "_RISING = (INI, ENV, CLI)", "_RISING = (CLI, ENV, INI)", of("settings")),
    Mutant(
        "seeds.py",
        "seeds.extend(range(first, last + 1))",
        "seeds.extend(range(first, last))",
        of("settings"),
    ),
    Mutant("resolve.py", 'and found["target"].source == "default"', "", of("settings")),
    Mutant("resolve.py", "(given.source == CLI or not text)", "True", of("settings")),
    Mutant("overrides.py", "if all(value != ours[name] for ours in written)", "", of("overrides")),
)
