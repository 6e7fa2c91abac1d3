"""The state as bytes: compressed, with the digest of the kernel that wrote it."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_soak.market.compile import source_digest
from pytest_soak.market.kernel.state import WORLD

_LEVEL = 1  # the fastest: a checkpoint is taken after every window


def pack(world: Any) -> bytes:
    """Return the state of a world as bytes."""
    return bytes.fromhex(source_digest()) + zlib.compress(world.tobytes(), _LEVEL)


def unpack(data: bytes) -> Any:
    """Return the world that `pack` wrote; raises ValueError where another kernel wrote it."""
    if data[:32] != bytes.fromhex(source_digest()):
        raise ValueError("the checkpoint was written by another version of the market kernel")
    state = bytearray(_decompressed(data[32:]))
    if len(state) != WORLD.itemsize:
        raise ValueError("the checkpoint is damaged: its length is wrong")
    return np.frombuffer(state, WORLD)[0]


def pack_columns(columns: Mapping[str, NDArray[Any]]) -> bytes:
    """Return arrays as bytes."""
    file = io.BytesIO()
    for array in columns.values():
        np.save(file, array, allow_pickle=False)
    return zlib.compress(file.getvalue(), _LEVEL)


def unpack_columns(data: bytes, names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Return the arrays that `pack_columns` wrote, by the same names in the same order."""
    file = io.BytesIO(_decompressed(data))
    return {name: np.load(file, allow_pickle=False) for name in names}


def _decompressed(data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error as error:
        raise ValueError(f"the checkpoint is damaged: {error}") from None


def state_hash(world: Any) -> str:
    """Return the SHA-256 of the state as hexadecimal digits."""
    return hashlib.sha256(world.tobytes()).hexdigest()
