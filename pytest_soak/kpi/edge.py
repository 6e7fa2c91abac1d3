"""KPIs from events: the edge a bot earned and where it went.

The PnL of a window splits exactly into four parts (Kissell, "The Science of Algorithmic Trading",
ch. 3, for the benchmark-mid convention):

    gross     = sum over maker fills of side x quantity x (mid - price)
    slippage  = sum over taker fills of side x quantity x (decision mid - price)
    fees      = - sum of fees
    inventory = sum over fills of side x quantity x (closing mid - mid)
                + opening inventory x (closing mid - opening mid)

A `_bps` KPI is the amount over the traded notional, times 10,000.
"""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from pytest_soak.kpi.definitions import KNOWN, KPIS, PROCESS_KPIS
from pytest_soak.kpi.fed_by import untold
from pytest_soak.kpi.summary import Summary
from pytest_soak.kpi.tables import GROWTH_KPIS, TABLE_KPIS, mean, notional, p95
from pytest_soak.kpi.usage import Usage, growth_kpis

if TYPE_CHECKING:
    from pytest_soak.observation.columns import Observation

BPS = 1e4
GAP_SHARE, GAP_US = 0.01, 2_000_000
"""How long the account may go without a mark, of the window or at least, for a drawdown."""


def components_quote(observation: Observation) -> dict[str, float]:
    """Gross, fees, slippage and inventory of the window in quote currency; their sum is the PnL."""
    fills = observation.fills
    signed = fills["side"] * fills["quantity"]
    edge = signed * (fills["mid"] - fills["price"])
    drift = float(np.sum(signed * (observation.mid_end - fills["mid"])))
    held = observation.inventory_start * (observation.mid_end - observation.mid_start)
    return {
        "gross": float(np.sum(edge[fills["maker"]])),
        "fees": -float(np.sum(fills["fee_quote"])),
        "slippage": float(np.sum(edge[~fills["maker"]])),
        "inventory": drift + held,
    }


def summarize(observation: Observation, usage: Usage | None = None) -> Summary:
    """Every KPI of the KPI table from the events of one window.

    Those of resources are among them where there is `usage`: that of the lane up to its end.
    """
    blocks = _block_counts(observation)
    kpis: dict[str, float | None] = dict.fromkeys(KPIS)
    samples: dict[str, int] = {}
    for values, count in (
        _edge(observation),
        _markouts(observation),
        _attempts(observation, blocks),
        _pipeline(observation),
        _process(observation),
        _exchange(observation),
        _resources(observation, usage),
    ):
        kpis.update(values)
        samples.update(count)
    kpis["max_drawdown_quote"] = _drawdown(observation)
    unseen = {name: why for name, why in observation.exchange.items() if isinstance(why, str)}
    reasons = unseen | {
        name: KNOWN[name].missing
        for name, value in kpis.items()
        if value is None and name not in unseen
    }
    if len(observation.marks) and kpis["max_drawdown_quote"] is None:
        reasons["max_drawdown_quote"] = _unmarked(observation)
    reasons |= (unknown := untold(observation, kpis))
    kpis.update(dict.fromkeys(unknown))
    return Summary(
        kpis=kpis,
        reasons=reasons,
        samples=samples,
        block_counts=blocks,
        market=dict(observation.market),
    )


def _pnl_quote(observation: Observation) -> float:
    """The sum of the components, without the mids of fills, which cancel out in it."""
    fills = observation.fills
    signed = fills["side"] * fills["quantity"]
    traded = float(np.sum(signed * (observation.mid_end - fills["price"]) - fills["fee_quote"]))
    return traded + observation.inventory_start * (observation.mid_end - observation.mid_start)


_Part = tuple[dict[str, float | None], dict[str, int]]


def _edge(observation: Observation) -> _Part:
    fills = observation.fills
    volume = float(np.sum(notional(fills)))
    parts = components_quote(observation)
    net = _pnl_quote(observation) if observation.lacks("fills.mid") else fsum(parts.values())
    values: dict[str, float | None] = {
        "net_quote": net,
        "volume_quote": volume,
        "num_fills": float(len(fills)),
    }
    if volume > 0:
        bps = {name: amount / volume * BPS for name, amount in parts.items()}
        values |= {
            "gross_bps": bps["gross"],
            "fees_eff_bps": bps["fees"],
            "slippage_bps": bps["slippage"],
            "inventory_bps": bps["inventory"],
            "net_bps": net / volume * BPS if observation.lacks("fills.mid") else fsum(bps.values()),
            "maker_taker_ratio": TABLE_KPIS["maker_taker_ratio"].of(fills),
        }
    return values, dict.fromkeys(values, len(fills))


