"""How many requests an account, and an address, may send."""

from __future__ import annotations

from dataclasses import dataclass, field

SECOND_MS = 1_000
ADDRESS_LIMIT, ADDRESS_MS = 600, 5_000


@dataclass
class Window:
    """Counts within one stretch of time after the other."""

    length_ms: int
    began_ms: int = 0
    count: int = 0

    def take(self, now_ms: int, limit: int) -> bool:
        """Count one; False where it is one too many."""
        if now_ms >= self.began_ms + self.length_ms:
            self.began_ms = now_ms - now_ms % self.length_ms
            self.count = 0
        self.count += 1
        return self.count <= limit

    @property
    def ends_ms(self) -> int:
        """When the count begins anew."""
        return self.began_ms + self.length_ms


@dataclass(frozen=True)
class Left:
    """What an answer says of a limit."""

    limit: int
    left: int
    reset_ms: int

    def headers(self) -> dict[str, str]:
        """As HTTP and the trade socket have them."""
        return {
            "X-Bapi-Limit": str(self.limit),
            "X-Bapi-Limit-Status": str(self.left),
            "X-Bapi-Limit-Reset-Timestamp": str(self.reset_ms),
        }


@dataclass
class Limits:
    """Requests by account and endpoint, and of the one address there is."""

    is_held: bool
    _windows: dict[tuple[str, str], Window] = field(default_factory=dict)
    _address: Window = field(default_factory=lambda: Window(ADDRESS_MS))

    def of_address(self, now_ms: int) -> bool:
        """Count a request over HTTP; False where there are too many."""
        return self._address.take(now_ms, ADDRESS_LIMIT) or not self.is_held

    def of_account(self, key: str, endpoint: str, limit: int, now_ms: int) -> tuple[bool, Left]:
        """Count an account's request; False where it is one too many, and what is left."""
        window = self._windows.setdefault((key, endpoint), Window(SECOND_MS))
        is_within = window.take(now_ms, limit) or not self.is_held
        return is_within, Left(limit, max(0, limit - window.count), window.ends_ms)
