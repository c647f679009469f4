"""Accounts and positions. See funds.pxd.

Every change of money or shares goes through ``cash_change`` and ``shares_change``, which keep the
state hash.
"""

from lmax.base.memory cimport pool_close, pool_open, pool_room, release, reserve
from lmax.wire cimport MAX_ACCOUNT

cdef enum:
    FIRST_ENTRIES = 1 << 12


cdef int funds_open(Funds *funds) noexcept nogil:
    """0, or -1 without memory."""
    funds.accounts = <Account *>reserve((MAX_ACCOUNT + 1) * sizeof(Account))
    funds.table = <PositionEntry *>reserve(FIRST_ENTRIES * sizeof(PositionEntry))
    funds.mask = FIRST_ENTRIES - 1
    funds.highest_account = 0
    funds.total_cash = 0
    funds.digest = 0
    if funds.accounts == NULL or funds.table == NULL:
        return -1
    return pool_open(&funds.positions, sizeof(Position), MAX_POSITIONS)


cdef void funds_close(Funds *funds) noexcept nogil:
    release(funds.accounts, (MAX_ACCOUNT + 1) * sizeof(Account))
    release(funds.table, (funds.mask + 1) * sizeof(PositionEntry))
    pool_close(&funds.positions)
    funds.accounts = NULL
    funds.table = NULL


cdef int funds_grow(Funds *funds) noexcept nogil:
    """Double the table. -1 without memory, or if there are as many positions as there can be."""
    cdef PositionEntry *old = funds.table
    cdef uint64_t places = funds.mask + 1
    cdef uint64_t i
    cdef PositionEntry *fresh
    if pool_room(&funds.positions) < 2:
        return -1
    fresh = <PositionEntry *>reserve(2 * places * sizeof(PositionEntry))
    if fresh == NULL:
        return -1
    funds.table = fresh
    funds.mask = 2 * places - 1
    for i in range(places):
        if old[i].key:
            position_entry(funds, old[i].key >> 32, old[i].key & 0xFFFFFFFFU)[0] = old[i]
    release(old, places * sizeof(PositionEntry))
    return 0


cdef void account_open(Funds *funds, uint32_t account) noexcept nogil:
    funds.accounts[account].flags = ACCOUNT_OPEN
    funds.digest += account_hash(account, &funds.accounts[account])
    if account > funds.highest_account:
        funds.highest_account = account


cdef uint64_t funds_digest(Funds *funds) noexcept nogil:
    """The hash of all accounts and positions, worked out afresh."""
    cdef uint64_t total = 0
    cdef uint64_t i
    for i in range(1, funds.highest_account + 1):
        if funds.accounts[i].flags:
            total += account_hash(i, &funds.accounts[i])
    for i in range(1, funds.positions.used + 1):
        total += position_hash(position_at(funds, i))
    return total
