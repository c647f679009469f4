"""What the engine says the ledger must hold."""

from collections.abc import Iterator

from ledger.check import Expected, OpenOrder
from lmax._engine import Engine
from lmax.schema import Side


def expected_of(engine: Engine) -> Expected:
    """The engine's state, for the reconciliation."""
    return Expected(
        last_sequence=engine.sequence,
        cash={int(account): int(cash) for account, cash, _ in engine.accounts()},
        shares={(int(a), int(i)): int(shares) for a, i, shares, _ in engine.positions()},
        open_orders=list(_open_orders(engine)),
        trades=engine.trades,
    )


def _open_orders(engine: Engine) -> Iterator[OpenOrder]:
    for instrument in engine.instruments():
        book = engine.book(instrument)
        for side, levels in ((Side.BUY, book.bids()), (Side.SELL, book.asks())):
            for price, _, _ in levels:
                for account, name, leaves in book.queue(side, price):
                    yield OpenOrder(account, name, instrument, side, price, leaves)
