"""Is the ledger equal to what the journal says? Line by line."""

from __future__ import annotations

from pathlib import Path

from journal.keys import Keys
from journal.replay import replayed, state_at
from journal.snapshots import SnapshotStore
from ledger.check import Discrepancy, Expected, OpenOrder, check
from lmax.view._view import StateView


def expected_of(state: StateView) -> Expected:
    """What the ledger must show when it has come to this state."""
    orders = [
        OpenOrder(account, order_id, instrument, side, price, leaves)
        for instrument in state.instruments()
        for _, side, account, order_id, price, _, leaves, *_ in state.book(instrument).open_orders()
    ]
    return Expected(
        last_sequence=state.sequence,
        cash={int(a): int(cash) for a, cash, _ in state.accounts()},
        shares={(int(a), int(i)): int(shares) for a, i, shares, _ in state.positions()},
        open_orders=orders,
        trades=state.trades,
        standing=lambda trade_id: standing(state, trade_id),
    )


def standing(state: StateView, trade_id: int) -> tuple[int, int] | None:
    """Price and quantity of a trade as it stands; None where the engine has forgotten it."""
    try:
        trade = state.trade(trade_id)
    except KeyError:
        return None
    return (0, 0) if trade["busted"] else (trade["price"], trade["quantity"])


def reconcile(
    directory: Path, dsn: str, *, keys: Keys | None = None
) -> tuple[StateView, list[Discrepancy]]:
    """Replay the journal in `directory` and compare with the ledger at `dsn`.

    The replay begins with a snapshot where there is one: who took it had replayed what came before.
    Raises JournalError, LedgerUnavailable.
    """
    engine = replayed(directory, keys=keys, store=SnapshotStore.of(directory, keys))
    return engine, check(dsn, expected_of(engine))


def reconcile_so_far(
    directory: Path, dsn: str, *, keys: Keys | None = None
) -> tuple[StateView, list[Discrepancy]]:
    """The same behind the last command in the ledger, whatever else the journal holds: beside
    nodes that run. Raises JournalError also where the journal does not reach so far.
    """
    states: list[StateView] = []

    def expected_at(sequence: int) -> Expected:
        states.append(state_at(directory, sequence, keys=keys))
        return expected_of(states[-1])

    differences = check(dsn, expected_at)
    return states[-1], differences
