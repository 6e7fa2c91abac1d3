"""How much the compiled market holds: sizes of its arrays, each defined here alone.

A part of the kernel's sources: a changed size is another kernel.
"""

LEVELS = 8192  # price window of the book in ticks, a power of two
AGENT_ORDERS = 256  # agent orders that rest or are on their way, a power of two
REQUESTS = 2048  # agent messages on their way, a power of two; half of them for cancels
SNAPSHOTS = 128  # market data history of about 3 s, a power of two

BAND = LEVELS // 4
"""How far from the mid an agent's order may rest at most, in ticks."""

MOST_REQUESTS = REQUESTS // 2
"""How many of an agent's messages may at most be under way, cancels of open orders apart."""

FEWEST_TICKS, MOST_TICKS = 1_000, 10 * LEVELS
"""What a price may be in ticks: the book must hold 10 % of it, and a tick be at most 10 bps."""

ORDER_QUOTE = 1_200.0
"""Median size of the crowd's limit orders, in quote currency at the opening price."""

SMALLEST_LOT_QUOTE = 1e-4
"""What a lot must at least be worth, so that whole lots and ticks can be counted in 64 bits."""
