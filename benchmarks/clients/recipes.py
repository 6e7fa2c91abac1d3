"""The clients, each with its versions pinned, and the bots that drive them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

HERE = Path(__file__).parent
BOTS = HERE / "bots"


TOLD = "file:beliefs.jsonl"
"""What these bots write of themselves; and with it the books of those that keep one."""
BOOK_TOO = f"positions,open_orders,books@{TOLD}"


@dataclass(frozen=True)
class Recipe:
    """A client and its bot.

    Attributes:
        name: How it is asked for.
        environment: Which of `pins/` its environment is made of.
        package: Whose version is told.
        command: What is run; the first word is a program of the environment.
        env: Variables of its own, each with the one that has its value.
        exits: Whether it ends by itself when its time is over, else it is interrupted.
        belief: Where what it believes is seen, relative to the folder of the run.
        modules: Where the client itself is, below its environment, if it is not installed.
        wrong: The invariants that it breaks without any fault; each is a row.
    """

    name: str
    environment: str
    package: str
    command: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = ()
    exits: bool = True
    belief: str = TOLD
    modules: str = ""
    wrong: tuple[str, ...] = ()


def _bot(name: str, environment: str, package: str, file: str, belief: str = TOLD) -> Recipe:
    return Recipe(name, environment, package, ("python", str(BOTS / file)), belief=belief)


def _freqtrade(name: str, config: str) -> Recipe:
    folder = BOTS / "freqtrade"
    words = ("freqtrade", "trade", "--config", str(folder / config), "--strategy", "SoakTakes")
    database = ("--db-url", "sqlite:///trades.sqlite")
    return Recipe(
        name,
        "freqtrade",
        "freqtrade",
        (*words, "--strategy-path", str(folder), "--userdir", "user", *database),
        env=(
            ("FREQTRADE__EXCHANGE__KEY", "SOAK_EXCHANGE_KEY"),
            ("FREQTRADE__EXCHANGE__SECRET", "SOAK_EXCHANGE_SECRET"),
        ),
        exits=False,
        belief="freqtrade:trades.sqlite",
    )


SOURCE = "hummingbot-20260922"
"""The folder that Hummingbot's source unpacks into, and what it is pinned to."""

RECIPES = {
    recipe.name: recipe
    for recipe in (
        _bot("ccxt", "ccxt", "ccxt", "ccxt_sync.py"),
        _bot("ccxt_async", "ccxt", "ccxt", "ccxt_async.py"),
        _bot("ccxt_pro", "ccxt", "ccxt", "ccxt_pro.py", BOOK_TOO),
        _bot("pybit", "pybit", "pybit", "pybit_all.py", BOOK_TOO),
        _freqtrade("freqtrade", "config.json"),
        _freqtrade("freqtrade_futures", "config_futures.json"),
        _bot("nautilus", "nautilus", "nautilus_trader", "nautilus_maker.py"),
        replace(
            _bot("hummingbot", "hummingbot", "hummingbot", "hummingbot_connector.py", BOOK_TOO),
            modules=SOURCE,
            wrong=("book_wrong_u",),
        ),
    )
}
