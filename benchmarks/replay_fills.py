"""The replay's fills beside those of hftbacktest, fill for fill, and its speed beside it.

    python -m benchmarks.replay_fills FEED.npz --oracle /path/to/python-with-hftbacktest

FEED.npz is what `pytest-soak feed convert` or `feed export` writes. Orders on both sides near the
touch are sent, and cancelled after a while, whatever becomes of them.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.replay.compile import load_replay
from pytest_soak.replay.kernel.script import FILL, REQUEST
from pytest_soak.replay.kernel.state import empty_feed
from pytest_soak.replay.load import Recording, Request, load
from pytest_soak.replay.rows import ROW
from pytest_soak.replay.sources import Source
from pytest_soak.replay.survey import tops
from pytest_soak.replay.terms import Terms
from pytest_soak.replay.units import Units, terms_of

ENTRY_NS, RESPONSE_NS = 3_000_000, 4_000_000
CANCEL = 3
QUEUES = {"risk_averse": 0, "power": 1, "log": 2}
SENT = np.dtype([("sent", "i8"), *((n, REQUEST[n]) for n in REQUEST.names or ())], align=True)


def requests_for(recording: Recording, units: Units, every_ms: float, seed: int) -> NDArray[Any]:
    """Orders near the touch and the cancels of most of them, in the order of their sending."""
    random = np.random.default_rng(seed)
    top = np.concatenate(list(tops(recording, units)))
    first, last = int(top["time"][0]) + 2_000_000_000, int(top["time"][-1]) - 5_000_000_000
    count = int((last - first) / (every_ms * 1e6))
    orders = np.zeros(count, SENT)
    orders["sent"] = np.sort(random.integers(first, last, count))
    seen = top[np.searchsorted(top["time"], orders["sent"] - 10_000_000) - 1]
    orders["id"] = np.arange(1, count + 1)
    orders["side"] = np.where(random.random(count) < 0.5, 1, -1)
    orders["kind"] = random.choice([0, 1, 2], count, p=[0.9, 0.06, 0.04])
    away = random.choice([-1, 0, 0, 0, 1, 2, 3, 5, 8], count)
    best = np.where(orders["side"] > 0, seen["bid"], seen["ask"])
    orders["tick"] = best - orders["side"] * away
    orders["size"] = random.integers(1, 50, count) * units.lot
    cancels = orders[orders["kind"] < 2].copy()
    cancels["sent"] += (1e9 * random.exponential(2.0, len(cancels))).astype(np.int64) + 20_000_000
    cancels["kind"] = CANCEL
    found = np.concatenate([orders, cancels[cancels["sent"] < last]])
    found = found[np.argsort(found["sent"], kind="stable")]
    found["time"] = found["sent"] + ENTRY_NS
    return found


def own_fills(
    rows: NDArray[Any], units: Units, requests: NDArray[Any], queue: str, power: float
) -> NDArray[Any]:
    """The fills of the replay."""
    wanted = np.zeros(len(requests), REQUEST)
    for name in REQUEST.names or ():
        wanted[name] = requests[name]
    fills = np.zeros(len(requests) + 1, FILL)
    feed = empty_feed(units.tick, units.lot, QUEUES[queue], power)
    count = load_replay().run_script(feed.base, rows, wanted, fills)
    return fills[:count]


def different(ours: NDArray[Any], theirs: NDArray[Any], last_sent: int) -> list[tuple[Any, ...]]:
    """The fills that only one of both has; those that could not be seen by the end are left out."""
    sets = [
        {tuple(row) for row in fills.tolist() if row[0] + RESPONSE_NS <= last_sent}
        for fills in (ours, theirs)
    ]
    return sorted(sets[0] ^ sets[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("feed", type=Path)
    parser.add_argument("--oracle", type=Path, required=True)
    parser.add_argument("--every-ms", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    recording = load(Request([Source(given.feed, given.feed.name)]))
    units, _ = terms_of(recording, Terms(), given.feed.name)
    requests = requests_for(recording, units, given.every_ms, given.seed)
    rows = np.array(np.load(given.feed)["data"], ROW)
    for queue in QUEUES:
        ours = own_fills(rows, units, requests, queue, 3.0)
        theirs, seconds = oracle_fills(given, units, requests, queue)
        begun = time.process_time()
        none = requests[:0]
        own_fills(rows, units, none, queue, 3.0)
        spent = time.process_time() - begun
        wrong = different(ours, theirs, int(requests["sent"][-1]))
        for fill in wrong[:10]:
            print("only one has", fill)
        makers = int((ours["maker"] != 0).sum())
        print(
            f"{queue}: {len(rows):,} rows, {len(requests):,} requests, {len(ours):,} fills "
            f"({makers:,} as maker), {len(wrong)} differences; rows per CPU-second: "
            f"{len(rows) / spent / 1e6:.1f} M, hftbacktest {len(rows) / seconds / 1e6:.1f} M"
        )


def oracle_fills(
    given: argparse.Namespace, units: Units, requests: NDArray[Any], queue: str
) -> tuple[NDArray[Any], float]:
    """hftbacktest's fills, and the CPU seconds that it takes for the feed alone."""
    with tempfile.TemporaryDirectory() as folder:
        asked, found = Path(folder) / "requests.npz", Path(folder) / "fills.npz"
        np.savez(
            asked,
            requests=requests,
            tick=units.tick,
            lot=units.lot,
            queue=queue,
            power=3.0,
            entry=ENTRY_NS,
            response=RESPONSE_NS,
        )
        script = Path(__file__).with_name("hftbacktest_oracle.py")
        command = [str(given.oracle), "-P", str(script), str(given.feed), str(asked), str(found)]
        subprocess.run(command, check=True)
        data = np.load(found)
        return data["fills"], float(data["seconds"])


if __name__ == "__main__":
    main()
