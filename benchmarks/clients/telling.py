"""What a run of a client came to, in lines, and whether it is as it should be."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.clients.run import Ran, last_lines

GREEN = {
    "repeated_intents": 0.0,
    "requests_over_limit": 0.0,
    "unknown_endpoints": 0.0,
    "position_gap_base": 1e-9,
    "unknown_open_orders": 0.0,
    "believed_open_closed": 0.0,
    "book_wrong_u": 0.0,
}
"""The invariants that are held, and what each may be at most."""


def told(ran: Ran) -> list[str]:
    """A run in lines."""
    judged = ran.judged
    refused = {
        f"{asked.endpoint} {code}": count
        for asked in judged.requests
        for code, count in asked.codes.items()
        if code != "0"
    }
    lines = [
        f"{ran.recipe.name}: {ran.recipe.package} {ran.version}, isolation: {judged.isolation}",
        f"  unknown to the exchange: {_counted(judged.strange)}",
        f"  refused by it: {_counted(refused)}",
        f"  outside: {judged.outside}",
    ]
    for name, value in judged.kpis.items():
        if value is not None:
            verdict = "" if name not in GREEN else _verdict(ran, name)
            lines.append(f"  {name} = {value:g}{verdict}")
            found = [one.text for one in judged.findings if one.kpi == name]
            lines += [f"      {text}" for text in found[:3]]
    lines += [f"  {name}: null, {judged.reasons[name]}" for name in _unseen(ran)]
    if ran.recipe.exits and ran.status != 0:
        lines += [f"  ended with status {ran.status}:", *last_lines(ran.folder / "bot.log", 12)]
    return lines


def is_red(ran: Ran, name: str) -> bool:
    """Whether an invariant is broken."""
    value = ran.judged.kpis[name]
    return value is not None and value > GREEN[name]


def _verdict(ran: Ran, name: str) -> str:
    known = ", as always" if name in ran.recipe.wrong else ""
    return f"  red{known}" if is_red(ran, name) else "  green"


def _unseen(ran: Ran) -> list[str]:
    """The invariants that should have been seen and were not."""
    hidden = () if "books" in ran.recipe.belief else ("book_wrong_u",)
    return [n for n in GREEN if ran.judged.kpis[n] is None and n not in hidden]


def is_clean(ran: Ran) -> bool:
    """Whether a client traded both ways, as it is, and nothing is wrong or unseen."""
    traded = ran.judged.kpis["buy_fills"] and ran.judged.kpis["sell_fills"]
    ended = ran.status == 0 or not ran.recipe.exits
    held = {*GREEN} - {*ran.recipe.wrong}
    broken = any(is_red(ran, name) for name in held) or bool(ran.judged.strange or _unseen(ran))
    return bool(traded) and ended and not broken


def _counted(counts: Mapping[str, int]) -> str:
    return "; ".join(f"{what} x{count}" for what, count in counts.items()) or "none"
