"""promtool, where it is installed."""

from __future__ import annotations

import shutil

import pytest

PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
