"""Faults in a release: its plan, its ledger, how its steps stand, its first step."""

from __future__ import annotations

from mutants.mutant import Mutant, of

PLAN = of("release_plan")
CHOICE = of("release_choice")
STATE = of("release_state")
STATUS = of("release_status")
PREP = of("release_prep")
JUDGE = of("release_judge")

RUN = ("plugin/test_release_run.py",)
SHADOWED = ("plugin/test_shadow_command.py",)
ADOPTED = ("plugin/test_adopt_command.py",)

MUTANTS = (
    # the plan, and what it comes to
    Mutant("plan.py", "    for limit in limits:\n        parse(limit)\n", "", PLAN),
    Mutant("plan.py", "if len(set(seeds)) < len(seeds)", "if False", PLAN),
    Mutant("plan.py", "and not read.overrides and not read.flags", "and False", PLAN),
    Mutant("plan.py", '"candidate" not in read.model_fields_set', "False", PLAN),
    Mutant("plan.py", "if at[:2] == where}", "if at[:1] == where[:1]}", PLAN),
    Mutant("choice.py", "names = given or planned or", "names = planned or given or", CHOICE),
    Mutant("choice.py", "if found.digest == control.digest:", "if False:", CHOICE),
    Mutant("choice.py", "    if others:\n        raise", "    if False:\n        raise", CHOICE),
    Mutant(
        "choice.py", "        check_metrics(gate, plan.market", "        (gate, plan.market", CHOICE
    ),
    Mutant("inputs.py", "if None in models:", "if False:", CHOICE),
    Mutant("inputs.py", "if choice.plan.target == SIM else {}", "", CHOICE),
    Mutant(
        "hashes.py",
        "place = plain(directory, directory / path)",
        "place = directory / path",
        of("release_hashes"),
    ),
    Mutant(
        "hashes.py", "kept[path][:3] == looks", "kept[path][:1] == looks[:1]", of("release_hashes")
    ),
    Mutant("hashes.py", "{} if anew else", "", of("release_hashes")),
    Mutant(
        "ini.py",
        "for place in (folder, *folder.parents)",
        "for place in (folder,)",
        of("release_ini"),
    ),
    Mutant(
        "ini.py",
        "there[0] if there else {} if path.name in _ALWAYS else None",
        "there[0] if there else None",
        of("release_ini"),
    ),
    # the ledger
    Mutant("record.py", 'outcome.verdict == "HOLD"', 'outcome.verdict == ""', of("release_record")),
    Mutant(
        "record.py",
        "return at if at.tzinfo is not None else None",
        "return at",
        of("release_record"),
    ),
    # how a step stands
    Mutant(
        "state.py",
        "if s.state is not State.DONE), None)\n        found",
        "if s.state is State.PENDING), None)\n        found",
        STATE,
    ),
    Mutant("state.py", "made = [path for one in before(step)", "made = [path for one in ()", STATE),
    Mutant("state.py", "present.held and last is entries[-1]", "present.held", STATE),
    Mutant("state.py", 'and last.event == "started":', "and True:", STATE),
    Mutant("state.py", "last.stage != LAST_STAGE", "False", STATE),
    Mutant(
        "state.py", '(*reasons, f"waits for {waits.step}")', '(f"waits for {waits.step}",)', STATE
    ),
    Mutant(
        "state.py",
        "        state = State.STALE if told else State.DONE",
        "        state = State.DONE",
        STATE,
    ),
    Mutant("state.py", "if present.files[path] != digest:", "if False:", STATE),
    Mutant("state.py", "if path not in present.files:", "if False:", STATE),
    Mutant("state.py", "if last.step in present.overturned:", "if False:", STATE),
    Mutant("state.py", "dict.fromkeys([*present, *was])", "was", STATE),
    Mutant(
        "state.py",
        "for was, present in (inputs, versions):",
        "for was, present in (inputs,):",
        STATE,
    ),
    Mutant("state.py", "last.run is not None and present.max", "present.max", STATE),
    Mutant("state.py", "total_seconds() / 3600) > hours", "total_seconds() / 3600) < hours", STATE),
    Mutant("state.py", "e.outputs.get(name) == digest", "True", STATE),
    Mutant(
        "state.py",
        "if stand & {State.FAILED, State.ROLLED_BACK}",
        "if stand & {State.FAILED}",
        STATE,
    ),
    Mutant("state.py", "return 0 if stand == {State.DONE} else 3", "return 0", STATE),
    # status
    Mutant("release_status.py", "clock, say, only_read=True", "clock, say", STATUS),
    Mutant("release_status.py", "    if place.home.is_dir():", "    if True:", STATUS),
    Mutant("release_status.py", "    if verify:", "    if False:", STATUS),
    Mutant("release_verify.py", "if verdict != done[step].verdict}", "}", STATUS),
    Mutant("release_place.py", "if first.state is State.RUNNING:", "if False:", STATUS),
    Mutant("release_place.py", "path.exists() and not path.is_dir()", "False", STATUS),
    Mutant("release_place.py", "    elif in_env:\n", "    elif in_env and ini is None:\n", STATUS),
    # prep and its snapshot
    Mutant("prep.py", "value is requirement", "bool(value) == requirement", JUDGE),
    Mutant("prep.py", "all(parse(limit)", "any(parse(limit)", PREP),
    Mutant("prep.py", "if name in declared}", "}", PREP),
    Mutant("prep.py", "usual if given is None else given", "usual", PREP),
    Mutant("prep.py", "free_mb >= needed", "True", PREP),
    Mutant("prep.py", "days * len(choice.plan.seeds)", "days", PREP),
    Mutant(
        "prep.py",
        "cap > figures.cap_share_of_limit * limit",
        "cap >= figures.cap_share_of_limit * limit",
        PREP,
    ),
    Mutant("prep.py", "or not _switched_on(figures.cap, arm.flags)", "", PREP),
    Mutant("prep.py", "    if problem is not None:", "    if False:", PREP),
    Mutant(
        "release_prep.py",
        '        verdict="FAIL" if failed else "PASS",',
        '        verdict="PASS",',
        PREP,
    ),
    Mutant("release_prep.py", 'Worked(1 if log.verdict == "FAIL" else 0', "Worked(0", PREP),
    Mutant(
        "release_prep.py", "    if _failed(found) or choice.control", "    if choice.control", PREP
    ),
    Mutant("release_prep.py", "if _is_new(place.directory) and", "if True and", PREP),
    Mutant("release_prep.py", "    with locked(place.home):\n", "    if True:\n", PREP),
    Mutant("snapshot.py", "if _hash(file.path) != state.sha256:", "if False:", PREP),
    Mutant("snapshot.py", "if _hash(directory / path) != state.sha256:", "if False:", PREP),
    Mutant(
        "snapshot.py", "if _without_meta(_json(place)) != _without_meta(data):", "if True:", PREP
    ),
    Mutant("snapshot.py", "[file.state.model_dump() for", "[file.state.path for", PREP),
    Mutant(
        "release_prep.py", "            sweep(plain", "            (plain", of("release_killed")
    ),
    # the registry
    Mutant(
        "release_flags.py",
        "        if is_there != wanted:",
        "        if False:",
        of("release_flags"),
    ),
    Mutant("release_flags.py", "zip_longest(found", "zip(found", of("release_flags")),
    # figures in files
    Mutant("figures.py", "if not low <= value <= high:", "if False:", JUDGE),
    Mutant("figures.py", "if not math.isfinite(value):", "if False:", JUDGE),
    Mutant("figures.py", "if name in found and found[name] != value:", "if False:", JUDGE),
    Mutant("judge_ab.py", "net.value < -TOLERANCE:", "net.value < -1:", JUDGE),
    Mutant("judge_ab.py", "least - TOLERANCE", "least + TOLERANCE", JUDGE),
    Mutant("judge_ab.py", "Figure(was - now)", "Figure(now - was)", JUDGE),
    Mutant(
        "judge_ab.py",
        "figure, limit, not passed)",
        "figure, limit, True)",
        JUDGE,
    ),
    Mutant("judge.py", "if 0.0 <= part <= whole and whole > 0.0:", "if whole > 0.0:", JUDGE),
    Mutant("judge_baseline.py", "if not locked and not now:", "if False:", JUDGE),
    Mutant("judge_baseline.py", "dict.fromkeys([*locked, *now])", "locked", JUDGE),
    Mutant("judge_baseline.py", "not math.isfinite(before + after)", "False", JUDGE),
    Mutant(
        "judge_baseline.py",
        'key for key in ("stages", "baseline")',
        'key for key in ("stages",)',
        JUDGE,
    ),
    Mutant("judge.py", "limits.least_hours <= value < limits.good_hours", "False", JUDGE),
    # the way back, options, runs from elsewhere, verdicts anew
    Mutant("state.py", "if told and not is_final(last, present):", "if told:", RUN),
    Mutant("state.py", "and entry.versions == present.versions", "", of("release_state")),
    Mutant("release_ab.py", "go_back(place, to_snapshot(place), why, clock, say)", "pass", RUN),
    Mutant("release_prep.py", "_rolled_back(place, clock, say))", "None)", RUN),
    Mutant("flags.py", 'if ".".join((*place, key)) not in names', "", of("flags")),
    Mutant("restore.py", "flags.rollbacks())", "flags.defaults())", of("release_rollback")),
    Mutant(
        "plan.py", "{**document.data, **typed}", "{**typed, **document.data}", of("release_plan")
    ),
    Mutant("abilities.py", '_said(target, "shadow") is True', "True", SHADOWED),
    Mutant("adopt.py", "evidence(run, wanted)", "pass", ADOPTED),
    Mutant("adopt.py", "_minor(made) != _minor(here)", "False", ADOPTED),
    Mutant("adopt.py", "plain_tree(run.folder.parent, run.folder)", "pass", ADOPTED),
    Mutant("evidence.py", "recorded.version or NOT_TOLD, wanted", "wanted", of("release_evidence")),
    Mutant("release_verify.py", "if one.state is State.DONE and", "if", of("release_verify")),
    Mutant("state.py", "s.step != AB]", "True]", of("release_state")),
    Mutant("spread_fit.py", "-slope / gross", "slope / gross", of("spread_fit")),
    Mutant(
        "spread_fit.py", "before[-1] / means - 1.0)", "before[0] / means - 1.0)", of("spread_fit")
    ),
    Mutant("spread_fit.py", "if clear else 0.0", "", of("spread_fit")),
    Mutant("measured.py", "study.kernel != source_digest()", "False", of("release_flags")),
)
