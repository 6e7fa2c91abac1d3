"""`pytest-soak release rollback --shadow`: whether what was put back is as fast as it must be."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from pytest_soak.artifacts.stored_run import run_in
from pytest_soak.commands.release_place import Asked, Say, Worked, open_place
from pytest_soak.commands.release_shadow import check_target
from pytest_soak.commands.release_step import check_usable, run_folder, wanted
from pytest_soak.errors import SoakUsageError, one_line
from pytest_soak.gates.engine import Verdict
from pytest_soak.release.child import INTERRUPTED, run_pytest
from pytest_soak.release.evidence import evidence
from pytest_soak.release.session import Session, arguments
from pytest_soak.release.steps import ROLLBACK

MINUTES = 10.0


def shadow_in_use(
    asked: Asked, env: Mapping[str, str], folder: Path, say: Say, *, quiet: bool
) -> Worked:
    """Soak what is in use for some minutes, by the gate of the shadow; it is no step.

    Exit status 0 PASS or WARN, 1 FAIL, 2 interrupted, 3 HOLD. Errors are those of `release shadow`.
    """
    place = open_place(asked, env, folder)
    check_target(place.choice)
    check_usable(place, "target", "config", "control", "gate shadow")
    control, plan = place.choice.control, place.choice.plan
    assert control is not None
    root = run_folder(place, ROLLBACK)
    of_it = (plan.seeds[:1], 1, MINUTES, plan.gates.shadow, root)
    session = Session(plan, control, *of_it, feeds=True)
    given = arguments(session, place.choice.folder)
    say(one_line(f"python -m pytest {shlex.join(given)}"))
    status = run_pytest(given, place.choice.folder, sys.stderr if quiet else None)
    if status == INTERRUPTED:
        return Worked(INTERRUPTED, {"stabilised": None})
    if status not in (0, 1):
        raise SoakUsageError("--shadow", f"the session ended by {status}, see above; mend that")
    said = evidence(run_in(root), wanted(place.choice, session, place.choice.gates["shadow"]))
    good = said.verdict in (Verdict.PASS, Verdict.WARN)
    what = f"{'' if good else 'not '}stabilised, by a shadow of {MINUTES:g} minutes"
    why = f": {'; '.join(said.reasons)}" if said.reasons else ""
    say(one_line(f"{said.verdict}: {what}{why}"))
    document = {"stabilised": good, "verdict": said.verdict.value, "reasons": list(said.reasons)}
    return Worked({Verdict.FAIL: 1, Verdict.HOLD: 3}.get(said.verdict, 0), document)
