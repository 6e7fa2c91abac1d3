"""Clients of Bybit, as they are, in jail on the exchange."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from harness import HANGS

from benchmarks.clients.recipes import RECIPES
from benchmarks.clients.run import Asked, run
from pytest_soak.exchange.jail.jail import probe

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or probe().level < 2, reason="no namespace on this machine"
)
ASKED = Asked(seconds=HANGS, own=(("SOAK_EVERY", "0.3"), ("SOAK_TURNS", "7")))


@pytest.mark.parametrize("name", ["ccxt", "ccxt_pro", "pybit"])
def test_a_client_trades_both_ways_and_sends_nothing_outside(tmp_path: Path, name: str) -> None:
    if find_spec(RECIPES[name].package) is None:
        pytest.skip("it is not installed")
    ran = run(RECIPES[name], Path(sys.prefix), tmp_path, ASKED)
    found = ran.judged
    assert ran.status == 0, (tmp_path / "bot.log").read_text()
    assert found.kpis["buy_fills"]
    assert found.kpis["sell_fills"]
    assert found.strange == {}
    assert found.findings == []
    assert found.isolation == "namespace"
    assert found.outside == "0 packets outside, 0 attempts refused"
