"""A wallet on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from pytest_soak.exchange.ledger import margin
from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.numbers import ZERO, cut, text


def worth(coin: str, units: margin.Units, marks: margin.Marks) -> Decimal:
    """A coin in dollars: a quote coin is one, a base coin its price, an unknown one 0."""
    if any(listed.quote == coin for listed in units.values()):
        return Decimal(1)
    return next((marks[name] for name, listed in units.items() if listed.base == coin), ZERO)


def wallet(
    account: Account,
    units: margin.Units,
    marks: margin.Marks,
    coins: Iterable[str] | None = None,
) -> dict[str, Any]:
    """The unified account: totals in dollars, and each coin (those of `coins` where given)."""
    wanted = [*account.coins] if coins is None else [*coins]
    rows = {coin: _coin(account, coin, units, marks) for coin in {**account.coins}}
    sums: dict[str, Decimal] = {}
    for coin, row in rows.items():
        rate = worth(coin, units, marks)
        for name in ("walletBalance", "equity", "unrealisedPnl", "available", "initial", "keep"):
            sums[name] = sums.get(name, ZERO) + row[name] * rate
        row["usdValue"] = row["equity"] * rate
    equity = sums.get("equity", ZERO)
    available = max(ZERO, sums.get("available", ZERO))
    return {
        "accountType": "UNIFIED",
        "accountLTV": "0",
        "accountIMRate": _share(sums.get("initial", ZERO), equity),
        "accountMMRate": _share(sums.get("keep", ZERO), equity),
        "accountIMRateByMp": _share(sums.get("initial", ZERO), equity),
        "accountMMRateByMp": _share(sums.get("keep", ZERO), equity),
        "totalEquity": text(cut(equity)),
        "totalWalletBalance": text(cut(sums.get("walletBalance", ZERO))),
        "totalMarginBalance": text(cut(equity)),
        "totalAvailableBalance": text(cut(available)),
        "totalPerpUPL": text(cut(sums.get("unrealisedPnl", ZERO))),
        "totalInitialMargin": text(cut(sums.get("initial", ZERO))),
        "totalMaintenanceMargin": text(cut(sums.get("keep", ZERO))),
        "totalInitialMarginByMp": text(cut(sums.get("initial", ZERO))),
        "totalMaintenanceMarginByMp": text(cut(sums.get("keep", ZERO))),
        "coin": [_shown(coin, rows[coin]) for coin in wanted if coin in rows],
    }


def _share(part: Decimal, whole: Decimal) -> str:
    return text(cut(part / whole, 4)) if whole > 0 else "0"


def _coin(
    account: Account, coin: str, units: margin.Units, marks: margin.Marks
) -> dict[str, Decimal]:
    held = account.held(coin)
    profit = margin.unrealised(account, coin, units, marks)
    positions = margin.positions_margin(account, coin, units, marks)
    orders = margin.order_margin(account, coin, units)
    locked = margin.locked(account, coin, units)
    return {
        "walletBalance": held,
        "equity": held + profit,
        "unrealisedPnl": profit,
        "locked": locked,
        "orders": orders,
        "positions": positions,
        "initial": positions + orders,
        "keep": positions * margin.MAINTENANCE,
        "available": held + min(ZERO, profit) - positions - orders - locked,
        "realised": held - account.began.get(coin, ZERO),
    }


def _shown(coin: str, row: Mapping[str, Decimal]) -> dict[str, Any]:
    free = text(cut(max(ZERO, row["available"])))
    return {
        "coin": coin,
        "equity": text(cut(row["equity"])),
        "usdValue": text(cut(row["usdValue"])),
        "walletBalance": text(cut(row["walletBalance"])),
        "free": free,
        "locked": text(cut(row["locked"])),
        "borrowAmount": "0",
        "spotBorrow": "0",
        "availableToBorrow": "",
        "availableToWithdraw": free,
        "accruedInterest": "0",
        "totalOrderIM": text(cut(row["orders"])),
        "totalPositionIM": text(cut(row["positions"])),
        "totalPositionMM": text(cut(row["keep"])),
        "unrealisedPnl": text(cut(row["unrealisedPnl"])),
        "cumRealisedPnl": text(cut(row["realised"])),
        "bonus": "0",
        "collateralSwitch": True,
        "marginCollateral": True,
        "spotHedgingQty": "0",
    }
