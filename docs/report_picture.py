"""Picture the report of a real soak: python docs/report_picture.py (needs chromium or chrome)."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

COMMAND = (
    "pytest",
    "--soak-iterations=24",
    "--soak-profile=steady_safe,aggressive",
    "--soak-auto-tune",
    "--soak-warmup",
)
SIZE = "1120,1180"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    """Run the command in an empty directory and write docs/report.png."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"needs one of {', '.join(BROWSERS)}")
    picture = Path(__file__).resolve().parent / "report.png"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", *COMMAND, "-p", "no:randomly"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        report = Path(folder) / "artifacts/soak/latest/report.html"
        headless = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        shot = [f"--window-size={SIZE}", f"--screenshot={picture}", report.as_uri()]
        subprocess.run([browser, *headless, *shot], check=True, capture_output=True)


if __name__ == "__main__":
    main()
