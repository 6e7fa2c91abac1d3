"""What the venue refuses with: a retCode and its text, which differ between linear and spot."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """A retCode other than 0, and what it is about."""

    code: int
    text: str


class RefusedError(Exception):
    """A request is refused."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(f"{refusal.code} {refusal.text}")


def parameter(problem: str) -> Refusal:
    """Something is wrong with what was asked."""
    return Refusal(10001, f"params error: {problem}")


@dataclass(frozen=True)
class Both:
    """A refusal as each category has it."""

    linear: tuple[int, str]
    spot: tuple[int, str]

    def of(self, category: str, detail: str = "") -> Refusal:
        """As `category` has it."""
        code, words = self.spot if category == "spot" else self.linear
        return Refusal(code, f"{words} {detail}".strip())


KEY_INVALID = Refusal(10003, "API key is invalid.")
SIGNATURE = 10004
WRONG_TIME = 10002
PERMISSION = Refusal(10005, "Permission denied, please check your API key permissions.")
TOO_MANY = Refusal(10006, "Too many visits. Exceeded the API Rate Limit.")
SERVER = Refusal(10016, "Server error.")
UNKNOWN_ENDPOINT = 10001

NOT_FOUND = Both(
    (110001, "order not exists or too late to cancel"), (170213, "Order does not exist.")
)
BALANCE = Both((110007, "ab not enough for new order"), (170131, "Insufficient balance."))
DUPLICATE = Both((110072, "OrderLinkedID is duplicate"), (170141, "Duplicate clientOrderId"))
BELOW_MINIMUM = Both(
    (110094, "Order does not meet minimum order value"),
    (170140, "Order value exceeded lower limit."),
)
PRICE_RANGE = Both(
    (110003, "Order price exceeds the allowable range."),
    (170193, "Order price is out of the allowable range."),
)
TOO_MANY_ORDERS = Both(
    (110020, "Not allowed to have more active orders."),
    (170810, "Cannot exceed maximum of active orders."),
)
REDUCE_ONLY = Refusal(110017, "current position is zero, cannot fix reduce-only order qty")
SAME_LEVERAGE = Refusal(110043, "Set leverage has not been modified.")
SAME_MODE = Refusal(110025, "Position mode has not been modified.")
MODE_IN_USE = Refusal(110024, "You have an existing position, so the mode cannot be switched")
TOO_LITTLE = parameter("qty is not above what is filled")
WRONG_INDEX = parameter("position idx not match position mode")
UNCHANGED = Refusal(10001, "The order remains unchanged as the parameters entered match it.")
