"""What the plugin costs a session that does not soak: nothing to see."""

from __future__ import annotations

from harness import Workbench

PLAIN = """
    import sys

    HEAVY = ("numpy", "numba", "pydantic", "yaml", "click", "plotly", "rich", "hypothesis")

    def test_plain():
        assert [m for m in HEAVY if m in sys.modules] == []

    def test_thin():
        ours = sorted(m for m in sys.modules if m.startswith("pytest_soak"))
        assert ours == [
            "pytest_soak",
            "pytest_soak.hookspecs",
            "pytest_soak.options",
            "pytest_soak.plugin",
            "pytest_soak.version",
        ]
"""


def test_no_item_no_file_no_output_no_heavy_import(shell: Workbench) -> None:
    shell.write("test_plain.py", PLAIN)
    before = shell.files()
    quiet = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:randomly")
    done = shell.pytest(*quiet, PYTHONDONTWRITEBYTECODE="1")
    assert done.returncode == 0, done.everything
    body = [line for line in done.lines if not line.startswith(("plugins:", "rootdir:"))]
    assert "soak" not in "\n".join(body)
    assert "2 passed" in done.stdout
    assert shell.files() == before


def test_the_plugin_can_be_switched_off(shell: Workbench) -> None:
    shell.write("test_plain.py", "def test_plain(): pass\n")
    done = shell.pytest("-p", "no:soak")
    assert done.returncode == 0
    refused = shell.pytest("-p", "no:soak", "--soak-iterations=2")
    assert refused.returncode == 4


def test_a_session_that_finds_no_test_still_says_five(shell: Workbench) -> None:
    assert shell.pytest().returncode == 5
