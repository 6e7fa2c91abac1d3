"""What was read of runs, kept in an SQLite file of their root as long as that can be."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pytest_soak.artifacts.names import RUN_INDEX
from pytest_soak.artifacts.run_row import RunRow, packed, unpacked
from pytest_soak.system import is_link

VERSION = 2
_APPLICATION = 0x536F616B
_NO_ROWS = (KeyError, ValueError, TypeError)
_SECONDS = 2.0
"""How long to wait for another process that writes; longer ago than reading the runs takes."""


class Kept(NamedTuple):
    """A row, and the mark of what it was read from."""

    mark: str
    row: RunRow


class RunCache:
    """The rows of a root, by path: `load` them, then `store` what there is now.

    Where the file cannot be read or written there is none, and nobody is told: it is a cache. What
    is no index of ours, or was damaged, is told and made anew. A symbolic link is left alone.
    """

    def __init__(self, root: Path, say: Callable[[str], None], *, rebuild: bool) -> None:
        self._path = root / RUN_INDEX
        self._say = say
        self._rebuild = rebuild
        self._connection: sqlite3.Connection | None = None
        self._loaded: dict[str, Kept] = {}

    def __enter__(self) -> RunCache:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def load(self) -> dict[str, Kept]:
        """What is kept; nothing where all is to be read anew."""
        if is_link(self._path):
            self._say(f"{self._path}: a symbolic link, which is not followed; nothing is kept")
            return {}
        if self._rebuild:
            self._discard()
        try:
            self._loaded = self._read()
        except sqlite3.OperationalError:
            self._close()
        except (sqlite3.DatabaseError, *_NO_ROWS) as error:
            self._say(f"{self._path}: no index of runs ({error}); made anew")
            self._discard()
            with suppress(sqlite3.Error, *_NO_ROWS):
                self._loaded = self._read()
        return self._loaded

    def store(self, rows: Mapping[str, Kept]) -> None:
        """Keep these rows, and no other."""
        new = {path: kept for path, kept in rows.items() if self._loaded.get(path) != kept}
        gone = [(path,) for path in self._loaded if path not in rows]
        if self._connection is None or not (new or gone):
            return
        with suppress(sqlite3.Error), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("DELETE FROM runs WHERE path = ?", gone)
            self._connection.executemany(
                "INSERT OR REPLACE INTO runs VALUES (?, ?, ?)",
                [(path, one.mark, json.dumps(packed(one.row))) for path, one in new.items()],
            )

    def _read(self) -> dict[str, Kept]:
        connection = sqlite3.connect(self._path, timeout=_SECONDS, isolation_level=None)
        self._connection = connection
        connection.execute("BEGIN")  # what is read until its end is of one moment
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if (tables, application, version) == (0, 0, 0):
            connection.execute("ROLLBACK")
            self._create(connection)
            return {}
        if (application, version) != (_APPLICATION, VERSION) or not tables:
            raise ValueError("another program's, or another version's")
        found = connection.execute("SELECT path, mark, data FROM runs").fetchall()
        connection.execute("COMMIT")
        return {path: Kept(mark, unpacked(json.loads(data))) for path, mark, data in found}

    def _create(self, connection: sqlite3.Connection) -> None:
        connection.executescript(
            "BEGIN IMMEDIATE;"
            "CREATE TABLE IF NOT EXISTS runs"
            " (path TEXT PRIMARY KEY, mark TEXT NOT NULL, data TEXT NOT NULL) WITHOUT ROWID;"
            f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {VERSION};"
            "COMMIT;"
        )

    def _discard(self) -> None:
        self._close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
