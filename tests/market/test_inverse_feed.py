"""Inverse contracts on a recorded feed: what fills are in money, beside a calculation by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import recordings as r
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.inverse_feed import in_contracts
from pytest_soak.config.flags import reference_flags
from pytest_soak.config.parameters import reference_table
from pytest_soak.config.scenarios import BUILT_IN
from pytest_soak.errors import SoakUsageError
from pytest_soak.kpi.edge import summarize
from pytest_soak.market.feeds import REPORT_KINDS
from pytest_soak.market.kernel.account import MAKER, TAKER
from pytest_soak.market.kernel.tape import FILL_ROW, MARK_ROW
from pytest_soak.market.maker_config import MakerConfig
from pytest_soak.observation.closing import Closing
from pytest_soak.observation.columns import Observation
from pytest_soak.observation.conserve import unbalanced
from pytest_soak.replay.export import exported
from pytest_soak.replay.hftbacktest import write_npz
from pytest_soak.replay.inverse import InverseUnits
from pytest_soak.replay.market import (
    FeedExchange,
    FeedSimulation,
    RecordedMarket,
    recorded_market,
)
from pytest_soak.replay.rows import BOTH, BUY, DEPTH, ROW, SELL, SNAPSHOT, Rows
from pytest_soak.replay.scenario import feed_scenario, market_of
from pytest_soak.replay.settings import FeedSettings, Way, parse_feed_settings
from pytest_soak.replay.terms import Terms

VALUE = 100.0
MAKER_FEE, TAKER_FEE = Fraction("-0.00005"), Fraction("0.0005")
COIN = Terms(
    symbol="BTCUSD_PERP",
    kind="inverse",
    tick=0.5,
    lot=1.0,
    contract_value=VALUE,
    maker_fee_bps=-0.5,
    taker_fee_bps=5.0,
)
QUICK = FeedSettings(place_ms=Way(1.0), answer_ms=Way(1.0))
STEP_US = 100_000
PRICES = [50_000, 50_020, 49_900, 49_700, 50_300, 50_100, 50_450, 50_440, 49_600, 50_100]


def written(path: Path, rows: Rows, terms: Terms | None) -> Path:
    with path.open("wb") as file:
        write_npz(file, [rows], len(rows), terms)
    return path


def moving(prices: list[int]) -> Rows:
    """A book of one level a side, half a unit from prices that it moves to every STEP_US."""
    found = []
    opens = 1_000_000_000 * r.START_MS // 1_000
    for step, price in enumerate(prices):
        at = opens + 1_000 * STEP_US * (step + 10) if step else opens
        levels = [(BUY, price - 0.5, 9_000.0), (SELL, price + 0.5, 9_000.0)]
        if step:
            before = prices[step - 1]
            levels = [(BUY, before - 0.5, 0.0), (SELL, before + 0.5, 0.0), *levels]
        kind = DEPTH if step else SNAPSHOT
        found += [(BOTH | side | kind, at, at, px, qty, 0, 0, 0.0) for side, px, qty in levels]
    return np.array(found, ROW)


@pytest.fixture(scope="module")
def coin(tmp_path_factory: pytest.TempPathFactory) -> RecordedMarket:
    path = written(tmp_path_factory.mktemp("coin") / "coin.npz", moving(PRICES), COIN)
    return recorded_market(r.read(path), QUICK, path.name)


Trade = tuple[int, int, Fraction, bool]
"""Side, contracts, price, and whether it was the maker."""


def trades_of(exchange: FeedExchange) -> list[Trade]:
    """What the venue reported as filled, in contracts."""
    reports = exchange.take_events().reports
    filled = reports[reports["kind"] == REPORT_KINDS.index("filled")]
    return [
        (
            int(row["side"]),
            round(float(row["quantity"])),
            Fraction(row["price"]),
            bool(row["maker"]),
        )
        for row in filled
    ]


def by_hand(trades: list[Trade], mid: Fraction) -> tuple[Fraction, Fraction, Fraction]:
    """Profit in base, fees in quote at the prices of their fills, notional in quote."""
    value = Fraction(VALUE)
    base = sum((s * n * value * (1 / p - 1 / mid) for s, n, p, _ in trades), Fraction())
    in_base = [(MAKER_FEE if m else TAKER_FEE) * n * value / p for _, n, p, m in trades]
    fees = sum((fee * p for fee, (_, _, p, _) in zip(in_base, trades, strict=True)), Fraction())
    return base, fees, sum((n * value for _, n, _, _ in trades), Fraction())


ORDER = st.tuples(
    st.integers(1, len(PRICES) - 2), st.sampled_from(["buy", "sell"]), st.integers(1, 500),
    st.sampled_from(["ioc", "post_only"]),
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.lists(ORDER, min_size=1, max_size=12), st.integers(2, len(PRICES) - 2))
def test_money_is_that_of_a_calculation_by_hand(
    coin: RecordedMarket, orders: list[tuple[int, str, int, str]], cut: int
) -> None:
    exchange = FeedExchange(coin, 1)
    seen: list[Observation] = []
    trades: list[list[Trade]] = []
    for begin, end in pairwise([0, cut, len(PRICES) + 1]):
        exchange.begin_observation()
        for step, side, contracts, kind in sorted(orders):
            if begin <= step < end:
                exchange.advance(max(exchange.now_us, step * STEP_US + 1_500))
                book = exchange.book()
                takes = (side == "buy") == (kind == "ioc")
                exchange.submit(side, book.ask if takes else book.bid, contracts, kind)
        exchange.advance(end * STEP_US)
        exchange.advance(exchange.now_us + 2_500)  # the answers that are on their way
        seen.append(exchange.end_observation())
        trades.append(trades_of(exchange))
    so_far: list[Trade] = []
    before, closing = Fraction(), None
    for observation, those in zip(seen, trades, strict=True):
        so_far += those
        mid = Fraction(observation.mid_end)
        base, _, _ = by_hand(so_far, mid)
        _, fees, volume = by_hand(those, mid)
        kpis = summarize(observation).kpis
        net = base * mid - before - fees
        assert kpis["net_quote"] == pytest.approx(float(net), rel=1e-9, abs=1e-6)
        assert kpis["volume_quote"] == pytest.approx(float(volume), rel=1e-12)
        if volume:
            assert kpis["net_bps"] == pytest.approx(float(net / volume * 10_000), abs=1e-6)
            assert kpis["fees_eff_bps"] == pytest.approx(float(-fees / volume * 10_000), abs=1e-9)
        assert list(unbalanced(observation, closing)) == []
        before, closing = base * mid, Closing.of(observation)
    base, fees, _ = by_hand(so_far, Fraction(seen[-1].mid_end))
    worth = base * Fraction(seen[-1].mid_end) - fees
    assert exchange.equity_quote == pytest.approx(float(worth), rel=1e-9, abs=1e-6)
    assert exchange.position == sum(side * contracts for side, contracts, _, _ in so_far)


def test_an_order_is_in_contracts_and_its_fill_in_base(coin: RecordedMarket) -> None:
    exchange = FeedExchange(coin, 1)
    assert exchange.lot == 1.0
    with pytest.raises(ValueError, match=r"quantity=0.5 is not a multiple of 1"):
        exchange.submit("buy", 50_000.5, 0.5)
    exchange.submit("buy", 50_000.5, 20, "ioc")
    exchange.advance(3 * STEP_US)
    assert exchange.take_events().reports["quantity"][-1] == 20.0
    exchange.advance(20 * STEP_US)
    fills = exchange.take_events().fills
    assert fills["quantity"].tolist() == pytest.approx([20 * VALUE / 50_000.5])
    assert fills["fee_quote"].tolist() == pytest.approx([20 * VALUE * 5e-4])


def test_a_checkpoint_has_what_is_held_in_base(coin: RecordedMarket) -> None:
    exchange = FeedExchange(coin, 1)
    exchange.submit("sell", 49_999.5, 40, "ioc")
    exchange.advance(4 * STEP_US)
    other = FeedExchange(coin, 2)
    other.restore(exchange.checkpoint())
    exchange.advance(9 * STEP_US)
    other.advance(9 * STEP_US)
    assert other.equity_quote == exchange.equity_quote != 0.0


@pytest.fixture(scope="module")
def day() -> Rows:
    return exported(BUILT_IN["calm"], 7, 0.1)


def made(recorded: RecordedMarket, limit: float) -> Observation:
    """Five minutes of the reference maker."""
    flags = reference_flags().complete({}, "flags")
    simulation = FeedSimulation(recorded, 1, MakerConfig(0.0, flags))
    parameters = reference_table().defaults()
    return simulation.observe(1, 0, 300_000_000, parameters | {"position_limit_notional": limit}, 0)


@pytest.mark.parametrize("limit", [60_000.0, 4_000.0])
def test_the_maker_quotes_the_same_notional_on_it(tmp_path: Path, day: Rows, limit: float) -> None:
    value = 10.0
    linear = r.read(written(tmp_path / "l.npz", day, Terms(tick=0.001, lot=30.0)))
    terms = Terms(kind="inverse", tick=0.001, lot=1.0, contract_value=value)
    inverse = r.read(written(tmp_path / "i.npz", in_contracts(day, value), terms))
    seen = [made(recorded_market(found, FeedSettings(), "x"), limit) for found in (linear, inverse)]
    volumes = [float(np.sum(o.fills["quantity"] * o.fills["price"])) for o in seen]
    assert volumes[1] == pytest.approx(volumes[0], rel=0.25)
    sizes = [float(np.median(o.fills["quantity"] * o.fills["price"])) for o in seen]
    assert sizes[1] == pytest.approx(sizes[0], rel=0.25)
    for observation in seen:
        worth = np.abs(observation.marks["inventory"] * observation.marks["mid"])
        assert 0.05 * limit < worth.max() <= 1.05 * limit
    assert list(unbalanced(seen[1], None)) == []


def test_a_recording_of_coin_m_says_what_its_contracts_are(tmp_path: Path) -> None:
    for symbol, value in (("BTCUSD_PERP", 100.0), ("ETHUSD_PERP", 10.0)):
        path = r.write_lines(tmp_path / f"{symbol}.gz", r.coinm(r.stream(4), symbol))
        found = recorded_market(r.read(path), FeedSettings(lot=0.1), path.name).instrument
        assert (found.kind, found.contract_value) == ("inverse", value)
        assert found.lot_quote == pytest.approx(0.1 * value)


def test_what_is_typed_counts_before_what_the_file_says(tmp_path: Path) -> None:
    path = written(tmp_path / "a.npz", moving(PRICES), COIN)

    def traded(*typed: str) -> tuple[object, ...]:
        given, _ = parse_feed_settings(typed, "x")
        found = recorded_market(r.read(path), given, "a.npz").instrument
        return found.kind, found.contract_value, found.lot, found.taker_fee_bps

    assert traded() == ("inverse", 100.0, 1.0, 5.0)
    assert traded("contract_value=10", "taker_fee_bps=4") == ("inverse", 10.0, 1.0, 4.0)
    assert traded("kind=linear") == ("linear", 1.0, 1.0, 5.0)


def test_another_contract_on_the_same_rows_is_another_recording(tmp_path: Path) -> None:
    path = written(tmp_path / "a.npz", moving(PRICES), COIN)
    scenario = feed_scenario("a.npz", [], tmp_path, "x", "y")
    assert scenario.feed is not None
    assert market_of(scenario.feed).instrument.contract_value == VALUE
    written(path, moving(PRICES), COIN.model_copy(update={"contract_value": 10.0}))
    with pytest.raises(SoakUsageError, match=r"a.npz: the recording is another than when"):
        market_of(scenario.feed)


def test_a_lot_is_the_same_notional_at_every_price(coin: RecordedMarket) -> None:
    exchange = FeedExchange(coin, 1)
    seen = set()
    for step in range(1, len(PRICES)):
        exchange.advance(step * STEP_US + 1)
        world = exchange.world
        assert world["instrument"]["lot_tick_quote"] * world["mid"] == pytest.approx(VALUE)
        seen.add(float(world["mid"]))
    assert len(seen) > 5


def test_a_mark_knows_the_fills_of_what_rested_at_its_time_and_no_other() -> None:
    units = InverseUnits(0.5, 1.0, 0.0, 0, 2, lot_quote=VALUE)
    fills, marks = np.zeros(3, FILL_ROW), np.zeros(1, MARK_ROW)
    fills["time"], fills["side"], fills["quantity"] = [4, 5, 5], 1, [1, 2, 4]
    fills["price"], fills["maker"] = 100, [TAKER, MAKER, TAKER]
    marks["time"] = 5
    assert units.held(marks, fills, 7.0).tolist() == [7.0 + 3 * VALUE / 50.0]
