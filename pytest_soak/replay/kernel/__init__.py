"""The compiled part of a replay: the book of a feed, and an agent's orders in its queues.

Times are whatever the caller counts in; prices are ticks; sizes are as the rows have them.

    state, book     what there is; a book of levels by their ticks
    queue, own      the place of an own order in its queue; own orders against rows and each other
    script          a list of requests against the rows, for comparisons and benchmarks
    gateway         an agent's requests on their way, and what they do on arrival
    money           what fills are in quote and in base, of linear contracts and of inverse ones
    stream          the feed as the agent sees it: snapshots of the market's kind
    loop            rows, requests, reports and the maker in the order of their times
    levels          what an event of the built-in market changes in its book
    survey          what a feed shows: tops of the book, and how often there is none

The rules are those of hftbacktest's exchange without partial fills (docs/REPLAY.md).
"""
