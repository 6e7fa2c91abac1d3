"""Every endpoint over HTTP, by method and path."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_soak.exchange.rest import account, market, orders, positions
from pytest_soak.exchange.rest.endpoint import Endpoint

ENDPOINTS: Mapping[tuple[str, str], Endpoint] = {
    **market.ENDPOINTS,
    **orders.ENDPOINTS,
    **positions.ENDPOINTS,
    **account.ENDPOINTS,
}
