"""freqtrade: buys whenever it has nothing, and sells some seconds later."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy
from pandas import DataFrame

HOLDS_SECONDS = 6.0


class SoakTakes(IStrategy):
    """In and out, as fast as the loop of the bot goes."""

    INTERFACE_VERSION = 3
    timeframe = "1m"
    process_only_new_candles = False
    startup_candle_count = 1
    minimal_roi = {"0": 10.0}  # noqa: RUF012
    stoploss = -0.9
    use_exit_signal = True

    def bot_loop_start(self, current_time: datetime, **more: Any) -> None:
        """A pair that was sold is locked for the rest of its minute, on its side: this one is not.

        `unlock_pair` takes away locks of both sides alone.
        """
        self.unlock_reason("Auto lock")

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, Any]) -> DataFrame:
        return dataframe

    def custom_exit(
        self, pair: str, trade: Trade, current_time: datetime, *rates: float, **more: Any
    ) -> str | None:
        held = (current_time - trade.date_last_filled_utc).total_seconds()
        return "held long enough" if held > HOLDS_SECONDS else None
