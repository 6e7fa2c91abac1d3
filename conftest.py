"""Test set-up of the whole project.

Properties are tried on the same examples in each run; `--hypothesis-profile=explore` tries others.
"""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = ["pytester"]

settings.register_profile("explore", deadline=None)
settings.register_profile("same", deadline=None, derandomize=True, database=None, max_examples=50)
settings.load_profile("same")
