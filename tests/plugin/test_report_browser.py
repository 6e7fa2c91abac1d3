"""The report in a real browser: at a desk and on a phone, in light and in dark."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from runs import metric, outcome_of, summary_of, write_lane, write_result, write_run

from pytest_soak.report.page import report_text
from pytest_soak.report.read import read_run

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium or google-chrome")
PROBE = """
<!DOCTYPE html><meta charset="utf-8"><style>body {{ margin: 0 }} iframe {{ border: 0 }}</style>
<iframe id="f" src="report.html" width="{width}" height="900"></iframe><pre id="out"></pre>
<script>
document.getElementById("f").onload = event => {{
  const w = event.target.contentWindow, root = w.document.documentElement;
  const wide = [...w.document.querySelectorAll("body *")].filter(e =>
    !e.closest(".scroll *, svg *") && e.getBoundingClientRect().right > w.innerWidth + 1);
  document.getElementById("out").textContent = JSON.stringify({{
    inner: w.innerWidth, scroll: root.scrollWidth, dark: w.matchMedia(
    "(prefers-color-scheme: dark)").matches, page: w.getComputedStyle(w.document.body).background,
    wide: wide.map(e => e.tagName + "." + e.className), height: root.scrollHeight }});
}};
</script>
"""


def browse(folder: Path, page: str, *options: str) -> str:
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--allow-file-access-from-files",
            "--enable-logging=stderr",
            "--hide-scrollbars",
            f"--user-data-dir={folder / 'chromium'}",
            "--virtual-time-budget=5000",
            *options,
            (folder / page).as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    return done.stdout


def hostile_run(folder: Path) -> Path:
    long, tag = "x" * 3000, "<script>alert(1)</script>"
    tuning = {"deltas": {long: 1.0}, "rationale": [long, tag]}
    iterations = [
        summary_of(
            n,
            tag + long,
            kpis={long: float(n), tag: float(n)},
            overrides={long: float(n)},
            sources={long: long},
            tuning=tuning,
            verdict_reasons=[long],
        )
        for n in range(1, 11)
    ]
    checks = [metric(long, reason=long, gate=long), metric(tag)]
    done = write_lane(folder, iterations, checks, reasons=[long, tag], profile=long)
    write_result(folder, [done, outcome_of(long, 0)], {long: long})
    return folder


def good_run(folder: Path) -> Path:
    return write_run(folder, lanes=8)


@pytest.mark.parametrize("made", [good_run, hostile_run], ids=["good", "hostile"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_sticks_out_and_nothing_complains(
    tmp_path: Path, made: object, width: int, dark: bool
) -> None:
    assert callable(made)
    (tmp_path / "report.html").write_text(
        report_text(read_run(made(tmp_path / "run")), {}), "utf-8"
    )
    (tmp_path / "probe.html").write_text(PROBE.format(width=width), "utf-8")
    options = ["--blink-settings=preferredColorScheme=0"] if dark else []
    dom = browse(tmp_path, "probe.html", "--window-size=1400,1000", "--dump-dom", *options)
    match = re.search(r'<pre id="out">(\{.*?\})</pre>', dom)
    assert match is not None, dom[-2000:]
    seen = json.loads(match[1])
    assert seen["inner"] == width
    assert seen["scroll"] <= width
    assert seen["wide"] == []
    assert seen["dark"] is dark
    assert seen["page"].startswith("rgb(18, 22, 28)" if dark else "rgb(255, 255, 255)")


def test_it_prints(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(
        report_text(read_run(good_run(tmp_path / "run")), {}), "utf-8"
    )
    browse(tmp_path, "report.html", f"--print-to-pdf={tmp_path / 'report.pdf'}")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


def test_it_can_be_pictured(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(
        report_text(read_run(good_run(tmp_path / "run")), {}), "utf-8"
    )
    picture = tmp_path / "report.png"
    browse(tmp_path, "report.html", "--window-size=390,2000", f"--screenshot={picture}")
    assert picture.stat().st_size > 20_000
