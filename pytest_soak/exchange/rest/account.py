"""`/v5/account/...`, `/v5/user/...`, `/v5/asset/...`: wallet, fees, what a key may do, coins."""

from __future__ import annotations

from typing import Any

from pytest_soak.exchange.codes import RefusedError, parameter
from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.ledger.margin import available
from pytest_soak.exchange.numbers import ZERO, cut, text
from pytest_soak.exchange.rest.endpoint import Args, Endpoint, Reply, traded_in
from pytest_soak.exchange.venue import Venue
from pytest_soak.exchange.wire.wallet import wallet

UNIFIED = 5
"""The `unifiedMarginStatus` of a unified account."""
FOR_EVER = "2099-12-31T00:00:00Z"


async def wallet_balance(venue: Venue, account: Account, args: Args) -> Reply:
    """`GET /v5/account/wallet-balance`."""
    if args.get("accountType", "UNIFIED") != "UNIFIED":
        raise RefusedError(parameter("accountType: only UNIFIED"))
    wanted = str(args.get("coin") or "")
    coins = [coin.strip() for coin in wanted.split(",")] if wanted else None
    return Reply({"list": [wallet(account, venue.units, venue.marks(), coins)]})


async def withdrawal(venue: Venue, account: Account, args: Args) -> Reply:
    """`GET /v5/account/withdrawal`: what could be taken out of each coin."""
    names = [name for name in str(args.get("coinName") or "").split(",") if name]
    marks = venue.marks()
    free = {
        coin: text(cut(max(ZERO, available(account, coin, venue.units, marks))))
        for coin in names or account.coins
    }
    first = next(iter(free.values()), "0")
    return Reply({"availableWithdrawal": first, "availableWithdrawalMap": free})


async def info(venue: Venue, account: Account, args: Args) -> Reply:
    """`GET /v5/account/info`."""
    return Reply(
        {
            "unifiedMarginStatus": UNIFIED,
            "marginMode": "REGULAR_MARGIN",
            "isMasterTrader": False,
            "spotHedgingStatus": "OFF",
            "dcpStatus": "OFF",
            "timeWindow": 0,
            "smpGroup": 0,
            "updatedTime": str(venue.shown_ms()),
        }
    )


async def fee_rate(venue: Venue, account: Account, args: Args) -> Reply:
    """`GET /v5/account/fee-rate`."""
    rows = [
        {
            "symbol": listed.symbol,
            "baseCoin": "",
            "makerFeeRate": text(listed.maker_fee),
            "takerFeeRate": text(listed.taker_fee),
        }
        for listed in traded_in(venue, args)
    ]
    return Reply({"category": args.get("category"), "list": rows})


async def transaction_log(venue: Venue, account: Account, args: Args) -> Reply:
    """`GET /v5/account/transaction-log`: settlements of funding, of which there are none."""
    return Reply({"list": [], "nextPageCursor": ""})


async def set_margin_mode(venue: Venue, account: Account, args: Args) -> Reply:
    """`POST /v5/account/set-margin-mode`: cross margin is what there is."""
    if args.get("setMarginMode") not in ("REGULAR_MARGIN", "ISOLATED_MARGIN", "PORTFOLIO_MARGIN"):
        raise RefusedError(parameter("setMarginMode invalid"))
    return Reply({"reasons": []})


async def query_api(venue: Venue, account: Account, args: Args) -> Reply:
    """`GET /v5/user/query-api`: what the key may do."""
    orders = [] if account.read_only else ["Order", "Position"]
    return Reply(
        {
            "id": str(account.uid),
            "note": account.name,
            "apiKey": account.key,
            "readOnly": int(account.read_only),
            "secret": "",
            "permissions": {
                "ContractTrade": orders,
                "Spot": [] if account.read_only else ["SpotTrade"],
                "Wallet": [],
                "Options": [],
                "Derivatives": [] if account.read_only else ["DerivativesTrade"],
                "Exchange": [],
            },
            "ips": ["*"],
            "type": 1,
            "deadlineDay": 3650,
            "expiredAt": FOR_EVER,
            "createdAt": "2024-01-01T00:00:00Z",
            "unified": 0,
            "uta": 1,
            "userID": account.uid,
            "inviterID": 0,
            "vipLevel": "No VIP",
            "mktMakerLevel": "0",
            "affiliateID": 0,
            "rsaPublicKey": "",
            "isMaster": True,
            "parentUid": "0",
            "kycLevel": "LEVEL_DEFAULT",
            "kycRegion": "",
        }
    )


async def coin_info(venue: Venue, account: Account, args: Args) -> Reply:
    """`GET /v5/asset/coin/query-info`: the coins that are traded or held, on one chain each."""
    listed = venue.units.values()
    coins = sorted({*account.coins, *(one.base for one in listed), *(one.quote for one in listed)})
    if wanted := args.get("coin"):
        coins = [coin for coin in coins if coin == wanted]
    return Reply({"rows": [_coin(coin) for coin in coins]})


def _coin(coin: str) -> dict[str, Any]:
    chain = {
        "chain": coin,
        "chainType": coin,
        "confirmation": "1",
        "withdrawFee": "0",
        "depositMin": "0",
        "withdrawMin": "0",
        "chainDeposit": "0",
        "chainWithdraw": "0",
        "minAccuracy": "8",
        "withdrawPercentageFee": "0",
        "contractAddress": "",
    }
    return {"name": coin, "coin": coin, "remainAmount": "0", "chains": [chain]}


ENDPOINTS = {
    ("GET", "/v5/account/wallet-balance"): Endpoint(private=wallet_balance),
    ("GET", "/v5/account/withdrawal"): Endpoint(private=withdrawal),
    ("GET", "/v5/account/info"): Endpoint(private=info),
    ("GET", "/v5/account/fee-rate"): Endpoint(private=fee_rate, limit=10, spot_limit=10),
    ("GET", "/v5/account/transaction-log"): Endpoint(private=transaction_log),
    ("POST", "/v5/account/set-margin-mode"): Endpoint(private=set_margin_mode, limit=10),
    ("GET", "/v5/user/query-api"): Endpoint(private=query_api, limit=10, spot_limit=10),
    ("GET", "/v5/asset/coin/query-info"): Endpoint(private=coin_info, limit=10, spot_limit=10),
}
