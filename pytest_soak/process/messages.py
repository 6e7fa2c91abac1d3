"""What pytest and the supervisor of a bot say to each other: a line of JSON each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple


class Awaited(NamedTuple):
    """What is waited for: a `feed`, `file`, `tcp` port or line of `output`, and which.

    Of an `account` the exchange writes the feeds once the bot has come.
    """

    kind: str
    what: str

    def __str__(self) -> str:
        return {
            "feed": f"the first line of a feed in {self.what}",
            "account": "a request to the exchange that is signed with its key",
            "file": f"the file {self.what}",
            "tcp": f"a listener on port {self.what}",
            "output": f"a line of output with {self.what!r}",
        }[self.kind]


class Order(NamedTuple):
    """What to run, and how: the first line. Then come `stop`, `hup`, `status`, and numbers: how
    many MB to hold beside the bot.

    `parent` is the process without which the bot must not go on; `log` and `cwd` are absolute.
    """

    command: list[str]
    cwd: str
    env: dict[str, str]
    log: str
    ready: Awaited
    ready_seconds: float
    stop_seconds: float
    error_pattern: str | None
    max_restarts: int
    parent: int


class News(NamedTuple):
    """What has happened: `failed` (`why`), `ready`, `late` (`awaited`), `restarted`, `exited`,
    `status` as an answer, and `stopped`, after which the supervisor ends.

    `status` is an exit status, or minus a signal's number. `last` are the last lines of output,
    `trouble` why bot.log is not whole. `left` are the pids that could not be ended, `killed` says
    that SIGTERM was not enough.
    """

    event: str
    why: str = ""
    awaited: str = ""
    status: int = 0
    last: Sequence[str] = ()
    log_errors: int = 0
    trouble: str = ""
    killed: bool = False
    left: Sequence[int] = ()


def packed(message: Order | News | str | float) -> bytes:
    """A message as its line."""
    data = message._asdict() if isinstance(message, Order | News) else message
    return json.dumps(data).encode() + b"\n"
