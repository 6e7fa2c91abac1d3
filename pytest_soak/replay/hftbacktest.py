"""Arrays of hftbacktest, `.npz` with `data`: read and written piece by piece.

What the contract is stands beside the rows, as JSON, in a member that hftbacktest passes over.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

import numpy as np
from pydantic import ValidationError

from pytest_soak.errors import SoakUsageError
from pytest_soak.replay.binance import check_symbols
from pytest_soak.replay.reading import refuse_encrypted, unchanged
from pytest_soak.replay.rows import DEPTH, EXCHANGE, LOCAL, ROW, SNAPSHOT, TRADE, Rows, has, kinds
from pytest_soak.replay.sources import Source
from pytest_soak.replay.terms import Terms
from pytest_soak.replay.told import Told

MEMBER = "data.npy"
TERMS = "contract.json"
AT_A_TIME = 1 << 18


def hftbacktest_rows(sources: Sequence[Source], symbol: str | None, told: Told) -> Iterator[Rows]:
    """The rows of files that follow each other, as they are.

    Raises SoakUsageError for an array of another shape, for values that cannot be, for files of two
    contracts, and of another symbol than the chosen one where they name theirs.
    """
    told.venue = "hftbacktest"
    for source in sources:
        yield from _rows_of(source, told)
    check_symbols(told.symbols, symbol, sources[-1].shown)


def _rows_of(source: Source, told: Told) -> Iterator[Rows]:
    with unchanged(source.path, source.shown) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                refuse_encrypted(archive, source.shown)
                _take_terms(archive, source.shown, told)
                with archive.open(MEMBER) as member:
                    yield from _pieces(member, source.shown)
        except KeyError:
            raise SoakUsageError(source.shown, f"has no {MEMBER}: expected hftbacktest's `data`"
                                 ) from None  # fmt: skip
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
            raise SoakUsageError(source.shown, f"is no whole .npz: {error}") from None


def _take_terms(archive: zipfile.ZipFile, shown: str, told: Told) -> None:
    if TERMS not in archive.namelist():
        return
    try:
        terms = Terms.model_validate_json(archive.read(TERMS))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = "".join(f"{part}: " for part in first["loc"])
        raise SoakUsageError(f"{shown}, {TERMS}", f"{where}{first['msg']}") from None
    if told.terms not in (Terms(), terms):
        problem = f"is of another contract ({terms}) than the files before it ({told.terms})"
        raise SoakUsageError(shown, problem)
    told.terms = terms
    if terms.symbol is not None:
        told.symbols[terms.symbol] += 1


def _pieces(member: object, shown: str) -> Iterator[Rows]:
    file: BinaryIO = member  # type: ignore[assignment]
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0
    shape, _, dtype = read(file) if version == (1, 0) else np.lib.format.read_array_header_2_0(file)
    if dtype.descr != ROW.descr or len(shape) != 1:
        problem = f"expected rows of {', '.join(ROW.names or ())}, got {dtype} of shape {shape}"
        raise SoakUsageError(shown, problem)
    done = 0
    while done < shape[0]:
        data = file.read(min(AT_A_TIME, shape[0] - done) * ROW.itemsize)
        rows = np.frombuffer(bytearray(data[: len(data) // 64 * 64]), ROW)
        if not len(rows):
            raise EOFError(f"it ends at row {done + 1:,} of {shape[0]:,}")
        _check(rows, done, shown)
        done += len(rows)
        yield rows


def _check(rows: Rows, before: int, shown: str) -> None:
    kind = kinds(rows)
    priced = np.isin(kind, (DEPTH, TRADE, SNAPSHOT))
    with np.errstate(invalid="ignore"):
        bad = {
            "px": priced & ~((rows["px"] > 0) & np.isfinite(rows["px"])),
            "qty": priced & ~((rows["qty"] >= 0) & np.isfinite(rows["qty"])),
            "ev": ~has(rows, EXCHANGE) & ~has(rows, LOCAL),
        }
    for name, wrong in bad.items():
        if wrong.any():
            at = int(wrong.argmax())
            source = f"{shown}, row {before + at + 1:,}"
            raise SoakUsageError(source, f"{name}: got {rows[name][at]}, which cannot be")


def write_npz(
    file: BinaryIO, pieces: Iterable[Rows], count: int, terms: Terms | None = None
) -> None:
    """Write `count` rows that come in pieces, as numpy.savez_compressed does, and their terms."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        if terms is not None:
            archive.writestr(_info(TERMS), terms.model_dump_json(exclude_none=True) + "\n")
        with archive.open(_info(MEMBER), "w", force_zip64=True) as member:
            header = {"descr": ROW.descr, "fortran_order": False, "shape": (count,)}
            np.lib.format.write_array_header_1_0(member, header)
            for rows in pieces:
                member.write(np.ascontiguousarray(rows).tobytes())


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    return info
