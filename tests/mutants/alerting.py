"""Faults in alert rules."""

from __future__ import annotations

from mutants.mutant import Mutant, of

MUTANTS = (
    *(
        Mutant("alerts.py", old, new, of("alert_rules"))
        for old, new in (
            ('"for": criterion.for_,', '"for": "7m",'),
            ("{limit.symbol}", ">"),
            ('{"stop": "critical"', '{"stop": "warning"'),
            ("lasting = asked.for_ if asked else GAP", "lasting = GAP"),
            ("    if criterion.clear_if:\n", "    if False:\n"),
            ("criterion.window or GAP),", "GAP),"),
        )
    ),
    *(
        Mutant("promql.py", old, new, of("alert_rules"))
        for old, new in (
            ('promql = f"60 * {', 'promql = f"{'),
            ("(le, {_BY})", "({_BY})"),
            ("rate({metric.name}_bucket[{window}])", "{metric.name}_bucket"),
            ('less="1 - "', 'less=""'),
            (" == 0 or {gone}", " == 0"),
            ("_share(table.HITS, table.TICKS)", "_share(table.MISSES, table.TICKS)"),
            ("counts=False)\n\n\nSOURCES", "counts=True)\n\n\nSOURCES"),
        )
    ),
)
