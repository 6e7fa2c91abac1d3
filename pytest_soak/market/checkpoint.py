"""The state as bytes: compressed, with the digest of the kernel that wrote it."""

from __future__ import annotations

import hashlib
import zlib
from typing import Any

import numpy as np

from pytest_soak.market.compile import source_digest
from pytest_soak.market.state import WORLD

_LEVEL = 1  # the fastest: a checkpoint is taken after every window


def pack(world: Any) -> bytes:
    """Return the state of a world as bytes."""
    return bytes.fromhex(source_digest()) + zlib.compress(world.tobytes(), _LEVEL)


def unpack(data: bytes) -> Any:
    """Return the world that `pack` wrote; raises ValueError where another kernel wrote it."""
    if data[:32] != bytes.fromhex(source_digest()):
        raise ValueError("the checkpoint was written by another version of the market kernel")
    state = bytearray(zlib.decompress(data[32:]))
    if len(state) != WORLD.itemsize:
        raise ValueError("the checkpoint is damaged: its length is wrong")
    return np.frombuffer(state, WORLD)[0]


def state_hash(world: Any) -> str:
    """Return the SHA-256 of the state as hexadecimal digits."""
    return hashlib.sha256(world.tobytes()).hexdigest()
