"""Looking at the state of the business logic, from Python, between commands."""
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

import numpy as np

from lmax.view._audit cimport check_state
from lmax.rules._chains cimport Chain, chain_account, chain_instrument, chain_sort
from lmax.rules._instruments cimport tick_at
from lmax.state._state cimport (
    Instrument, Order, State, day_of, leaves_of, slot_of,
)
from lmax.ringbuffer.atomics cimport load_acquire_i64
from lmax.view._statehash cimport state_hash, state_hash_afresh
from lmax.rules._stops cimport freshen_trigger
from lmax.state.days cimport LIMIT_NONE, LIMIT_UP, Day
from lmax.state.funds cimport ACCOUNT_OPEN, Account, Position, position_at, position_find
from lmax.book.levels cimport (
    Level, LevelPools, LevelTree, level_at, level_find, level_next, price_key,
)
from lmax.base.steps cimport steps_in
from lmax.state.tradelog cimport trade_at, trade_is_known
from lmax.wire cimport MAX_ACCOUNT, MAX_INSTRUMENT

from lmax.schema import LotPolicy, Phase, Reason, Side, Status


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

    @property
    def checkpoint(self):
        """(sequence, state hash) of the last CHECKPOINT; (0, 0) before the first.

        While commands are applied the hash may be that of a later one.
        """
        cdef uint64_t sequence = load_acquire_i64(<int64_t *>&self.state.checkpoint_sequence)
        return sequence, self.state.checkpoint_hash

    def account(self, uint32_t account):
        """(cash, reserved) of an account, or None."""
        if account > MAX_ACCOUNT or not self.state.funds.accounts[account].flags & ACCOUNT_OPEN:
            return None
        return self.state.funds.accounts[account].cash, self.state.funds.accounts[account].reserved

    def position(self, uint32_t account, uint32_t instrument):
        """(shares, reserved) of an account in an instrument; (0, 0) where there is none."""
        cdef uint32_t index = position_find(&self.state.funds, account, instrument)
        cdef Position *found = position_at(&self.state.funds, index)
        return found.shares, found.reserved

    def accounts(self):
        """Every account as rows (account, cash, reserved), int64[n, 3]."""
        cdef uint32_t i
        cdef Account *account
        rows = []
        for i in range(1, self.state.funds.highest_account + 1):
            account = &self.state.funds.accounts[i]
            if account.flags & ACCOUNT_OPEN:
                rows.append((i, account.cash, account.reserved))
        return np.array(rows, np.int64).reshape(-1, 3)

    def positions(self):
        """Every position but zeros, sorted: (account, instrument, shares, reserved)."""
        cdef uint32_t i
        cdef Position *found
        rows = []
        for i in range(1, self.state.funds.positions.used + 1):
            found = position_at(&self.state.funds, i)
            if found.shares:
                rows.append((found.account, found.instrument, found.shares, found.reserved))
        return np.array(sorted(rows), np.int64).reshape(-1, 4)

    def orders(self, uint32_t account):
        """Open orders, oldest arrival first: [(client_order_id, instrument, price, leaves)]."""
        cdef Chain chain
        cdef Order *order
        cdef uint32_t index
        found = []
        chain.first = chain.last = 0
        if account <= MAX_ACCOUNT:
            chain_account(self.state, &chain, account)
            chain_sort(self.state, &chain)
        index = chain.first
        while index:
            order = &self.state.orders[index]
            found.append((
                slot_of(self.state, index).id, order.instrument, order.price,
                leaves_of(self.state, index),
            ))
            index = order.chain
        return found

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
            "lot_policy": LotPolicy(found.lot_policy),
            "round_lot": found.round_lot,
        }

    def tick(self, uint32_t instrument, int64_t price):
        """The tick that holds at a price now. KeyError where no instrument is defined."""
        if instrument > MAX_INSTRUMENT or not self.state.instruments[instrument].defined:
            raise KeyError(f"instrument {instrument} is not defined")
        return tick_at(self.state, &self.state.instruments[instrument], price)

    def trade(self, uint64_t trade_id):
        """A trade as it stands: {"instrument", "buyer", …}. KeyError: it can't be busted any more.

        Whether it was made before a split of its instrument does not matter here.
        """
        if not trade_is_known(&self.state.log, trade_id, self.state.trades):
            raise KeyError(f"trade {trade_id} is not one of the last")
        return {
            name: value
            for name, value in trade_at(&self.state.log, trade_id)[0].items()
            if not name.startswith("spare")
        }

    def trading(self, uint32_t instrument):
        """What its trading stands at: {"phase", "status", …}. KeyError where none is defined.

        reference, lower, upper and band_reference are 0 where there are none; limit_state is the
        side whose band the best price has reached, or None.
        """
        if instrument > MAX_INSTRUMENT or not self.state.instruments[instrument].defined:
            raise KeyError(f"instrument {instrument} is not defined")
        cdef Instrument *found = &self.state.instruments[instrument]
        cdef Day *day = day_of(self.state, found)
        limit = None
        if day.limit != LIMIT_NONE:
            limit = Side.BUY if day.limit == LIMIT_UP else Side.SELL
        return {
            "phase": Phase(found.phase),
            "status": Status(found.status),
            "reference": day.reference_price,
            "lower": day.lower,
            "upper": day.upper,
            "band_reference": day.bands_around,
            "limit_state": limit,
            "short_sales_restricted": day.restricted != 0,
        }

    def book(self, uint32_t instrument=1):
        """A look at the book of an instrument. KeyError where none is defined."""
        if instrument > MAX_INSTRUMENT or not self.state.instruments[instrument].defined:
            raise KeyError(f"instrument {instrument} is not defined")
        return BookView(self, instrument)

    def check(self):
        """AssertionError if the state contradicts itself. Looks at everything there is."""
        if self.state_hash != self.recomputed_state_hash():
            raise AssertionError("the state hash kept up to date is not that of the state")
        check_state(self.state)


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

    cdef LevelTree *tree(self, uint8_t side) noexcept:
        return &self.owner.state.instruments[self.instrument].shown[side]

    cdef list levels(self, uint8_t side, limit):
        cdef uint32_t index = self.tree(side).best
        cdef Level *level
        found = []
        while index and (limit is None or len(found) < limit):
            level = level_at(&self.owner.state.levels, index)
            found.append((self.owner.state.orders[level.head].price, level.quantity, level.count))
            index = level_next(&self.owner.state.levels, self.tree(side), index)
        return found

    cdef Level *find(self, uint8_t side, int64_t price) noexcept:
        """The level at a price; level 0, which is empty, where there is none."""
        cdef Instrument *instrument = &self.owner.state.instruments[self.instrument]
        cdef LevelPools *levels = &self.owner.state.levels
        cdef uint64_t ticks = 0
        cdef uint32_t index = 0
        if instrument.min_price <= price <= instrument.max_price:
            ticks = steps_in(&instrument.tick, price)
            if ticks <= instrument.tick.most:
                index = level_find(levels, self.tree(side), price_key(side, ticks))
        return level_at(levels, index)

    def bids(self, limit=None):
        """[(price, quantity shown, orders)], best first."""
        return self.levels(0, limit)

    def asks(self, limit=None):
        """[(price, quantity shown, orders)], best first."""
        return self.levels(1, limit)

    def depth(self, int side, int64_t price):
        """(quantity shown, orders) at a price; (0, 0) where there is no level."""
        cdef Level *level = self.find(side, price)
        return level.quantity, level.count

    def queue(self, int side, int64_t price):
        """[(account, client_order_id, leaves)] of what is displayed at a price, oldest first."""
        cdef uint32_t index = self.find(side, price).head
        found = []
        while index:
            found.append((
                self.owner.state.orders[index].account, slot_of(self.owner.state, index).id,
                leaves_of(self.owner.state, index),
            ))
            index = slot_of(self.owner.state, index).next
        return found

    def open_orders(self):
        """Every open order of the instrument, wherever it is, oldest arrival first.

        Rows of (place, side, account, client_order_id, price, quantity, leaves, shown,
        trigger_price); place: 1 displayed book, 2 hidden, 3 stops, 4 waiting, 5 held.
        """
        cdef State *state = self.owner.state
        cdef Chain chain
        cdef Order *order
        cdef uint32_t index
        found = []
        chain.first = chain.last = 0
        chain_instrument(state, &chain, &state.instruments[self.instrument])
        chain_sort(state, &chain)
        index = chain.first
        while index:
            order = &state.orders[index]
            freshen_trigger(state, index)
            found.append((
                order.place, slot_of(state, index).side, order.account, slot_of(state, index).id,
                order.price, order.quantity, leaves_of(state, index), slot_of(state, index).leaves,
                state.extras[index].trigger_price if order.special else 0,
            ))
            index = order.chain
        return found
