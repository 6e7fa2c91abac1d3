"""What each step depends on, as hashes."""

from __future__ import annotations

import platform
from hashlib import sha256
from typing import Any

from pydantic import BaseModel

from pytest_soak.ab.limits import load_limits, load_rails
from pytest_soak.ab.question import SIM
from pytest_soak.canonical import compact
from pytest_soak.dataset.filters import load_filters
from pytest_soak.market.compile import source_digest
from pytest_soak.release.choice import Choice
from pytest_soak.release.daily_rules import load_daily_rules
from pytest_soak.release.steps import INPUTS, PLAN, SECTIONS, STEPS
from pytest_soak.version import __version__

UNUSABLE = "unusable"
"""Stands for the hash of what cannot be read."""


def digest(data: Any) -> str:
    """SHA-256 of JSON data in its one form, as hexadecimal digits."""
    return sha256(compact(data).encode()).hexdigest()


def step_inputs(choice: Choice) -> dict[str, dict[str, str]]:
    """The hashes of what each step depends on by itself, by name."""
    every = _every(choice)
    return {
        step: {
            **({PLAN: digest(choice.plan.section(keys))} if (keys := SECTIONS[step]) else {}),
            **{name: every[name] for name in INPUTS[step]},
        }
        for step in STEPS
    }


def _every(choice: Choice) -> dict[str, str]:
    gates = {f"gate {step}": found for step, found in choice.gates.items()}
    return {
        "config": UNUSABLE if choice.control is None else choice.control.digest,
        "candidate": UNUSABLE if choice.candidate is None else choice.candidate.digest,
        "market": _of_models(choice.scenario),
        "gate shadow": _of_models(*(gates.get("gate shadow") or (None,))),
        "gate soak": _of_models(*(gates.get("gate soak") or (None,))),
        "stop": _of_models(choice.stop),
        "filters": _of_models(load_filters()),
        "daily": _of_models(load_daily_rules()),
        "limits": _of_models(load_limits(), load_rails()),
    }


def _of_models(*models: BaseModel | None) -> str:
    if None in models:
        return UNUSABLE
    return digest([m.model_dump(mode="json", by_alias=True) for m in models if m is not None])


def versions(choice: Choice) -> dict[str, str]:
    """Of all that has a say in what a step comes to; of Python the first two numbers."""
    kernel = {"kernel": source_digest()} if choice.plan.target == SIM else {}
    python = ".".join(platform.python_version_tuple()[:2])
    target = UNUSABLE if choice.bot is None else choice.bot.version
    return {"package": __version__, **kernel, "target": target, "python": python}
