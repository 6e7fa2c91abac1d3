"""Faults in the reading and the replay of recorded feeds."""

from __future__ import annotations

from mutants.mutant import Mutant, of

_EXCHANGE = ("market/test_feed_exchange.py",)
_INVERSE = ("market/test_inverse_feed.py",)
_SESSION = ("plugin/test_feed_session.py",)

MUTANTS = tuple(
    Mutant(file, old, new, tests)
    for file, old, new, tests in (
        # reading
        ("reading.py", "(before.st_size, before.st_mtime_ns) !=", "() ==", of("recordings")),
        ("reading.py", "unpack, begun = zlib.decompressobj(31), False", "break", of("recordings")),
        ("streams.py", "    if block.torn:\n", "    if False:\n", of("recordings")),
        ("messages.py", "    if bad.any():\n", "    if False:\n", of("recordings")),
        ("messages.py", "place // 2, side=", "place, side=", of("recordings")),
        ("tables.py", "        if block.torn:\n", "        if False:\n", of("recorded_tables")),
        ("tabled.py", "    if neither.any():\n", "    if False:\n", of("recorded_tables")),
        ("messages.py", '["ev"][asks] ^= np.uint64(BUY | SELL)', '["ev"][asks]', of("recordings")),
        ("binance.py", "[self._symbol] += self._chosen", "[self._symbol]", of("recordings")),
        ("reading.py", "held, size = [lines[-1]], len", "held, size = [], len", of("recordings")),
        # joining and what is left out
        ("joining.py", "update.before == self._last", "True", of("recordings")),
        ("joining.py", "update.first <= self._last + 1", "True", of("recordings")),
        ("joining.py", "        self._gap(update)\n", "", of("recordings")),
        ("joining.py", "local=max(update.local, local)", "local=local - 1", of("recordings")),
        ("binance.py", 'if data.get("X", "MARKET") != "MARKET":', "if False:", of("recordings")),
        ("binance.py", "side = SELL if data", "side = BUY if data", of("recordings")),
        ("binance.py", "or not near", "", of("recordings")),
        ("bybit.py", "number != self._last + 1", "False", of("recorded_tables")),
        ("whole_books.py", "if price not in now]", "if False]", of("recorded_tables")),
        ("mapping.py", '~buys if part.side.of == "maker"', '~buys if ""', of("recorded_tables")),
        # order and clocks
        ("ordering.py", "if behind > HORIZON_NS:", "if False:", of("recording_ordering")),
        ("ordering.py", "limit)) if open_", "limit, 'right')) if open_", of("recording_ordering")),
        (
            "ordering.py",
            "before[:-1] <= after[1:]",
            "before[:-1] <= before[1:]",
            of("recording_ordering"),
        ),
        ("clock.py", "max(0, -least)", "-least", of("recordings")),
        ("clock.py", "round(base_latency_ms * MS) - least", "0", of("recordings")),
        # what is said
        ("feed_check.py", '(damaged, f"', '(0, f"', of("feed_commands")),
        ("feed_check.py", '(found.gaps, f"', '(0, f"', of("feed_commands")),
        ("feed_check.py", '(drift, f"', '(0, f"', of("feed_commands")),
        ("units.py", "MOST_OF_THEM = 0.999", "MOST_OF_THEM = 1.0", of("feed_commands")),
        ("levels.py", "(lots == 0 or (lots > 0)", "((lots > 0)", of("feed_commands")),
        # fills
        ("own.py", "feed.known != 0:", "feed.known < 2:", of("replay_fills")),
        ("own.py", "if better == 0:", "if better < 0:", of("replay_fills")),
        ("own.py", "side * (order.tick - best) >= 0", "order.tick == best", of("replay_fills")),
        (
            "queue.py",
            "order.ahead = min(order.ahead, size)\n        return\n    change",
            "return\n    change",
            of("replay_fills"),
        ),
        (
            "script.py",
            "requests[asked].time < row",
            "requests[asked].time <= row",
            of("replay_fills"),
        ),
        # an agent
        ("gateway.py", "kind == v.CANCEL and replay", "kind == v.PLACE and replay", _EXCHANGE),
        ("gateway.py", "    if feed.known == 0:\n", "    if False:\n", _EXCHANGE),
        ("loop.py", "rows[place].local_ts", "rows[place].exch_ts", _EXCHANGE),
        # what is traded
        ("money.py", "replay.lot_quote / world.mid", "world.instrument.lot_tick_quote", _INVERSE),
        ("money.py", "lot_tick_quote = replay.lot_quote / price", "lot_tick_quote *= 1", _INVERSE),
        ("money.py", "replay.held += side * lots", "replay.held += lots", _INVERSE),
        ("inverse.py", "self.lot_quote / (ticks * self.tick_quote)", "self.lot", _INVERSE),
        ("inverse.py", '(fills["maker"] != MAKER)', '(fills["maker"] == MAKER)', _INVERSE),
        ("inverse.py", "np.cumsum(moved)]) + before", "np.cumsum(moved)])", _INVERSE),
        ("inverse.py", " - contracts - account", " - account", _INVERSE),
        ("market.py", '"lot": contract.lot', '"lot": contract.lot_base', _INVERSE),
        ("binance.py", '_VALUES = {"BTC": 100.0}', '_VALUES = {"BTC": 10.0}', _INVERSE),
        ("terms.py", 'known["contract_value"] = None', "pass", _INVERSE),
        ("terms.py", 'if self.kind == "inverse":', 'if self.kind == "":', _EXCHANGE),
        ("recorded.py", 'terms.kind == "inverse"', "False", of("feed_commands")),
        ("hftbacktest.py", "if told.terms not in", "if not", of("feed_commands")),
        ("reading.py", "info.flag_bits & 1", "info.flag_bits & 0", of("recordings")),
        ("load.py", "!= mapping]", "!= ()]", _SESSION),
        ("scenario.py", "found.update(market.instrument", "(market.instrument", _INVERSE),
        ("recordings.py", "if held < iterations or shortest:", "if False:", _SESSION),
        ("scenario.py", "if _digest(market) != feed.digest:", "if False:", _EXCHANGE),
        (
            "verdict.py",
            'return "; limits set for calm" if recorded',
            'return "" if recorded',
            _SESSION,
        ),
    )
)
