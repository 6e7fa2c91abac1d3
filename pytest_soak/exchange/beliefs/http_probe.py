"""Beliefs from the bot itself, asked over HTTP on this machine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from pytest_soak.errors import SoakUsageError
from pytest_soak.exchange.beliefs.belief import Belief
from pytest_soak.exchange.beliefs.line import belief_of

HERE = ("127.0.0.1", "localhost", "::1")
_PATIENCE_S = 1.0
_MOST = 4_000_000


class HttpProbe:
    """A GET of the address answers with what the bot believes now; see `line.BeliefLine`."""

    def __init__(self, address: str, source: str, tells: tuple[str, ...]) -> None:
        self.tells = tells
        try:
            parts = urlsplit(address)
            self._port = parts.port or 0
        except ValueError as error:
            raise SoakUsageError(source, f"{address!r} is no address: {error}") from None
        strange = parts.username or not self._port
        if parts.scheme != "http" or parts.hostname not in HERE or strange:
            problem = f"expected http://127.0.0.1:PORT/PATH, on this machine alone, got {address!r}"
            raise SoakUsageError(source, problem)
        self._host = parts.hostname
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.trouble = ""

    def read(self, time_us: int) -> Sequence[Belief]:
        """What it answers, if it does within a second; a redirection is not followed."""
        self.trouble = ""
        try:
            return (belief_of(json.loads(self._asked()), time_us),)
        except (OSError, HTTPException, ValueError, RecursionError) as error:
            self.trouble = f"{self._path}: {error or type(error).__name__}"
            return ()

    def _asked(self) -> bytes:
        connection = HTTPConnection(self._host, self._port, timeout=_PATIENCE_S)
        try:
            connection.request("GET", self._path)
            answer = connection.getresponse()
            if answer.status != 200:
                raise ValueError(f"it answers with status {answer.status}")
            return answer.read(_MOST)
        finally:
            connection.close()
