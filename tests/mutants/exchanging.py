"""Faults in the exchange on loopback: its ledger, its orders, its wire."""

from __future__ import annotations

from mutants.mutant import Mutant

LEDGER = ("exchange/test_exchange_ledger.py",)
ORDERS = ("exchange/test_orders.py",)
SIGNED = ("exchange/test_signatures.py",)
SOCKETS = ("exchange/test_sockets.py",)
TIME = ("exchange/test_virtual_time.py",)
HISTORY = ("exchange/test_history.py",)
RECORDED = ("exchange/test_recorded.py",)
COMMAND = ("exchange/test_exchange_command.py",)

MUTANTS = (
    *(
        Mutant("positions.py", old, new, LEDGER)
        for old, new in (
            ("if size and (size > 0) != (quantity > 0):", "if False:"),
            ("closed = min(abs(size), abs(quantity))", "closed = abs(quantity)"),
            ("profit = signed * price - part", "profit = part - signed * price"),
            ("return self.size * mark - self.cost", "return self.cost - self.size * mark"),
        )
    ),
    *(
        Mutant("booking.py", old, new, LEDGER)
        for old, new in (
            (
                "coin = listed.base if is_spot and order.sign > 0 else listed.quote",
                "coin = listed.quote",
            ),
            ("account.add(listed.settle, profit - fee)", "account.add(listed.settle, profit)"),
            ("account.add(coin, -fee)", "pass"),
            (
                "rate = listed.maker_fee if fill.maker else",
                "rate = listed.taker_fee if fill.maker else",
            ),
            (
                '"Filled" if order.filled >= order.quantity',
                '"Filled" if order.filled > order.quantity',
            ),
            ('partly = order.filled > 0 and order.category == "spot"', "partly = False"),
            ("            and one.sign == order.sign\n", "            and False\n"),
            ("if size * order.sign >= 0:", "if False:"),
        )
    ),
    *(
        Mutant("margin.py", old, new, LEDGER)
        for old, new in (
            ("if order.sign > 0 else listed.base)", "if order.sign > 0 else listed.quote)"),
            ("abs(size) >= order.leaves)", "abs(size) > order.leaves)"),
            ("        - locked(account, coin, units)\n", ""),
            ("        - order_margin(account, coin, units)\n", ""),
        )
    ),
    *(
        Mutant("accounts.py", old, new, LEDGER)
        for old, new in (
            ("order is None or (link_id and order.link_id != link_id)", "order is None"),
            ("self.closed[order.order_id] = order", "pass"),
        )
    ),
    *(
        Mutant("hearing.py", old, new, ORDERS)
        for old, new in (
            ('if order.is_open and order.time_in_force in ("IOC", "FOK"):', "if False:"),
            ("reason = o.NOT_WHOLE if", "reason = o.NOTHING_TO_FILL if"),
            ('"cross" if order.time_in_force == "PostOnly" else "replace"', '"replace"'),
            ("if order.reduce_only and not is_asked and", "if False and"),
            ('self._end(account, order, told.time_us, o.WOULD_TAKE, "UNKNOWN")\n', "pass\n"),
        )
    ),
    Mutant("hearing.py", "account.links.pop(order.link_id, None)", "pass", ORDERS),
    *(
        Mutant("amend.py", old, new, tests)
        for old, new, tests in (
            ("still = wanted_lots - (order.lots_in_book - left)", "still = wanted_lots", ORDERS),
            ('request["price"] = NOWHERE', 'request["target"] = -1', ORDERS),
        )
    ),
    *(
        Mutant("create.py", old, new, ORDERS)
        for old, new in (
            ("_whole_or_not if order.time_in_force", "None if order.time_in_force"),
            ("checks.check_link(account, wanted)", "pass"),
            ("checks.check_index(account, wanted)", "pass"),
            ("checks.cut_to_position(account, order)", "pass"),
            ("reduce_only=checks.reduces(wanted)", "reduce_only=wanted.reduce_only"),
        )
    ),
    *(
        Mutant("auth.py", old, new, SIGNED)
        for old, new in (
            ("payloads = (query, unquote_plus(query)) if is_get", "payloads = (query,) if is_get"),
            ("<= int(timestamp) < now_ms + AHEAD_MS", "<= int(timestamp)"),
            ("not now_ms - width <= int(timestamp)", "not 0 <= int(timestamp)"),
            ("    check_time(signed.timestamp, signed.window, now_ms)\n", ""),
            ("return hmac.compare_digest(wanted.encode(), signature.encode())", "return True"),
        )
    ),
    Mutant("checks.py", "if account.read_only:", "if False:", SIGNED),
    Mutant("ops.py", "or int(expires) <= self._venue.shown_ms()", "", SIGNED),
    *(
        Mutant("books.py", old, new, SOCKETS)
        for old, new in (
            ("self._update += 1", "self._update += 2"),
            ("for price in before if price not in now]", "for price in before if False]"),
            ("if before.get(price) != lots", "if price not in before"),
        )
    ),
    *(
        Mutant("ops.py", old, new, SOCKETS)
        for old, new in (
            (
                'for name in ("req_id", "reqId") if name in message',
                "for name in () if name in message",
            ),
            ("if connection.path == PRIVATE and connection.account is None:", "if False:"),
        )
    ),
    Mutant("sockets/serving.py", "await asyncio.sleep(AWAY_S)", "pass", SOCKETS),
    Mutant(
        "sockets/serving.py",
        "                    if connection.is_over:",
        "                    if False:",
        SOCKETS,
    ),
    Mutant("connection.py", "if len(self._queue) > MOST_QUEUED or", "if False and", SOCKETS),
    Mutant("connections.py", "len(hosts) == 1 and", "True or", SOCKETS),
    Mutant("limits.py", "self._address.take(now_ms, ADDRESS_LIMIT)", "True", SOCKETS),
    Mutant("limits.py", "is_within = window.take(now_ms, limit)", "is_within = True", SOCKETS),
    Mutant("garbage.py", "if isinstance(error, HttpProcessingError):", "if False:", SOCKETS),
    Mutant("private.py", "if self._answers_first:", "if True:", ORDERS),
    Mutant("virtual_time.py", "if timeout is None or self.busy:", "if timeout is None:", TIME),
    Mutant("ids.py", 'Random(derived(seed, "names"))', "Random()", TIME),
    Mutant("bars.py", "bar.add(waiting)", "pass", HISTORY),
    Mutant("opening.py", "round(settings.history_minutes * 60e6)", "0", HISTORY),
    Mutant("recorded.py", "side[tick] = side.get(tick, 0) + lots", "pass", RECORDED),
    Mutant("tls.py", "folder.chmod(0o700)", "folder.chmod(0o755)", COMMAND),
    Mutant("instruments.py", "if instrument.contract_value != 1.0:", "if False:", COMMAND),
)
