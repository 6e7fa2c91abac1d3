"""What a bot needs to trade on an exchange of this machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Access:
    """Where it is, and with which key.

    Attributes:
        rest: `http://127.0.0.1:PORT`, before the path of an endpoint.
        ws: `ws://127.0.0.1:PORT`, before the path of a socket.
        key: Of the bot's account.
        secret: Of that key.
    """

    rest: str
    ws: str
    key: str
    secret: str
