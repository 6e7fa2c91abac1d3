"""Faults in what is kept to be drawn, in the tear sheet, and in the live page."""

from __future__ import annotations

from mutants.mutant import Mutant, of

CURVES = of("curves")
SHEET = of("sheet")
MEANWHILE = of("while_running")
LIVE = of("live_page")

MUTANTS = (
    Mutant("reduce.py", "observation.inventory_start * observation.mid_start", "0.0", CURVES),
    Mutant("reduce.py", "[0.0], equity, [net]", "[0.0], equity, [equity[-1]]", CURVES),
    Mutant("reduce.py", 'marks["equity_quote"][0] + begun', 'marks["equity_quote"][0]', CURVES),
    Mutant(
        "reduce.py",
        "np.minimum(places.astype(np.int64), MOST_BINS - 1)",
        "places.astype(np.int64)",
        CURVES,
    ),
    Mutant("reduce.py", 'known[name] - known["price"]', 'known[name] - known["mid"]', CURVES),
    Mutant("curves.py", "self.first + n + share", "self.first + n", CURVES),
    Mutant("curves.py", "part.first - first)", "0)", CURVES),
    Mutant("account.py", "initial=self.peak", "initial=before", CURVES),
    Mutant("account.py", "max(peak - (before + low), fall)", "peak - (before + low)", CURVES),
    Mutant(
        "account.py",
        "self.equity, self.peak = before + account.equity[-1], peaks[-1]",
        "self.equity, self.peak = account.equity[-1], peaks[-1]",
        CURVES,
    ),
    Mutant("sheet.py", 'running.skip(one.kpis.get("net_quote") or 0.0)', "pass", SHEET),
    Mutant(
        "sheet.py", "if run and (account is None or one.number != last + 1):", "if False:", SHEET
    ),
    Mutant("gate_rows.py", "least = min(found)", "least = max(found)", SHEET),
    Mutant("gate_rows.py", "(*own, *drifting)", "own", SHEET),
    Mutant("seeds.py", '{"up": min, "down": max}', '{"up": max, "down": min}', SHEET),
    Mutant(
        "while_running.py",
        "max(self._least, TIMES * max(self._took, expected))",
        "self._least",
        MEANWHILE,
    ),
    Mutant("while_running.py", "optional = True", "optional = False", MEANWHILE),
    Mutant(
        "values.py",
        "if self.under_way else 'not finished'",
        "if True else 'not finished'",
        MEANWHILE,
    ),
    Mutant("read.py", "if run is None or run != self._run:", "if run is None:", of("report_read")),
    Mutant(
        "read.py",
        "new = name not in self._stamps or self._stamps[name] != stamp",
        "new = True",
        LIVE,
    ),
    Mutant("read.py", "or found.made.outcome != outcome", "or True", LIVE),
    Mutant("sections.py", "made.lane is not lane", "False", LIVE),
    Mutant(
        "watch.py", "if seen == self._seen and not self._unsure:", "if seen == self._seen:", LIVE
    ),
    Mutant("watch.py", "return concluded or not run.under_way", "return concluded", LIVE),
    Mutant("published.py", "if self._changed[part] > change", "", LIVE),
    Mutant("server.py", 'not in [[f"{name}:{port}"] for name in _NAMES]', "== []", LIVE),
    Mutant("server.py", "if len(streams) >= MOST_STREAMS:", "if False:", LIVE),
)
