"""What a request asks for, whichever way it came."""

from __future__ import annotations

_PREFIX = "/v5/"
CREATES = ("order/create", "order/create-batch")
CANCELS = ("order/cancel", "order/cancel-all", "order/cancel-batch")
AMENDS = ("order/amend", "order/amend-batch")
CHANGES = (*CREATES, *AMENDS, *CANCELS)
"""What changes orders."""


def operation(endpoint: str) -> str:
    """`order/create` of `POST /v5/order/create` as of a socket's `order.create`."""
    path = endpoint.rpartition(" ")[2]
    return path.removeprefix(_PREFIX) if path.startswith("/") else path.replace(".", "/")
