"""Looking at the state of the business logic, from Python, between commands."""
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

import numpy as np

from lmax._book cimport (
    BookSide, Level, Order, level_at, order_at, price_key, side_find, side_next,
)
from lmax._state cimport State, state_hash, state_hash_afresh
from lmax.funds cimport Account, Position, position_find
from lmax.wire cimport MAX_ACCOUNT, MAX_INSTRUMENT

from lmax.schema import Reason


cdef class StateView:
    """What the engine holds. Read it while no command is being applied.

    Money and prices in 10^-4, shares in the instrument's scale.
    """

    @property
    def sequence(self):
        """Of the command applied last; 0 at the beginning."""
        return self.state.sequence

    @property
    def now(self):
        """Business time in ns."""
        return self.state.now

    @property
    def trades(self):
        """How many trades there were."""
        return self.state.trades

    @property
    def accepted(self):
        """How many commands were accepted."""
        return self.state.accepted

    @property
    def rejected(self):
        """How many commands were rejected, by reason."""
        return {reason: self.state.rejected[reason] for reason in Reason
                if self.state.rejected[reason]}

    @property
    def state_hash(self):
        """64 bits that two engines in the same state share."""
        return state_hash(self.state)

    def recomputed_state_hash(self):
        """The same, worked out from everything there is; for checks."""
        return state_hash_afresh(self.state)

    def account(self, uint32_t account):
        """(cash, reserved) of an account, or None."""
        if account > MAX_ACCOUNT or not self.state.funds.accounts[account].open:
            return None
        cash = self.state.funds.accounts[account].cash
        return cash.balance, cash.reserved

    def position(self, uint32_t account, uint32_t instrument):
        """(shares, reserved) of an account in an instrument; (0, 0) where there is none."""
        cdef Position *found = position_find(&self.state.funds, account, instrument)
        return found.shares.balance, found.shares.reserved

    def accounts(self):
        """Every account as rows (account, cash, reserved), int64[n, 3]."""
        cdef uint32_t i
        cdef Account *account
        rows = []
        for i in range(1, self.state.funds.highest_account + 1):
            account = &self.state.funds.accounts[i]
            if account.open:
                rows.append((i, account.cash.balance, account.cash.reserved))
        return np.array(rows, np.int64).reshape(-1, 3)

    def positions(self):
        """Every position but zeros, sorted: (account, instrument, shares, reserved)."""
        cdef uint64_t i
        rows = []
        for i in range(self.state.funds.mask + 1):
            place = self.state.funds.positions[i]
            if place.key and (place.shares.balance or place.shares.reserved):
                rows.append((place.key >> 32, place.key & 0xFFFFFFFFU,
                             place.shares.balance, place.shares.reserved))
        return np.array(sorted(rows), np.int64).reshape(-1, 4)

    def instruments(self):
        """The ids of all defined instruments and their symbols, {id: symbol}."""
        cdef uint32_t i
        return {
            i: (<bytes>self.state.instruments[i].symbol[:8]).rstrip(b"\0").decode("ascii")
            for i in range(1, self.state.highest_instrument + 1)
            if self.state.instruments[i].defined
        }

    def definition(self, uint32_t instrument):
        """What was defined: {"symbol", "tick_size", "lot_size", …}. KeyError where nothing was."""
        if instrument > MAX_INSTRUMENT or not self.state.instruments[instrument].defined:
            raise KeyError(f"instrument {instrument} is not defined")
        found = self.state.instruments[instrument]
        return {
            "symbol": self.instruments()[instrument],
            "tick_size": found.tick_size,
            "lot_size": found.lot_size,
            "min_price": found.min_price,
            "max_price": found.max_price,
            "max_quantity": found.max_quantity,
            "quantity_scale": found.quantity_scale,
        }

    def book(self, uint32_t instrument=1):
        """A look at the book of an instrument. KeyError where none is defined."""
        if instrument > MAX_INSTRUMENT or not self.state.instruments[instrument].defined:
            raise KeyError(f"instrument {instrument} is not defined")
        return BookView(self, instrument)

    def check(self):
        """AssertionError if the state contradicts itself."""
        if self.state_hash != self.recomputed_state_hash():
            raise AssertionError("the state hash kept up to date is not that of the state")
        for instrument in self.instruments() or ([1] if self.state.bare else []):
            check_book(self, instrument)


