"""What a bot in a process of its own is told: variables, and the file of its flags."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from pytest_soak.process.supervised import MARK

FLAGS = "soak_config.json"
"""The file in the folder of a lane that has its flags."""


def environment(
    own: Mapping[str, str],
    *,
    overrides: Mapping[str, float],
    runtime: Path,
    feeds: Path,
    config: Path,
    lane: Mapping[str, object],
) -> dict[str, str]:
    """All variables of a bot: the session's, those of its `own`, and what it is told.

    `lane` are facts of the lane, each told as SOAK_NAME. What pytest says of itself is left out.
    """
    session = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    told = {
        "MM_RUNTIME_OVERRIDES_JSON": json.dumps(dict(overrides), sort_keys=True),
        "MM_RUNTIME_OVERRIDES_PATH": str(runtime),
        "SOAK_FEEDS_DIR": str(feeds),
        "SOAK_CONFIG_PATH": str(config),
        MARK: uuid4().hex,
    }
    told |= {f"SOAK_{name.upper()}": str(value) for name, value in lane.items()}
    return {"PYTHONUNBUFFERED": "1", **session, **own, **told}


def nested(flags: Mapping[str, Any]) -> dict[str, Any]:
    """Flags by dotted names as the sections of a configuration."""
    sections: dict[str, Any] = {}
    for name, value in flags.items():
        *path, last = name.split(".")
        section = sections
        for part in path:
            section = section.setdefault(part, {})
        section[last] = value
    return sections
