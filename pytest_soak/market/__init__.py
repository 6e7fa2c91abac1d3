"""The built-in market: order book, flow, venue and the reference maker in one compiled kernel.

From Python: `simulation.Simulation` runs windows with the reference maker, which is built with a
`maker_config.MakerConfig`, and returns an `Observation`; `exchange.Exchange` is the same market
without the maker, to be driven by any agent; `recording.record_feed` records it; both stand on
`running.RunningMarket`. `compile.kernel_is_compiled` and `compile.compile_kernel` prepare the
machine; `regimes` holds the markets as data; `checkpoint` turns the state into bytes and back;
`observe` turns the kernel's rows into columns in money. docs/MARKET.md describes the model.

What is compiled, or decides the bytes of what is, lies in `kernel`: the digest of its files alone
says whether a compiled kernel, a checkpoint or an interrupted run can be gone on with.
"""