cdef StateView view_of(State *state, object keeper):
    """A view of a state that lives in `keeper`."""
    cdef StateView view = StateView.__new__(StateView)
    view.state = state
    view.keeper = keeper
    return view


cdef class BookView:
    """The levels and queues of one book, read when asked. Prices in 10^-4."""
    cdef StateView owner
    cdef uint32_t instrument

    def __init__(self, StateView owner, uint32_t instrument):
        self.owner = owner
        self.instrument = instrument

    cdef BookSide *side(self, uint8_t side) noexcept:
        return &self.owner.state.instruments[self.instrument].book.sides[side]

    cdef list levels(self, uint8_t side, limit):
        cdef uint32_t index = self.side(side).best
        cdef Level *level
        found = []
        while index and (limit is None or len(found) < limit):
            level = level_at(&self.owner.state.pools, index)
            price = order_at(&self.owner.state.pools, level.head).price
            found.append((price, level.quantity, level.count))
            index = side_next(&self.owner.state.pools, self.side(side), index)
        return found

    cdef uint32_t find(self, uint8_t side, int64_t price) noexcept:
        cdef int64_t tick_size = self.owner.state.instruments[self.instrument].tick_size
        if price % tick_size:
            return 0
        return side_find(
            &self.owner.state.pools, self.side(side), price_key(side, price, tick_size)
        )

    def bids(self, limit=None):
        """[(price, quantity, orders)], best first."""
        return self.levels(0, limit)

    def asks(self, limit=None):
        """[(price, quantity, orders)], best first."""
        return self.levels(1, limit)

    def depth(self, int side, int64_t price):
        """(quantity, orders) open at a price; (0, 0) where there is no level."""
        cdef uint32_t index = self.find(side, price)
        if index == 0:
            return 0, 0
        level = level_at(&self.owner.state.pools, index)
        return level.quantity, level.count

    def queue(self, int side, int64_t price):
        """[(account, client_order_id, leaves)] at a price, oldest first."""
        cdef uint32_t index = self.find(side, price)
        cdef Order *order
        found = []
        if index:
            index = level_at(&self.owner.state.pools, index).head
        while index:
            order = order_at(&self.owner.state.pools, index)
            found.append((order.account, order.client_order_id, order.leaves))
            index = order.next
        return found


def check_book(StateView view_of_all, uint32_t instrument):
    """Totals, counts and the order of levels and queues of one book, against its orders."""
    view = view_of_all.book(instrument)
    bids, asks = view.bids(), view.asks()
    if bids and asks and bids[0][0] >= asks[0][0]:
        raise AssertionError(f"book {instrument} is crossed: bid {bids[0][0]}, ask {asks[0][0]}")
    for side, levels in ((0, bids), (1, asks)):
        prices = [price for price, _, _ in levels]
        if prices != sorted(set(prices), reverse=side == 0):
            raise AssertionError(f"levels of side {side} of book {instrument} are out of order")
        for price, quantity, count in levels:
            leaves = [left for _, _, left in view.queue(side, price)]
            if min(leaves) < 1 or sum(leaves) != quantity or len(leaves) != count:
                raise AssertionError(
                    f"level {price} of side {side} of book {instrument} says {quantity} in {count}"
                    f" orders; they hold {sum(leaves)} in {len(leaves)}"
                )
        if sum(quantity for _, quantity, _ in levels) != (
            (<BookView>view).side(side).quantity
        ):
            raise AssertionError(f"the total of side {side} of book {instrument} is wrong")
