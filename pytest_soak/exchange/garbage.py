"""What is no HTTP at all: recorded, where the server would only log it."""

from __future__ import annotations

import logging

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from pytest_soak.exchange import strange
from pytest_soak.exchange.venue import Venue

NAME = "pytest_soak.exchange"


class _Recording(logging.Handler):
    """Records what a client did wrong; what went wrong here is for standard error."""

    def __init__(self, venue: Venue) -> None:
        super().__init__()
        self._venue = venue

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            strange.tell(self._venue, 0, "garbage", str(error.message))
        elif isinstance(error, web.RequestPayloadError):
            strange.tell(self._venue, 0, "garbage", str(error))
        elif record.levelno >= logging.WARNING and logging.lastResort is not None:
            logging.lastResort.handle(record)


def recording(venue: Venue) -> logging.Logger:
    """A logger for the server, known to nobody else."""
    logger = logging.Logger(NAME, logging.DEBUG)
    logger.addHandler(_Recording(venue))
    return logger
