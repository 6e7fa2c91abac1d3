"""The venue: markets, accounts and what is told of them, moved by one clock."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import count

from pytest_soak.errors import SoakUsageError
from pytest_soak.exchange.busy import Load
from pytest_soak.exchange.clock import ExchangeClock
from pytest_soak.exchange.ids import Names
from pytest_soak.exchange.instruments import Traded
from pytest_soak.exchange.interference import Interference
from pytest_soak.exchange.ledger.accounts import Account
from pytest_soak.exchange.ledger.executions import Filled
from pytest_soak.exchange.ledger.orders import Order
from pytest_soak.exchange.markets.market import SymbolMarket
from pytest_soak.exchange.markets.told import PublicTrade
from pytest_soak.exchange.numbers import exact
from pytest_soak.exchange.private import PrivateFeed, Send
from pytest_soak.exchange.record import Event
from pytest_soak.exchange.recorder import Recorder
from pytest_soak.exchange.settings import ExchangeSettings
from pytest_soak.exchange.trading.desk import Desk, Ears
from pytest_soak.exchange.trading.hearing import Hearing
from pytest_soak.exchange.wire import executions, orders, positions, wallet
from pytest_soak.exchange.witness import execution, mark_of, state

TradesListener = Callable[[SymbolMarket, tuple[PublicTrade, ...]], None]
FIRST_UID = 100_001


class Venue:
    """What there is behind every request; it waits for nothing and knows no socket."""

    def __init__(
        self,
        settings: ExchangeSettings,
        clock: ExchangeClock,
        markets: dict[str, SymbolMarket],
        recorder: Recorder,
        interference: Interference,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.markets = markets
        self.units: dict[str, Traded] = {name: one.listed for name, one in markets.items()}
        self.recorder = recorder
        self.interference = interference
        self.load = Load()
        self.names = Names(settings.seed)
        self.accounts = {one.key: one for one in _accounts(settings)}
        self.private = PrivateFeed(lambda *_: None, answers_first=settings.answers_first)
        self.desk = Desk(
            markets, clock.now_us, Ears(self._order, self._fill, self._hold), self._step
        )
        self._hearing = Hearing(self.desk, self.names.uuid, count(1).__next__)
        self._listeners: list[TradesListener] = []

    def tell_by(self, send: Send) -> None:
        """Send what accounts are told by `send`."""
        self.private = PrivateFeed(send, answers_first=self.settings.answers_first)

    def listen(self, listener: TradesListener) -> None:
        """Tell `listener` of everybody's trades, and that a book may have changed."""
        self._listeners.append(listener)

    def now_us(self) -> int:
        """The time of what happens."""
        return self.clock.now_us()

    def shown_ms(self) -> int:
        """The time that is shown, in milliseconds."""
        now = self.clock.now_us()
        return now // 1000 + self.interference.skew_ms(now)

    def step(self) -> None:
        """Let every market reach the present, or nearly so where nobody looks.

        Raises SoakUsageError for one that comes to what its arrays cannot hold.
        """
        now = self.clock.now_us()
        traded = self.desk.symbols()
        for symbol, market in self.markets.items():
            try:
                if symbol in traded or market.is_due(now):
                    self._step(market, now)
            except OverflowError as error:
                raise SoakUsageError(f"the market of {symbol}", str(error)) from None

    def put(self, event: Event) -> None:
        """Record what happened."""
        self.recorder.put(event)

    def marks(self) -> dict[str, Decimal]:
        """The price at which each symbol is valued."""
        return self.desk.marks()

    def mark_accounts(self) -> None:
        """Record where every account stands."""
        now = self.clock.now_us()
        for account in self.accounts.values():
            for market in self.markets.values():
                self.put(mark_of(account, market, now))

    def _step(self, market: SymbolMarket, until_us: int) -> None:
        step = market.step(until_us)
        for told in step.told:
            self._hearing.hear(market, told)
        for listener in self._listeners:
            listener(market, step.trades)

    def _hold(self, account: Account, token: int) -> None:
        self.private.hold(account.key, token)

    def _order(self, account: Account, order: Order) -> None:
        self.put(state(order))
        self.private.tell(account.key, "order", [orders.order(order)])
        if order.category == "spot":
            self._wallet(account)

    def _fill(self, account: Account, filled: Filled, at_us: int) -> None:
        order = filled.order
        market = self.markets[order.symbol]
        self.put(execution(account, filled, market.books.before(at_us), market.listed))
        self.put(state(order))
        key = account.key
        self.private.tell(key, "execution", [executions.execution(filled)])
        self.private.tell(key, "execution.fast", [executions.fast(filled)])
        self.private.tell(key, "order", [orders.order(order)])
        if order.category == "linear":
            self.tell_position(account, order.symbol, order.index)
        self._wallet(account)

    def tell_position(self, account: Account, symbol: str, index: int) -> None:
        """Tell an account of its position."""
        mark = self.marks()[symbol]
        row = positions.position(account, symbol, index, mark)
        self.private.tell(account.key, "position", [row])

    def _wallet(self, account: Account) -> None:
        row = wallet.wallet(account, self.units, self.marks())
        self.private.tell(account.key, "wallet", [row])


def _accounts(settings: ExchangeSettings) -> list[Account]:
    return [
        Account(
            name=one.name,
            key=one.key,
            secret=one.secret,
            uid=FIRST_UID + number,
            read_only=one.read_only,
            coins={coin: exact(amount) for coin, amount in one.coins.items()},
        )
        for number, one in enumerate(settings.accounts)
    ]
