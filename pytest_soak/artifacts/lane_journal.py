"""The journal of a lane: what makes each completed iteration outlive its process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pytest_soak.artifacts.feeds import Feeds
from pytest_soak.artifacts.layout import LaneFiles
from pytest_soak.artifacts.names import CHECKPOINT
from pytest_soak.config.documents import show
from pytest_soak.engine.past import (
    NO_EDITS,
    NOTHING,
    Carried,
    Done,
    Edits,
    Ended,
    Failure,
    Past,
)
from pytest_soak.errors import SoakUsageError
from pytest_soak.storage.files import append, cut, sweep, write_bytes, writing
from pytest_soak.storage.journal import DamageError, decode, encode

_ANEW = "or start anew without --soak-resume"


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class _Header(_Line):
    kind: Literal["lane"] = "lane"
    schema_: Literal["pytest-soak/journal/1"] = Field("pytest-soak/journal/1", alias="schema")
    fingerprint: dict[str, Any]


class _File(_Line):
    """A file beside the journal that the one of the next iteration replaces."""

    name: str = Field(pattern=rf"^{CHECKPOINT}(lane_)?\d+$")
    sha256: str


class _Iteration(_Line):
    kind: Literal["iteration"] = "iteration"
    done: Done
    checkpoint: _File | None
    carried: _File | None
    feeds: dict[str, int]
    seq: int = 0


class _Edits(_Line):
    kind: Literal["edits"] = "edits"
    edits: Edits


class _Failure(_Line):
    kind: Literal["failure"] = "failure"
    failure: Failure


class _Complaint(_Line):
    """What went wrong when the lane was interrupted, for whoever goes on with it."""

    kind: Literal["complaint"] = "complaint"
    complaint: str


class _End(_Line):
    kind: Literal["end"] = "end"
    end: Ended


_AnyLine = _Header | _Iteration | _Edits | _Failure | _Complaint | _End
_lines: TypeAdapter[_AnyLine] = TypeAdapter(Annotated[_AnyLine, Field(discriminator="kind")])


class Content(NamedTuple):
    """What a journal says; `size` is the length in bytes of its good lines."""

    fingerprint: dict[str, Any]
    iterations: tuple[_Iteration, ...]
    edits: Edits
    failures: tuple[Failure, ...]
    end: Ended | None
    size: int
    complaint: str | None = None

    @property
    def feeds(self) -> dict[str, int]:
        """The size of each feed file after the last iteration."""
        return {name: size for line in self.iterations for name, size in line.feeds.items()}

    @property
    def seq(self) -> int:
        """The number of the last line of all feeds after the last iteration."""
        return self.iterations[-1].seq if self.iterations else 0

    @property
    def checkpoint(self) -> _File | None:
        """The target's checkpoint after the last iteration."""
        return self.iterations[-1].checkpoint if self.iterations else None

    @property
    def carried(self) -> _File | None:
        """What the last iteration leaves to the next one."""
        return self.iterations[-1].carried if self.iterations else None


def read_journal(files: LaneFiles) -> Content:
    """The content of a lane's journal; SoakUsageError for one that is damaged or unreadable."""
    path = files.journal
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SoakUsageError(str(path), f"cannot be read: {error.strerror or error}") from None
    return parse_journal(str(path), data)


def parse_journal(path: str, data: bytes) -> Content:
    """The content of the journal at `path`; SoakUsageError for one that is damaged."""
    try:
        payloads, size = decode(data)
    except DamageError as error:
        problem = f"is damaged: its checksum does not match; restore the file, {_ANEW}"
        raise SoakUsageError(f"{path}:{error.line}", problem) from None
    header: _Header | None = None
    iterations: list[_Iteration] = []
    failures: list[Failure] = []
    edits, end, complaint = NO_EDITS, None, None
    for number, payload in enumerate(payloads, 1):
        goes_on = header is not None and end is None
        match _parsed(payload):
            case _Header() as line if number == 1:
                header = line
            case _Iteration() as line if goes_on and line.done.iteration == len(iterations) + 1:
                iterations.append(line)
                edits, complaint = NO_EDITS, None
            case _Edits() as line if goes_on:
                edits = line.edits
            case _Failure() as line if header is not None:
                failures.append(line.failure)
            case _Complaint() as line if goes_on:
                complaint = line.complaint
            case _End() as line if goes_on:
                end = line.end
            case _:
                problem = f"is not what a journal has there; restore the file, {_ANEW}"
                raise SoakUsageError(f"{path}:{number}", problem)
    assert header is not None
    kept = header.fingerprint, tuple(iterations), edits, tuple(failures)
    return Content(*kept, end, size, complaint)


def complaint_kept(files: LaneFiles) -> str | None:
    """What the target's end said at an interruption, as far as the journal can be read."""
    try:
        return read_journal(files).complaint
    except SoakUsageError:
        return None


def iterations_kept(files: LaneFiles) -> int:
    """How many iterations of a lane are durable, as far as its journal can be read."""
    try:
        return len(read_journal(files).iterations)
    except SoakUsageError:
        return 0


def _parsed(payload: str) -> _AnyLine | None:
    try:
        return _lines.validate_json(payload)
    except ValidationError:
        return None


