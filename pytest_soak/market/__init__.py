"""The built-in market: order book, flow, venue and the reference maker in one compiled kernel.

From Python: `simulation.Simulation` runs windows with the reference maker, which is built with a
`maker_config.MakerConfig`, and returns an `Observation`; `exchange.Exchange` is the same market
without the maker, to be driven by any agent; `recording.record_feed` records it; both stand on
`running.RunningMarket`. `compile.kernel_is_compiled` and `compile.compile_kernel` prepare the
machine; `regimes` holds the markets as data; `checkpoint` turns the state into bytes and back;
`observe` turns the kernel's rows into columns in money. docs/MARKET.md describes the model.

The kernel, in the order in which its parts may use one another (all are functions that numba
compiles, on the one record that `state` lays out):

    jit, rng            how functions are compiled; draws by counter
    state, tape         what there is; what a window puts out
    schedule, book      events in order of time; orders in order of price and arrival
    account, venue      position, cash, fees; latency, gateway queue, rate limit, reports
    matching            trades, and what an agent's requests do on arrival
    market_data         snapshots of the book and their way to the agent
    flow, pulse         the crowd's orders; the efficient price and how the crowd reacts to it
    guards, rescue, quoting, maker    the reference market maker
    kernel              the event loop

Book, venue and flow know nothing of the maker: it sends requests with `venue.send`, learns from
reports and snapshots, and `kernel` calls it; without it, reports go to the tape. An event is one
step of the loop (an order, trade, cancellation, pulse, message or quoting cycle) or one trade
within it.

Three decisions to know. A tick is 0.25 bps at the reference price and the fee of a maker is a
rebate of 0.9 bps. Every "mid" leaves out the agent's own orders. An iteration's exogenous draws
hang on (seed, iteration) alone; price, book, orders and position carry over.
"""
