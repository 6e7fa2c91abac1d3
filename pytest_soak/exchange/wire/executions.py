"""An execution on the wire."""

from __future__ import annotations

from typing import Any

from pytest_soak.exchange.ledger.executions import Filled
from pytest_soak.exchange.numbers import text


def execution(one: Filled) -> dict[str, Any]:
    """All that is told of an execution; a fee is paid where positive."""
    order = one.order
    return {
        "category": order.category,
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderLinkId": order.link_id,
        "side": order.side,
        "orderPrice": text(order.price),
        "orderQty": text(order.quantity),
        "leavesQty": text(one.leaves),
        "orderType": order.kind,
        "stopOrderType": "UNKNOWN" if order.category == "linear" else "",
        "createType": "CreateByUser",
        "execId": one.exec_id,
        "execPrice": text(one.price),
        "execQty": text(one.quantity),
        "execValue": text(one.value),
        "execType": "Trade",
        "execTime": str(one.time_us // 1000),
        "execFee": text(one.fee),
        "execFeeV2": "",
        "execPnl": text(one.realised),
        "feeRate": text(one.fee_rate),
        "feeCurrency": one.fee_coin,
        "isMaker": one.maker,
        "isLeverage": "0",
        "tradeIv": "",
        "markIv": "",
        "markPrice": text(one.mark),
        "indexPrice": text(one.mark),
        "underlyingPrice": "",
        "blockTradeId": "",
        "closedSize": text(one.closed),
        "extraFees": "",
        "seq": one.sequence,
    }


def fast(one: Filled) -> dict[str, Any]:
    """What the topic `execution.fast` tells: no fee."""
    order = one.order
    return {
        "category": order.category,
        "symbol": order.symbol,
        "execId": one.exec_id,
        "execPrice": text(one.price),
        "execQty": text(one.quantity),
        "orderId": order.order_id,
        "orderLinkId": order.link_id,
        "isMaker": one.maker,
        "side": order.side,
        "execTime": str(one.time_us // 1000),
        "seq": one.sequence,
    }
