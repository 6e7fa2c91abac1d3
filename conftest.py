"""Test set-up of the whole project."""

from __future__ import annotations

pytest_plugins = ["pytester"]
