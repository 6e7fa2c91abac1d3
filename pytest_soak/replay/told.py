"""What an importer has to say of a recording, beside its rows: counts by name, and remarks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pytest_soak.replay.terms import Terms


@dataclass
class Told:
    """Filled while files are read.

    `counts` are of messages, by the names in COUNTED; `remarks` are sentences, each said once.
    """

    counts: Counter[str] = field(default_factory=Counter)
    symbols: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)
    venue: str = ""
    """Which source it is, as `formats.NAMES` has it."""
    has_receipt: bool = True
    """Whether the recorder's clock is in it; where not, feed latency is what the user says."""
    snapshots_only: bool = False
    terms: Terms = field(default_factory=Terms)
    """What the recording says of the contract."""

    damaged: set[str] = field(default_factory=set)
    """The files of which a part is lost, which is remarked."""

    def remark(self, text: str) -> None:
        """Say something once."""
        if text not in self.remarks:
            self.remarks.append(text)

    def lose(self, shown: str, text: str) -> None:
        """Say how a part of a file is lost."""
        self.damaged.add(shown)
        self.remark(f"{shown}: {text}")


COUNTED = {
    "duplicates": "messages that came twice, left out",
    "skipped_trades": "trades that are none of the market's (X is not MARKET), left out",
    "missing_trades": "trades that are missing by their numbers",
    "old_trades": "trades from before the recording, left out",
    "before_snapshot": "depth updates that no snapshot was there for, left out",
    "unused_snapshots": "snapshots that were not needed",
    "unjoined_snapshots": "snapshots that no update joins",
    "made_up_times": "messages without the venue's time: the local side's alone",
    "other_symbols": "messages of other symbols, left out",
    "other_messages": "messages of other kinds, left out",
}
"""What may be counted beside the rows by kind, in words."""
