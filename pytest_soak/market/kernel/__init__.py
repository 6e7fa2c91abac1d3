"""The compiled part of the market, on the one record that `state` lays out.

Its parts, in the order in which they may use one another (all are functions that numba compiles):

    jit, rng            how functions are compiled; draws by counter
    crowd, design       figures of the crowd; of the reference maker
    state, tape         what there is; what a window puts out
    schedule, book      events in order of time; orders in order of price and arrival
    account, venue      position, cash, fees; latency, gateway queue, rate limit, reports
    matching            trades, and what an agent's requests do on arrival
    market_data         snapshots of the book and their way to the agent
    flow, pulse         the crowd's orders and takers; prices and how the crowd reacts to them
    guards, auto_spread, queue_eta, rescue, quoting, maker    the reference market maker
    loop                the event loop
    opening             how a world begins; not compiled

Book, venue and flow know nothing of the maker: it sends requests with `venue.send`, learns from
reports and snapshots, and `loop` calls it; without it, reports go to the tape. An event is one
step of the loop (an order, trade, cancellation, pulse, message or quoting cycle) or one trade
within it.

Instrument and venue are data of the world, written by `opening`. Every "mid" leaves out the agent's
own orders. An iteration's exogenous draws hang on (seed, iteration) alone; price, book, orders and
position carry over.
"""
