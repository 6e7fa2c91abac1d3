"""A position on the wire, over REST and over the private socket."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.ledger.margin import MAINTENANCE, position_margin
from pytest_soak.exchange.numbers import ZERO, cut, text

RISK_LIMIT = "2000000"


def position(account: Account, symbol: str, index: int, mark: Decimal) -> dict[str, Any]:
    """All that is told of a position, of which `entryPrice` is the socket's word for `avgPrice`."""
    held = account.position(symbol, index)
    size = abs(held.size)
    margin = text(cut(position_margin(account, symbol, index, mark)))
    entry = text(cut(held.entry)) if size else "0"
    keep = text(cut(size * mark * MAINTENANCE))
    return {
        "category": "linear",
        "symbol": symbol,
        "positionIdx": index,
        "side": "Buy" if held.size > 0 else "Sell" if held.size < 0 else "",
        "size": text(size),
        "avgPrice": entry,
        "entryPrice": entry,
        "positionValue": text(cut(abs(held.cost))) if size else "",
        "leverage": text(account.leverage[symbol]),
        "markPrice": text(mark),
        "breakEvenPrice": entry if size else "",
        "liqPrice": "",
        "bustPrice": "",
        "positionIM": margin if size else "",
        "positionMM": keep if size else "",
        "positionIMByMp": margin if size else "",
        "positionMMByMp": keep if size else "",
        "positionBalance": margin if size else "0",
        "unrealisedPnl": text(cut(held.profit(mark))) if size else "",
        "curRealisedPnl": text(cut(held.realised)),
        "cumRealisedPnl": text(cut(held.realised)),
        "sessionAvgPrice": "",
        "takeProfit": "",
        "stopLoss": "",
        "trailingStop": "0",
        "tpslMode": "Full",
        "tradeMode": 0,
        "autoAddMargin": 0,
        "adlRankIndicator": 2 if size else 0,
        "riskId": 1,
        "riskLimitValue": RISK_LIMIT,
        "positionStatus": "Normal",
        "isReduceOnly": False,
        "mmrSysUpdatedTime": "",
        "leverageSysUpdatedTime": "",
        "createdTime": str(held.created_us // 1000),
        "updatedTime": str(held.updated_us // 1000),
        "seq": held.sequence if held.size or held.sequence else -1,
    }


def shown(account: Account, symbol: str) -> tuple[int, ...]:
    """The indices of a symbol's positions in the account's mode."""
    return (1, 2) if account.modes[symbol] else (0,)


def is_held(account: Account, symbol: str) -> bool:
    """Whether there is a position in a symbol."""
    return any(account.position(symbol, index).size != ZERO for index in (0, 1, 2))
