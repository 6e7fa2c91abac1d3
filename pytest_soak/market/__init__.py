"""The built-in market: order book, flow, venue and the reference maker in one compiled kernel."""
