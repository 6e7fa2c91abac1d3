"""Lines that carry their own checksum, for a file that is only appended to."""

from __future__ import annotations

from zlib import crc32


class DamageError(Exception):
    """A line, counted from 1, is not what was written, and later ones are."""

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(f"line {line} is damaged")


def encode(payload: str) -> bytes:
    """The line of a payload, which is text without a line break."""
    data = payload.encode()
    return b"%08x %s\n" % (crc32(data), data)


def decode(data: bytes) -> tuple[list[str], int]:
    """The payloads of the leading good lines, and how many bytes these lines are.

    What a write that was cut off left behind the last good line is passed over. Raises DamageError
    for a bad line that is the first, or that has a good one behind it.
    """
    payloads: list[str] = []
    size, bad = 0, 0
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        payload = _payload(line)
        if payload is None:
            bad = bad or number
        elif bad:
            raise DamageError(bad)
        else:
            payloads.append(payload)
            size += len(line)
    if not payloads:
        raise DamageError(1)
    return payloads, size


def _payload(line: bytes) -> str | None:
    checksum, _, rest = line.partition(b" ")
    data = rest[:-1]
    if not rest.endswith(b"\n") or checksum != b"%08x" % crc32(data):
        return None
    return data.decode(errors="replace")
