"""What docs/MARKET.md says of the crowd and the maker is what they are built with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_soak.config.instruments import Instrument, Venue
from pytest_soak.config.scenarios import REGIMES, Flow
from pytest_soak.market.kernel.crowd import Crowd
from pytest_soak.market.kernel.design import Design

TEXT = (Path(__file__).parents[2] / "docs" / "MARKET.md").read_text(encoding="utf-8")
WORDS = " ".join(TEXT.split())
FLOWS = {
    "calm": REGIMES["calm"].ordinary,
    "volatile": REGIMES["volatile"].ordinary,
    "spike episode": REGIMES["spike"].episode,
}
CROWD, DESIGN = Crowd(), Design()
VENUE, INSTRUMENT = Venue(), Instrument()


@pytest.mark.parametrize("name", FLOWS)
def test_the_table_of_regimes_is_that_of_the_scenarios(name: str) -> None:
    (line,) = re.findall(rf"^\| {name} (\|(?: [^|]+ \|){{7}})$", TEXT, re.MULTILINE)
    cells = [float(found) for found in re.findall(r"[\d.]+", line.replace("/s", ""))]
    flow = FLOWS[name]
    shares = [round(100.0 * flow.informed_share), flow.load]
    figures = [flow.sigma_bps, flow.jump_rate, flow.jump_bps, flow.market_rate]
    assert cells == [*figures, flow.impact_bps, flow.information_bps, *shares]
    assert len(Flow.model_fields) == len(cells)


@pytest.mark.parametrize(
    "said",
    [
        f"log-sd {CROWD.slow_log_sd:.2f} over {CROWD.slow_s / 60:g} minutes and "
        f"{CROWD.fast_log_sd:.2f} over {CROWD.fast_s:g} s",
        f"comes to the efficient price in {CROWD.learning_s:g} s",
        f"its sign less {CROWD.sign_weight:g} of an average of the latest signs, times √size "
        f"(capped at {CROWD.impact_cap:g})",
        f"branching ratio {CROWD.branching:g}, decay in {1 / CROWD.excitation_decay:g} s",
        f"scale {CROWD.informed_scale_bps:g} bps",
        f"from {CROWD.metaorder_least:g} parts on, exponent {CROWD.metaorder_tail:g}",
        f"{100 * CROWD.metaorder_informed:.0f} % of them have some",
        f"{100 * CROWD.information_at_birth:.0f} % of it at birth",
        f"length^-{CROWD.information_power:g}",
        f"half spread is beyond {CROWD.reference_half_bps:g} bps",
        f"exponential, {CROWD.patience_bps:g} bps",
        f"log-sd {CROWD.market_log_sd:g}, at most {CROWD.market_cap:g} medians",
        f"with a lag of {1000 * CROWD.quoting_lag_s:.0f} ms; {100 * CROWD.join_share:.0f} % join "
        f"the crowd's best price, {100 * CROWD.aggressive_share:.0f} % come inside it",
        f"at {CROWD.distance_bps:g} bps times the volatility to the power of "
        f"{CROWD.distance_power:g}, plus caution, plus Exp({CROWD.scale_bps:g} bps)",
        f"{CROWD.caution_bps:g} bps·√(size in medians) a trade, fading in {CROWD.caution_s:g} s",
        f"nearer than {CROWD.pull_distance:g} of the distance and {CROWD.pull_caution:g} of the",
        f"by more than {CROWD.snipe_edge_bps:g} bps; {CROWD.snipe_rate:g} tries a second",
        f"({DESIGN.base_half_bps:g} bps + {DESIGN.half_per_sigma:g} ",
        f"a half-life of {DESIGN.volatility_half_life_s:g} s; the outer quote "
        f"{DESIGN.level_gap_bps:g} bps farther",
        f"({DESIGN.skew_bps:g} bps at the position limit)",
        f"*with the flow*: by {DESIGN.flow_bps:g} bps",
        f"{100 * DESIGN.depth_share:.0f} % of the visible depth",
        f"An inner quote that lies {DESIGN.reprice_bps:g} bps too near",
        f"when it lies {DESIGN.outer_reprice_bps:g} bps off",
        f"exceeds {DESIGN.house_exposure_quote:,.0f} quote that way or has moved "
        f"{DESIGN.house_speed_quote:,.0f} quote",
        f"above {100 * DESIGN.rescue_start:.0f} % of its limit",
        f"down to {100 * DESIGN.rescue_stop:.0f} %",
        f"risk is {DESIGN.risk_aversion:g} ",
        f"plus {DESIGN.rescue_flow_bps:g} bps ",
        f"lognormal({VENUE.service.median_ms:g} ms, {VENUE.service.log_sd:g}) each",
        f"| reference price | {INSTRUMENT.price:g} |",
        f"| tick | {INSTRUMENT.tick:g}, about {1e4 * INSTRUMENT.tick / INSTRUMENT.price:.0f} bps |",
        f"| lot | {INSTRUMENT.lot:g} base, about "
        f"{round(INSTRUMENT.lot * INSTRUMENT.price, -1):.0f} quote |",
    ],
)
def test_the_document_has_the_figures_of_the_code(said: str) -> None:
    assert said in WORDS
