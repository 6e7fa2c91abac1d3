"""Draw the README's picture from a real run: python docs/picture.py (needs the `docs` extra)."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

COMMAND = ("pytest", "--soak-iterations=24", "--soak-profile=steady_safe")
AS_AT_A_TERMINAL = ("--no-soak-markers", "--color=yes", "-p", "no:randomly")
LEFT_OUT = ("plugins:", "platform ", "rootdir:")
WIDTH = 80


def main() -> None:
    """Run the command in an empty directory and write docs/terminal.svg."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", *COMMAND, *AS_AT_A_TERMINAL],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
            env={"COLUMNS": str(WIDTH), "PATH": "", "HOME": folder},
        )
    shown = [line for line in done.stdout.splitlines() if not line.startswith(LEFT_OUT)]
    with Path("/dev/null").open("w") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True)
        console.print(Text.assemble(("$ ", "bold"), " ".join(COMMAND)))
        for line in shown:
            console.print(Text.from_ansi(line.replace(folder, "~/empty")))
    picture = Path(__file__).parent / "terminal.svg"
    picture.write_text(console.export_svg(title="pytest-soak"), encoding="utf-8")


if __name__ == "__main__":
    main()
