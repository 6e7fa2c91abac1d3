"""Signatures and times of requests."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import unquote_plus

from pytest_soak.exchange.codes import KEY_INVALID, SIGNATURE, WRONG_TIME, Refusal, RefusedError
from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.reading import header

USUAL_WINDOW_MS = 5_000
AHEAD_MS = 1_000
"""How far ahead of the server's time a request may be."""


@dataclass(frozen=True)
class Signed:
    """What a request says of itself, and what it signs: `payloads` are the forms that count."""

    key: str
    timestamp: str
    window: str
    signature: str
    payloads: tuple[str, ...]


def signed_http(headers: Mapping[str, str], query: str, body: str, *, is_get: bool) -> Signed:
    """What an HTTP request signs: its query as it was sent, or decoded; its body."""
    payloads = (query, unquote_plus(query)) if is_get else (body,)
    return Signed(
        key=header(headers.get("X-BAPI-API-KEY", "")),
        timestamp=header(headers.get("X-BAPI-TIMESTAMP", "")),
        window=header(headers.get("X-BAPI-RECV-WINDOW", "")),
        signature=header(headers.get("X-BAPI-SIGN", "")),
        payloads=payloads,
    )


def account_of(signed: Signed, accounts: Mapping[str, Account], now_ms: int) -> Account:
    """Who signed; RefusedError for a key that is none, a wrong signature, a wrong time."""
    account = accounts.get(signed.key)
    if account is None:
        raise RefusedError(KEY_INVALID)
    check_time(signed.timestamp, signed.window, now_ms)
    head = f"{signed.timestamp}{signed.key}{signed.window}"
    if not any(is_signed(account, head + end, signed.signature) for end in signed.payloads):
        origin = (head + signed.payloads[0])[:200]
        problem = f"error sign! origin_string[{origin}]"
        raise RefusedError(Refusal(SIGNATURE, problem))
    return account


def is_signed(account: Account, text: str, signature: str) -> bool:
    """Whether a signature in hexadecimal digits is the account's."""
    wanted = hmac.new(account.secret.encode(), text.encode(), sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.encode())


def check_time(timestamp: str, window: str, now_ms: int) -> None:
    """Refuse a request of another time than now."""
    width = int(window) if is_number(window) else USUAL_WINDOW_MS
    if not is_number(timestamp) or not now_ms - width <= int(timestamp) < now_ms + AHEAD_MS:
        problem = (
            "invalid request, please check your server timestamp or recv_window param. "
            f"req_timestamp[{timestamp[:20]}],server_timestamp[{now_ms}],recv_window[{width}]"
        )
        raise RefusedError(Refusal(WRONG_TIME, problem))


def is_number(text: str) -> bool:
    """Whether a text is a whole number of a size that can be a time."""
    return text.isascii() and text.isdecimal() and len(text) <= 18