def _markouts(observation: Observation) -> _Part:
    fills = observation.fills
    makers, takers = fills[fills["maker"]], fills[~fills["maker"]]
    marked = makers[np.isfinite(makers["mid_1s"])]
    seen = makers[np.isfinite(makers["mid_1s_before"])]
    came = seen["side"] * (seen["mid_1s_before"] - seen["mid"]) / seen["mid"] * BPS
    against = -marked["side"] * (marked["mid_1s"] - marked["mid"]) / marked["mid"] * BPS
    paid = takers["side"] * (takers["price"] - takers["mid"]) / takers["mid"] * BPS
    values: dict[str, float | None] = {
        "adverse_bps": mean(against, marked["price"] * marked["quantity"]),
        "adverse_bps_p95": p95(against),
        "pickoff_bps": mean(came, seen["price"] * seen["quantity"]),
        "slippage_bps_p95": p95(paid),
    }
    samples = {
        "adverse_bps": len(marked),
        "adverse_bps_p95": len(marked),
        "pickoff_bps": len(seen),
        "slippage_bps_p95": len(takers),
    }
    return values, samples


def _attempts(observation: Observation, blocks: dict[str, int]) -> _Part:
    intended, sent = observation.intended_changes, observation.orders_sent
    share = {name: min(1.0, n / intended) for name, n in blocks.items()} if intended else {}
    names = {
        "inventory_pct": "inventory",
        "min_interval_pct": "min_interval",
        "concurrency_pct": "concurrency",
        "throttle_pct": "throttle",
    }
    values: dict[str, float | None] = {
        kpi: 100.0 * share[reason] for kpi, reason in names.items() if reason in share
    }
    values["risk_ratio"] = share.get("risk")
    samples = dict.fromkeys(values, intended)
    values["cancel_ratio"] = observation.cancels_sent / sent if sent else None
    wanted = observation.side_time_us
    values["risk_time_share"] = observation.side_time_risk_blocked_us / wanted if wanted else None
    return values, samples | {"cancel_ratio": sent}


def _pipeline(observation: Observation) -> _Part:
    columns = {"order_age_p95_ms": observation.order_age_ms, "ws_lag_p95_ms": observation.ws_lag_ms}
    values: dict[str, float | None] = {name: p95(column) for name, column in columns.items()}
    samples = {name: len(column) for name, column in columns.items()}
    for table in ("acks", "ticks"):
        more, counts = _of_table(observation, table)
        values, samples = values | more, samples | counts
    return values, samples


def _of_table(observation: Observation, table: str) -> _Part:
    """The KPIs that follow from the rows of one table."""
    rows = getattr(observation, table)
    values = {name: kpi.of(rows) for name, kpi in TABLE_KPIS.items() if kpi.table == table}
    return values, dict.fromkeys(values, len(rows))


def _resources(observation: Observation, usage: Usage | None) -> _Part:
    if usage is None:
        return {}, {}
    values, samples = _of_table(observation, "resources")
    grown = growth_kpis(usage)
    return values | grown, samples | {
        name: len(usage.lows(GROWTH_KPIS[name]).lows) for name in grown
    }


def _process(observation: Observation) -> _Part:
    """What is known of a bot's process; nothing of a bot that has none."""
    known = observation.process
    return {name: known.get(name) for name in PROCESS_KPIS if known}, {}


def _exchange(observation: Observation) -> _Part:
    """What the exchange on this machine says of a bot; nothing of a bot on none."""
    told = observation.exchange.items()
    return {name: None if isinstance(value, str) else value for name, value in told}, {}


def _block_counts(observation: Observation) -> dict[str, int]:
    counts = np.bincount(observation.blocks["reason"], minlength=len(observation.block_reasons))
    return {name: int(n) for name, n in zip(observation.block_reasons, counts, strict=True)}


def _drawdown(observation: Observation) -> float | None:
    """The largest fall of the equity; None where the marks leave too much of the window out."""
    equity = observation.marks["equity_quote"]
    if not len(equity) or _gap_us(observation) > _allowed_gap_us(observation):
        return None
    return float(np.max(np.maximum.accumulate(equity) - equity))


def _gap_us(observation: Observation) -> int:
    """The longest time without a mark, at the ends of the window too."""
    times = observation.marks["time_us"]
    ends = [observation.start_us, *times[[0, -1]].tolist(), observation.end_us]
    return int(max(ends[1] - ends[0], ends[3] - ends[2], np.max(np.diff(times), initial=0)))


def _allowed_gap_us(observation: Observation) -> float:
    return max(GAP_US, GAP_SHARE * (observation.end_us - observation.start_us))


def _unmarked(observation: Observation) -> str:
    gap, allowed = _gap_us(observation), _allowed_gap_us(observation)
    return f"no mark for {gap / 1e6:g} s of the window, {allowed / 1e6:g} s at most"
