"""What the engine says the ledger must hold."""

from ledger.check import Expected, OpenOrder
from lmax._engine import Engine


def expected_of(engine: Engine) -> Expected:
    """The engine's state, for the reconciliation."""
    return Expected(
        last_sequence=engine.sequence,
        cash={int(account): int(cash) for account, cash, _ in engine.accounts()},
        shares={(int(a), int(i)): int(shares) for a, i, shares, _ in engine.positions()},
        open_orders=_open_orders(engine),
        trades=engine.trades,
    )


def _open_orders(engine: Engine) -> list[OpenOrder]:
    return [
        OpenOrder(account, name, instrument, side, price, leaves)
        for instrument in engine.instruments()
        for _, side, account, name, price, _, leaves, *_ in engine.book(instrument).open_orders()
    ]
