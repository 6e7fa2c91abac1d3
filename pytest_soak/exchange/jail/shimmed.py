"""A bot without a namespace: Python itself leads it to the exchange, and refuses all else."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from pytest_soak.exchange.jail.names import BYBIT
from pytest_soak.exchange.jail.outside import Outside

SHIM = Path(__file__).parent / "shim"
NAMES, TRUST = str(SHIM / "names"), str(SHIM / "trust")
"""Folders of modules that stand before others: `sitecustomize`, and `certifi`."""
ORDER = "SOAK_JAIL"
"""The variable with what the shim is to do, as JSON."""
TRIED = "tried.jsonl"
FIRST = 20


def shim_environment(
    env: Mapping[str, str], folder: Path, port: int, tls_port: int, bundle: Path
) -> dict[str, str]:
    """The variables of a bot that is to be led to these ports; attempts are noted in `folder`."""
    order = {
        "hosts": list(BYBIT),
        "ports": {"443": tls_port, "80": port},
        "trusted": str(bundle),
        "tried": str(folder / TRIED),
    }
    return before(env, NAMES, TRUST) | {ORDER: json.dumps(order)}


def before(env: Mapping[str, str], *folders: str) -> dict[str, str]:
    """The same variables, with folders that Python looks into before all others."""
    path = [*folders, *filter(None, [env.get("PYTHONPATH")])]
    return {**env, "PYTHONPATH": os.pathsep.join(path)}


def tried(folder: Path) -> Outside:
    """What the shim has refused."""
    try:
        lines = (folder / TRIED).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    return Outside(packets=None, refused=len(lines), tried=lines[:FIRST])