class LaneJournal:
    """Appends what a lane did; `past` is what it had done when the journal was opened."""

    def __init__(self, files: LaneFiles, fingerprint: Mapping[str, Any], feeds: Feeds) -> None:
        self.past = Past()
        self._files = files
        self._fingerprint = dict(fingerprint)
        self._feeds = feeds
        self._kept: set[str] = set()
        self._found: Content | None = None

    def open(self) -> None:
        """Take over what the journal on the disk has, if there is one.

        Raises SoakUsageError, and changes nothing, where it is damaged, was made with another
        fingerprint, or has lost its checkpoint or feeds.
        """
        if not self._files.journal.exists():
            return
        content = read_journal(self._files)
        _same(content.fingerprint, self._fingerprint)
        checkpoint, carried = content.checkpoint, content.carried
        self.past = Past(
            begun=True,
            iterations=tuple(line.done for line in content.iterations),
            checkpoint=None if checkpoint is None else self._read(checkpoint),
            edits=content.edits,
            end=content.end,
            failures=content.failures,
            carried=NOTHING if carried is None else self._read_carried(carried),
            complaint=content.complaint,
        )
        self._kept = {file.name for file in (checkpoint, carried) if file is not None}
        self._feeds.check(content.feeds)
        self._found = content

    def settle(self) -> None:
        """Take away what a killed process left half done."""
        if self._found is None:
            return
        cut(self._files.journal, self._found.size)
        self._feeds.settle(self._found.feeds, self._found.seq)
        with writing(self._files.home):
            for path in self._files.home.glob(f"{CHECKPOINT}*"):
                if path.name not in self._kept:
                    path.unlink()
            self._files.final.unlink(missing_ok=True)
        for folder in (self._files.home, self._files.artifact("x").parent):
            sweep(folder)

    def begin(self) -> None:
        """Begin the file."""
        header = _Header(fingerprint=self._fingerprint)
        write_bytes(
            self._files.journal, encode(header.model_dump_json(by_alias=True)), durable=True
        )

    def take(self, edits: Edits) -> None:
        """Make durable with which edits the next iteration begins."""
        self._append(_Edits(edits=edits))

    def keep(
        self, done: Done, carried: Carried, checkpoint: bytes | None, observation: Any
    ) -> None:
        """Make an iteration durable: files that replace others, events, the line that counts."""
        number, state, rest = done.iteration, None, None
        if checkpoint is not None:
            state = self._put(f"{CHECKPOINT}{number}", checkpoint)
        if carried != NOTHING:
            rest = self._put(f"{CHECKPOINT}lane_{number}", carried.model_dump_json().encode())
        sizes = self._feeds.write(observation)
        line = _Iteration(
            done=done, checkpoint=state, carried=rest, feeds=sizes, seq=self._feeds.seq
        )
        self._append(line)
        self._feeds.publish()
        before, self._kept = self._kept, {file.name for file in (state, rest) if file is not None}
        for replaced in before:
            with writing(self._files.home):
                self._files.named(replaced).unlink(missing_ok=True)

    def _put(self, name: str, data: bytes) -> _File:
        write_bytes(self._files.named(name), data, durable=True)
        return _File(name=name, sha256=sha256(data).hexdigest())

    def fail(self, failure: Failure) -> None:
        """Make durable why the test of a completed iteration failed."""
        self._append(_Failure(failure=failure))

    def end(self, ended: Ended) -> None:
        """Make the end of the lane durable."""
        self._append(_End(end=ended))

    def complain(self, complaint: str) -> None:
        """Make durable what the target's end said at an interruption."""
        self._append(_Complaint(complaint=complaint))

    def close(self) -> None:
        """The target has ended: put the feeds in order that it wrote itself."""
        self._feeds.close()

    def _append(self, line: _Line) -> None:
        append(self._files.journal, encode(line.model_dump_json()))

    def _read_carried(self, file: _File) -> Carried:
        try:
            return Carried.model_validate_json(self._read(file))
        except ValidationError:
            raise self._other(file) from None

    def _other(self, file: _File) -> SoakUsageError:
        problem = f"is not what the journal says; restore the file, {_ANEW}"
        return SoakUsageError(str(self._files.home / file.name), problem)

    def _read(self, file: _File) -> bytes:
        path = self._files.home / file.name
        try:
            data = path.read_bytes()
        except OSError as error:
            problem = f"cannot be read: {error.strerror or error}; restore the file, {_ANEW}"
            raise SoakUsageError(str(path), problem) from None
        if sha256(data).hexdigest() != file.sha256:
            raise self._other(file)
        return data


def _same(before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise SoakUsageError for the first difference."""
    now = json.loads(json.dumps(now))
    found = _difference(before, now, ())
    if found is not None:
        where, old, new = found
        raise SoakUsageError(
            "--soak-resume",
            f"{'.'.join(where)}: {old} in the journal, {new} now; give what the journal has, "
            f"{_ANEW}",
        )


def _difference(
    before: Any, now: Any, where: tuple[str, ...]
) -> tuple[tuple[str, ...], str, str] | None:
    if before == now:
        return None
    if isinstance(before, list) and isinstance(now, list):
        before, now = dict(enumerate(before)), dict(enumerate(now))
    if not isinstance(before, dict) or not isinstance(now, dict):
        return where, _shown(before), _shown(now)
    for key in [*before, *(key for key in now if key not in before)]:
        pair = before.get(key, _NOTHING), now.get(key, _NOTHING)
        found = _difference(*pair, (*where, str(key)))
        if found is not None:
            return found
    return None


_NOTHING = object()


def _shown(value: Any) -> str:
    if value is _NOTHING:
        return "not there"
    if isinstance(value, float):
        return f"{value:.12g}"
    return "null" if value is None else show(value)
