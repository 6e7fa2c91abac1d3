"""The clients, each with its versions pinned, and the bots that drive them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
BOTS = HERE / "bots"


@dataclass(frozen=True)
class Recipe:
    """A client and its bot.

    Attributes:
        name: How it is asked for.
        environment: Which of `pins/` its environment is made of.
        package: Whose version is told.
        command: What is run; the first word is a program of the environment.
        symbol: What it trades.
        env: Variables of its own, each with the one that has its value.
        exits: Whether it ends by itself when its time is over, else it is interrupted.
        beliefs: The file that says what it believes, below the folder of the run.
        modules: Where the client itself is, below its environment, if it is not installed.
    """

    name: str
    environment: str
    package: str
    command: tuple[str, ...]
    symbol: str = "BTCUSDT"
    env: tuple[tuple[str, str], ...] = ()
    exits: bool = True
    beliefs: str = "beliefs.jsonl"
    modules: str = ""


def _bot(name: str, environment: str, package: str, file: str, modules: str = "") -> Recipe:
    command = ("python", str(BOTS / file))
    return Recipe(name, environment, package, command, modules=modules)


def _freqtrade(name: str, config: str, symbol: str) -> Recipe:
    folder = BOTS / "freqtrade"
    words = ("freqtrade", "trade", "--config", str(folder / config), "--strategy", "SoakTakes")
    where = (
        "--strategy-path",
        str(folder),
        "--userdir",
        "user",
        "--db-url",
        "sqlite:///trades.sqlite",
    )
    return Recipe(
        name,
        "freqtrade",
        "freqtrade",
        (*words, *where),
        symbol=symbol,
        env=(
            ("FREQTRADE__EXCHANGE__KEY", "SOAK_EXCHANGE_KEY"),
            ("FREQTRADE__EXCHANGE__SECRET", "SOAK_EXCHANGE_SECRET"),
        ),
        exits=False,
        beliefs="trades.sqlite",
    )


SOURCE = "hummingbot-20260922"
"""The folder that Hummingbot's source unpacks into, and what it is pinned to."""

RECIPES = {
    recipe.name: recipe
    for recipe in (
        _bot("ccxt", "ccxt", "ccxt", "ccxt_sync.py"),
        _bot("ccxt_async", "ccxt", "ccxt", "ccxt_async.py"),
        _bot("ccxt_pro", "ccxt", "ccxt", "ccxt_pro.py"),
        _bot("pybit", "pybit", "pybit", "pybit_all.py"),
        _freqtrade("freqtrade", "config.json", "BTCUSDC"),
        _freqtrade("freqtrade_futures", "config_futures.json", "BTCUSDT"),
        _bot("nautilus", "nautilus", "nautilus_trader", "nautilus_maker.py"),
        _bot("hummingbot", "hummingbot", "hummingbot", "hummingbot_connector.py", SOURCE),
    )
}
