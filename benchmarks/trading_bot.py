"""A bot that starts two daemons, deaf to SIGTERM, and then trades for ever."""

DAEMON = """
import os, signal, time
def daemon():
    if os.fork():
        return os.wait()
    os.setsid()
    if os.fork():
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(3600)
"""
"""How a process starts one: twice away from itself, and deaf to SIGTERM."""

PROGRAM = (
    DAEMON
    + """
import json

feeds = os.environ["SOAK_FEEDS_DIR"]


def write(feed, **row):
    day = time.strftime("%Y%m%d", time.gmtime())
    with open(f"{feeds}/{feed}_{day}.jsonl", "a") as file:
        file.write(json.dumps({"time_us": time.time_ns() // 1000, **row}) + chr(10))


with open("bot.pid", "w") as file:
    file.write(str(os.getpid()))
daemon()
daemon()
edge, equity, n = 0.01, 0.0, 0
while True:
    side = 1 if n % 2 == 0 else -1
    n, equity = n + 1, equity + edge
    price = 100.0 - side * edge
    write("fills", side=side, maker=True, price=price, quantity=1.0, fee_quote=0.0, mid=100.0)
    write("marks", mid=100.0, inventory=float(n % 2), equity_quote=equity)
    time.sleep(0.05)
"""
)
