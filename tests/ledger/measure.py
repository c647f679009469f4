"""``python -m tests.ledger.measure [trades]``: how fast the ledger takes trades in.

A trade is two new orders, a trade row, four postings and changed holdings, from a durable
server of its own. The time of the engine that makes the events is not counted.
"""

import sys
import tempfile
import time

from ledger.consumer import Ledger
from ledger.server import EmbeddedPostgres
from tests.ledger.streams import Market, commands_of


def main() -> None:
    """Print trades, events and rows a second for several sizes of transaction."""
    trades = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    for size in (100, 1_000, 10_000):
        with tempfile.TemporaryDirectory() as folder:
            server = EmbeddedPostgres(folder)
            try:
                print(f"{size:6} trades a transaction: {measure(server.start(), trades, size)}")
            finally:
                server.destroy()


def measure(dsn: str, trades: int, size: int) -> str:
    market = Market(accounts=200, instruments=10)
    with Ledger(dsn) as ledger:
        ledger.apply(market.events)
        events = market.trades(trades)
        batches = commands_of(events, 2 * size)
        begin = time.perf_counter()
        rows = sum(ledger.apply(batch) for batch in batches)
        seconds = time.perf_counter() - begin
    rates = trades / seconds, len(events) / seconds, rows / seconds
    return "{:,.0f} trades/s, {:,.0f} events/s, {:,.0f} rows/s".format(*rates)


if __name__ == "__main__":
    main()
