"""What a spike episode does to the maker: a table and a picture for docs/MARKET.md.

The table averages the second hour of lanes that are sure to have an episode; the picture shows the
hour of one of them, seed 42. Run: python -m benchmarks.episode [--seeds 24]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.lanes import HOUR_US, ROOT, profile, put_section, table
from pytest_soak.market.maker_config import MakerConfig
from pytest_soak.market.regimes import build_market
from pytest_soak.market.running import BURN_IN_US
from pytest_soak.market.simulation import Simulation
from pytest_soak.observation.columns import Observation

DOCUMENT = ROOT / "docs" / "MARKET.md"
PICTURE = ROOT / "docs" / "episode.svg"
PICTURED_SEED = 42
AFTER_US = 600_000_000
DUST = 10_000.0  # of volume, below which a net in bps says nothing
WIDTH, PANEL, GAP, LEFT, RIGHT, TOP = 720, 110, 34, 64, 28, 40

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Hour:
    """One hour with an episode; times in microseconds since the first hour began."""

    seen: Observation
    start: int
    end: int


def hour_with_episode(seed: int) -> Hour:
    """The second hour of a maker that has learnt."""
    simulation = Simulation(build_market("spike", {"spike_prob": 1.0}), seed, MakerConfig(0.0))
    simulation.observe(1, 0, HOUR_US, profile("steady_safe"), 0)
    seen = simulation.observe(2, HOUR_US, 2 * HOUR_US, profile("steady_safe"), 0)
    flow = simulation.world["flow"]
    start, end = (int(flow[f"episode_{name}"]) - BURN_IN_US for name in ("start", "end"))
    return Hour(seen, start, end)


def phases(hour: Hour) -> dict[str, tuple[int, int]]:
    """The parts of the hour that the table compares."""
    after = min(hour.end + AFTER_US, 2 * HOUR_US)
    return {
        "before": (HOUR_US, hour.start),
        "the episode": (hour.start, hour.end),
        "10 minutes after": (hour.end, after),
        "later": (after, 2 * HOUR_US),
    }


def measure(hour: Hour, begin: int, end: int) -> list[float]:
    """Minutes and what happened in them: see `HEAD`."""
    seen = hour.seen
    fills = seen.fills[(seen.fills["time_us"] >= begin) & (seen.fills["time_us"] < end)]
    marks = seen.marks[(seen.marks["time_us"] >= begin) & (seen.marks["time_us"] < end)]
    blocks = seen.blocks[(seen.blocks["time_us"] >= begin) & (seen.blocks["time_us"] < end)]
    minutes = (end - begin) / 60e6
    risk = int((blocks["reason"] == seen.block_reasons.index("risk")).sum())
    if minutes < 0.5 or len(marks) < 2:
        return [np.nan] * len(HEAD)
    equity = marks["equity_quote"]
    money = float(equity[-1] - equity[0])
    volume = float((fills["price"] * fills["quantity"]).sum())
    makers = fills[fills["maker"] & np.isfinite(fills["mid_1s"])]
    against = -makers["side"] * (makers["mid_1s"] / makers["mid"] - 1.0) * 1e4
    path = np.diff(np.log(marks["mid"])) * 1e4
    return [
        minutes,
        float(path.std()),
        len(fills) / minutes,
        volume,
        money,
        float(np.percentile(against, 95)) if len(against) else np.nan,
        risk / minutes,
        float(np.abs(marks["inventory"] * marks["mid"]).max()),
        float((np.maximum.accumulate(equity) - equity).max()),
    ]


HEAD = (
    "minutes",
    "price move, bps a √s",
    "fills a minute",
    "volume",
    "money",
    "adverse p95, bps",
    "risk stops a minute",
    "largest position",
    "deepest fall of the money",
)


def episode_table(seeds: range) -> str:
    """Means over seeds, and net in bps as all money over all volume."""
    hours = [hour_with_episode(seed) for seed in seeds]
    rows = []
    for name in ("before", "the episode", "10 minutes after", "later"):
        values = np.array([measure(hour, *phases(hour)[name]) for hour in hours])
        mean = dict(zip(HEAD, np.nanmean(values, axis=0), strict=True))
        spread = float(np.nanstd(values[:, HEAD.index("money")], ddof=1))
        rows.append(
            [
                name,
                f"{mean['minutes']:.0f}",
                f"{mean['price move, bps a √s']:.2f}",
                f"{mean['fills a minute']:.1f}",
                f"{mean['money'] / mean['minutes']:+.1f}",
                f"{mean['money']:+.0f} ({spread:.0f})",
                f"{mean['money'] / mean['volume'] * 1e4:+.2f}" if mean["volume"] > DUST else "-",
                f"{mean['adverse p95, bps']:.1f}",
                f"{mean['risk stops a minute']:.1f}",
                f"{mean['largest position']:,.0f}",
                f"{mean['deepest fall of the money']:.0f}",
            ]
        )
    head = ["", *HEAD[:3], "money a minute", "money (sd)", "net, bps", *HEAD[5:]]
    return table(head, rows)


def picture(hour: Hour) -> str:
    """Price, position and money of one hour, one under the other, the episode shaded."""
    marks = hour.seen.marks
    minutes = (marks["time_us"] - HOUR_US) / 60e6
    panels = [
        ("price, bps from the start", (marks["mid"] / marks["mid"][0] - 1.0) * 1e4),
        ("position, quote", marks["inventory"] * marks["mid"]),
        ("money earned in the hour, quote", marks["equity_quote"] - marks["equity_quote"][0]),
    ]
    height = TOP + len(panels) * (PANEL + GAP) + 10
    shade = [(time - HOUR_US) / 60e6 for time in (hour.start, hour.end)]
    left, right = (LEFT + x / 60.0 * (WIDTH - LEFT - RIGHT) for x in shade)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#333">',
        f"<title>An hour with a spike episode, seed {PICTURED_SEED}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<rect x="{left:.1f}" y="{TOP - 8}" width="{right - left:.1f}" '
        f'height="{height - TOP - 24}" fill="#f4c7ab" opacity="0.6"/>',
        f'<text x="{left:.1f}" y="{TOP - 14}">spike episode</text>',
    ]
    for index, (title, values) in enumerate(panels):
        parts += _panel(title, minutes, values, TOP + index * (PANEL + GAP))
    for minute in range(0, 61, 10):
        x = LEFT + minute / 60.0 * (WIDTH - LEFT - RIGHT)
        parts.append(f'<text x="{x:.0f}" y="{height - 8}" text-anchor="middle">{minute} min</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(title: str, minutes: Array, values: Array, top: float) -> list[str]:
    low, high = float(min(values.min(), 0.0)), float(max(values.max(), 0.0))
    span = high - low or 1.0
    x = LEFT + minutes / 60.0 * (WIDTH - LEFT - RIGHT)
    y = top + 14 + (high - values) / span * (PANEL - 14)
    zero = top + 14 + high / span * (PANEL - 14)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x[::5], y[::5], strict=True))
    labels = [(top + 18, high), (top + PANEL, low)]
    return [
        f'<text x="{LEFT}" y="{top + 4}" font-weight="600">{title}</text>',
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{zero:.1f}" y2="{zero:.1f}" stroke="#bbb"/>',
        f'<polyline points="{points}" fill="none" stroke="#1f5fa8" stroke-width="1.3"/>',
        *(
            f'<text x="{LEFT - 6}" y="{at:.0f}" text-anchor="end">{value:,.0f}</text>'
            for at, value in labels
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=24)
    seeds = range(1, parser.parse_args().seeds + 1)
    put_section(DOCUMENT, "episode", episode_table(seeds))
    PICTURE.write_text(picture(hour_with_episode(PICTURED_SEED)), encoding="utf-8")
    print(f"wrote {PICTURE.relative_to(ROOT)} and the table of {DOCUMENT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
