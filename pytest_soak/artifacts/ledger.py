"""LEDGER.jsonl: what was planned and decided, a line an event, each with the hash of the last.

The chain shows an edit, it does not prevent one: who rewrites all lines leaves no trace.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError

from pytest_soak.canonical import compact
from pytest_soak.errors import ArtifactError
from pytest_soak.storage.files import append, cut, write_bytes
from pytest_soak.storage.journal import DamageError, decode, encode
from pytest_soak.storage.links import plain

LEDGER = "LEDGER.jsonl"
Kind = Literal[
    "started", "finished", "interrupted", "promoted", "held", "rolled_back", "superseded"
]


class Entry(BaseModel):
    """One event; `seq` counts from 1, `prev` is the SHA-256 of the line before, empty of the first.

    `plan` is what was fixed before, `inputs` and `outputs` are hashes by name, `run` is the folder
    of the run on which a verdict rests.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    seq: int
    prev: str
    step: str
    stage: int | None = None
    event: Kind
    inputs: dict[str, str] = {}
    outputs: dict[str, str] = {}
    plan: dict[str, Any] = {}
    run: str | None = None
    verdict: str | None = None
    reasons: list[str] = []
    versions: dict[str, str] = {}
    meta: dict[str, Any] = {}


class Ledger:
    """The events of a folder so far; what is added is on the disk when `add` returns.

    What a write left unfinished at the end is cut off, and told to `say`; only passed over where it
    is `only_read`, as another process may be writing it. Of a `shared` one several processes may:
    each adds behind what the others have added. Raises ArtifactError for a ledger that is damaged
    before its end, or whose chain is broken.
    """

    def __init__(
        self,
        folder: Path,
        say: Callable[[str], None],
        *,
        only_read: bool = False,
        shared: bool = False,
    ) -> None:
        self.path = folder / LEDGER
        self.entries: list[Entry] = []
        self._prev = ""
        self._say = say
        self._only_read = only_read
        self._shared = shared
        with self._alone():
            self.catch_up()

    def catch_up(self) -> None:
        """Read what is there behind what is known; errors as of a new Ledger."""
        if not (self.path.exists() or self.path.is_symlink()):
            return
        data = _content(self.path)
        try:
            payloads, size = decode(data)
        except DamageError as error:
            raise ArtifactError(f"{self.path}: {error}; {_REMEDY}") from None
        for number, payload in enumerate(payloads[len(self.entries) :], len(self.entries) + 1):
            self._take(number, payload)
        if size < len(data):
            done = "passed over" if self._only_read else "cut off"
            self._say(f"{self.path}: line {len(payloads) + 1} was not finished, and is {done}")
            if not self._only_read:
                cut(self.path, size)

    def _take(self, number: int, payload: str) -> None:
        try:
            entry = Entry.model_validate(json.loads(payload), strict=True)
        except (ValidationError, ValueError, RecursionError):
            problem = f"line {number} is no event of a ledger"
            raise ArtifactError(f"{self.path}: {problem}; {_REMEDY}") from None
        if (entry.seq, entry.prev) != (number, self._prev):
            problem = f"line {number} does not follow from the line before: one was edited"
            raise ArtifactError(f"{self.path}: {problem}; {_REMEDY}")
        self.entries.append(entry)
        self._prev = _digest(encode(payload))

    def add(self, event: Kind, step: str, **fields: Any) -> Entry:
        """Append an event, with the fields of an Entry; ArtifactError where that fails."""
        with self._alone():
            if self._shared:
                self.catch_up()
            return self._append(event, step, fields)

    def _alone(self) -> AbstractContextManager[object]:
        """Of a shared ledger, keep other processes from adding meanwhile."""
        if not self._shared or self._only_read:
            return nullcontext()
        return FileLock(plain(self.path.parent, self.path.with_name(_LOCK)))

    def _append(self, event: Kind, step: str, fields: Mapping[str, Any]) -> Entry:
        number = len(self.entries) + 1
        entry = Entry(seq=number, prev=self._prev, event=event, step=step, **fields)
        line = encode(compact(entry.model_dump(mode="json")))
        if self.entries:
            append(self.path, line)
        else:
            write_bytes(self.path, line, durable=True)
        self.entries.append(entry)
        self._prev = _digest(line)
        return entry


_LOCK = ".ledger.lock"
_REMEDY = "restore it from a copy, or begin anew in another folder"


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read: {error.strerror or error}") from None


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()
