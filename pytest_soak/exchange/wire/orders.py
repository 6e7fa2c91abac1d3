"""An order on the wire, over REST and over the private socket."""

from __future__ import annotations

from typing import Any

from pytest_soak.exchange.ledger.orders import Order
from pytest_soak.exchange.numbers import ZERO, text

UNUSED = {
    "isLeverage": "",
    "stopOrderType": "",
    "orderIv": "",
    "triggerPrice": "",
    "takeProfit": "",
    "stopLoss": "",
    "tpTriggerBy": "",
    "slTriggerBy": "",
    "triggerBy": "",
    "tpLimitPrice": "",
    "slLimitPrice": "",
    "tpslMode": "UNKNOWN",
    "triggerDirection": 0,
    "ocoTriggerBy": "",
    "smpType": "None",
    "smpGroup": 0,
    "smpOrderId": "",
    "placeType": "",
    "blockTradeId": "",
    "slippageToleranceType": "UNKNOWN",
    "slippageTolerance": "",
}
"""What the venue has no use for, as Bybit sends it."""


def order(one: Order) -> dict[str, Any]:
    """All that is told of an order; times in milliseconds."""
    average = one.average
    leaves = one.leaves
    return {
        **UNUSED,
        "category": one.category,
        "symbol": one.symbol,
        "orderId": one.order_id,
        "orderLinkId": one.link_id,
        "side": one.side,
        "positionIdx": one.index,
        "orderStatus": one.status,
        "cancelType": one.cancel_type,
        "rejectReason": one.reason,
        "timeInForce": one.time_in_force,
        "orderType": one.kind,
        "price": text(one.price),
        "qty": text(one.quantity),
        "marketUnit": "quoteCoin" if one.in_quote else ("baseCoin" if _is_spot_market(one) else ""),
        "avgPrice": "" if average is None else text(average),
        "leavesQty": text(leaves),
        "leavesValue": text(leaves * (one.price or one.reserved_price)),
        "cumExecQty": text(one.filled),
        "cumExecValue": text(one.value),
        "cumExecFee": text(one.fees),
        "cumFeeDetail": {one.fee_coin: text(one.fees)} if one.fee_coin else {},
        "feeCurrency": one.fee_coin,
        "closedPnl": text(ZERO),
        "lastPriceOnCreated": text(one.last_price) if one.last_price else "",
        "reduceOnly": one.reduce_only,
        "closeOnTrigger": False,
        "createType": "CreateByUser",
        "createdTime": str(one.created_us // 1000),
        "updatedTime": str(one.updated_us // 1000),
    }


def _is_spot_market(one: Order) -> bool:
    return one.category == "spot" and one.kind == "Market"
