"""Faults in the faults of the loopback exchange, in its invariants and in what bots believe."""

from __future__ import annotations

from mutants.mutant import Mutant

SCHEDULE = ("exchange/test_schedule.py",)
SCHEDULED = ("exchange/test_scheduled.py",)
INVARIANTS = ("exchange/test_invariants.py",)
BUGS = ("exchange/test_bugs.py",)
BELIEFS = ("exchange/test_beliefs.py",)
BLAME = ("exchange/test_blame.py",)
AWAITED = ("exchange/test_awaited.py",)
ENDED = ("exchange/test_exchanged.py",)
SESSION = ("exchange/test_exchange_session.py",)

MUTANTS = (
    Mutant("exchanged.py", "if work.done():", "if False:", ENDED),
    Mutant("program.py", '_complain(f"ended from outside', 'str(f"ended from outside', SESSION),
    Mutant("resolve.py", 'if belief.startswith("log:"):', "if False:", ENDED),
    *(
        Mutant(file, old, new, BLAME)
        for file, old, new in (
            ("timeline.py", "None if self.met or time_us >= last_us", "None if time_us >= last_us"),
            ("selection.py", "names.endswith(SUFFIXES)", "False"),
            ("selection.py", "split(given)[0]", "given"),
            ("intents.py", "if at in repeated or not", "if not"),
            ("positions.py", "since if began_us is None else began_us, None", "since, None"),
            ("positions.py", "if one.filled and (", "if ("),
            ("positions.py", "belief.time_us - right_us > 2 *", "belief.time_us - right_us > 0 *"),
            ("positions.py", "belief.time_us - right_us > 2 *", "belief.time_us - right_us > 99 *"),
            ("positions.py", "or gap.free_us >= _wrong(tolerances)", ""),
            ("positions.py", "free = free_us(faulty, began_us, belief.time_us)", "free = 1 << 60"),
            ("positions.py", "lost[0].time_us > gap.began_us + _ACCURATE_US", "False"),
            ("positions.py", "(one.symbol, one.side) == (symbol, side)", "one.symbol == symbol"),
            ("lost_answers.py", "return bool(made) and not request.answered", "return bool(made)"),
            ("lost_answers.py", "if r.account == first.account", ""),
            ("lost_answers.py", 'for key in ("symbol", "side")', 'for key in ("symbol",)'),
            ("lost_answers.py", "told_us + patience_us", "1 << 60"),
            ("blame.py", "and _end(s) >= at_us - _ACCURATE_US", ""),
            ("positions.py", "if gap.is_old:", "if False:"),
            ("positions.py", "began_us < kept_us)", "True)"),
            ("blame.py", "0 <= at_us - _end(s) <= settle_us", "0 <= at_us - _end(s)"),
            ("blame.py", 'finding.fault.partition("+")[0]', "finding.fault"),
            ("reproduce.py", "spell.start_us + spell.longest_us", "0"),
            ("reproduce.py", "[spell for spell in spells if spell.met] or spells", "spells"),
            ("reproduce.py", "windows[-1].settle_s + JUDGED_S", "0.0"),
        )
    ),
    *(
        Mutant(file, old, new, AWAITED)
        for file, old, new in (
            ("awaiting.py", "self._next += EVERY_SECONDS", "pass"),
            ("so_far.py", "if len(kept) > MOST", "if False"),
            (
                "serving.py",
                "[app[MOVING], writes, *([] if asks is None else [asks])]",
                "[app[MOVING]]",
            ),
            ("believing.py", "except Exception as error:", "except ValueError as error:"),
        )
    ),
    *(
        Mutant(file, old, new, SCHEDULE)
        for file, old, new in (
            ("timeline.py", "self._turns[0][0] <= time_us", "self._turns[0][0] < time_us"),
            ("timeline.py", "self._begin(spell.row, spell.nth + 1)", "pass"),
            ("timeline.py", '"jitter", nth', '"jitter"'),
            ("timeline.py", "row.at_us + nth", "nth"),
            ("draws.py", "(seed, *what)", "what"),
            ("schedule.py", "self.length_us + self.jitter_us +", "self.length_us +"),
            ("schedule.py", "if strange := sorted(keys - allowed):", "if False:"),
            ("schedule.py", "if not self.of.lasts and self.for_ is not None:", "if False:"),
        )
    ),
    *(
        Mutant(file, old, new, SCHEDULED)
        for file, old, new in (
            ("choosing.py", "and _among(row.symbols, (call.symbol,))", ""),
            ("choosing.py", "spell.met[by] >= most", "spell.met[by] > most"),
            ("choosing.py", "spell.drawn += 1", "pass"),
            ("kinds.py", 'ORDERS = ("order", "order.*")', 'ORDERS = ("order*",)'),
            ("requests.py", "late_s=one.late_s + other.late_s", "late_s=one.late_s"),
            ("scheduled.py", 'call.via == "ws" and', ""),
            ("scheduled.py", "self._silent |= found", "pass"),
            ("messages.py", "left_us - left_us / _DAWDLE", "left_us"),
            ("messages.py", "for order in orders} - spell.orders", "for order in orders}"),
            ("messages.py", 'row = dict(message["data"][-1])', 'row = message["data"][-1]'),
            ("messages.py", 'if kind == "gapped_book" else ""', 'if False else ""'),
            ("messages.py", 'get("type") == "delta"', 'get("type") != ""'),
            ("scheduled.py", "starts=bool(call.account)", "starts=True"),
            ("scheduled.py", "if self._hits[spell] <= MOST_TOLD:", "if True:"),
            ("scheduled.py", "cuts, self._cuts = self._cuts, []", "cuts = self._cuts"),
            ("scheduled.py", "return time_us if self._cuts else", "return"),
            ("scheduled.py", "signed = -size if", "signed = size if"),
            ("scheduled.py", "self._holding.remove(turn.spell)", "pass"),
            ("scheduled.py", "one.late_s + other.late_s", "other.late_s"),
        )
    ),
    *(
        Mutant(file, old, new, INVARIANTS)
        for file, old, new in (
            ("seen.py", "end_us + settle_us", "end_us"),
            ("seen.py", "for start_us in began.values()", "for start_us in ()"),
            ("seen.py", "free_us = max(free_us, end_us", "free_us = (end_us"),
            ("positions.py", 'if one.category == "spot" else net', "if True else net"),
            ("quiet_beliefs.py", "(tolerances.grace_s + belief.lag_s)", "tolerances.grace_s"),
            (
                "positions.py",
                "bisect_right(self.times, start_us) - 1",
                "bisect_right(self.times, start_us)",
            ),
            ("positions.py", "if first < 0:", "if False:"),
            ("open_orders.py", "self.opened_us <= start_us", "self.opened_us <= end_us"),
            ("open_orders.py", "self.closed_us > end_us", "self.closed_us > start_us"),
            (
                "open_orders.py",
                "known.isdisjoint({name, life.last.link_id})",
                "known.isdisjoint({name})",
            ),
            ("open_orders.py", "since[name] if life is None", "0 if life is None"),
            ("open_orders.py", "ended_us <= before_us", "ended_us <= belief.time_us"),
            ("intents.py", "first.account == second.account", "True"),
            ("intents.py", 'one.get("order_id") != other.get("order_id")', "True"),
            ("intents.py", "bool(first.fault) and second", "second"),
            ("intents.py", "0.0 if first.http >= NO_ANSWER else", "0.0 if True else"),
            ("intents.py", 'if state.status != "Filled":', "if False:"),
            ("intents.py", "pushed.connection in sockets and", ""),
            ("intents.py", "and s.time_us <= second.time_us", ""),
            ("asking.py", "since_us < request.time_us < until_us", "request.time_us < until_us"),
            ("asking.py", "request.reset_us or", ""),
            ("asking.py", "request.http in (TOO_MANY_HTTP, SHUT_OUT)", "False"),
            ("asking.py", "r.code == 0 and not r.answered", "not r.answered"),
            ("quoting.py", "r.code == 0 and r.time_us", "r.time_us"),
            ("quoting.py", "if again_us < window[0]:", "if end_us < window[0]:"),
            ("seen.py", "at_us = max(at_us, min(over_us, end_us))", "pass"),
            ("quoting.py", "> tolerances.slow_s * 1e6", "> 1e18"),
            ("quoting.py", "pauses[: max(0, place - 1)] + pauses[place:]", "pauses"),
            ("books.py", "if u in (0, number)", "if True"),
            ("books.py", "if past[-1][1] >= book.u]", "]"),
            ("books.py", "if belief.time_us <= reaches_us]", "]"),
            (
                "books.py",
                "min(until_us - belief.time_us, _LONGEST_US)",
                "until_us - belief.time_us",
            ),
            ("books.py", "book.bids[0][0] >= book.asks[0][0]", "book.bids[0][0] > book.asks[0][0]"),
            ("digest.py", "for p, q, *_ in side[:LEVELS]", "for p, q, *_ in side"),
            ("fills.py", 'or fault.kind == "drop"', ""),
        )
    ),
    *(
        Mutant(file, old, new, BUGS)
        for file, old, new in (
            ("asking.py", "asked.still_good()", "pass"),
            ("asking.py", "replace(left, left=0)", "None"),
            ("asking.py", "outcome.reply.code != TOO_MANY.code", "True"),
            ("orders.py", "one.updated_us > since_us", "False"),
            ("book_trail.py", "self._venue.put(Books(now_us, topic, states))", "pass"),
            ("book_trail.py", "self._states[topic] = []", "self._states.pop(topic)"),
            ("public.py", "or self._trail.follows(feed)", ""),
            ("books.py", "return self._update, digest.of(*best)", "return self._update, ''"),
        )
    ),
    *(
        Mutant(file, old, new, BELIEFS)
        for file, old, new in (
            ("freqtrade.py", "?mode=ro", "?mode=rwc"),
            ("freqtrade.py", 'filled if side == "buy" else -filled', "filled"),
            ("freqtrade.py", "WHERE ft_is_open", ""),
            ("freqtrade.py", 'pair.partition(":")[0].replace("/", "")', "pair"),
            ("growing.py", "self._offset += len(data) - len(rest)", "pass"),
            ("growing.py", "file.seek(0, 2) < self._offset", "file.seek(0, 2) < 0"),
            ("http_probe.py", "parts.hostname not in HERE or", ""),
            ("http_probe.py", "if answer.status != 200:", "if False:"),
            ("line.py", '- {""}', ""),
            ("log_pattern.py", "**(self._positions or {}), ", ""),
            ("log_pattern.py", "if self._positions is None and self._open is None:", "if False:"),
        )
    ),
)
