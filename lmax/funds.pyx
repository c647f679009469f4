"""Accounts and positions. See funds.pxd.

Every change goes through ``cash_change`` and ``shares_change``, which keep the state hash.
"""

from lmax.memory cimport release, reserve
from lmax.wire cimport MAX_ACCOUNT

cdef enum:
    FIRST_POSITIONS = 1 << 12


cdef int funds_open(Funds *funds) noexcept nogil:
    """0, or -1 without memory."""
    funds.accounts = <Account *>reserve((MAX_ACCOUNT + 1) * sizeof(Account))
    funds.positions = <Position *>reserve(FIRST_POSITIONS * sizeof(Position))
    funds.mask = FIRST_POSITIONS - 1
    funds.count = 0
    funds.highest_account = 0
    funds.total_cash = 0
    funds.digest = 0
    return 0 if funds.accounts != NULL and funds.positions != NULL else -1


cdef void funds_close(Funds *funds) noexcept nogil:
    release(funds.accounts, (MAX_ACCOUNT + 1) * sizeof(Account))
    release(funds.positions, (funds.mask + 1) * sizeof(Position))
    funds.accounts = NULL
    funds.positions = NULL


cdef Position *position_find(Funds *funds, uint32_t account, uint32_t instrument) noexcept nogil:
    """The position, or an empty place (key 0, nothing owned)."""
    cdef uint64_t key = <uint64_t>account << 32 | instrument
    cdef uint64_t i = mix(0, key) & funds.mask
    while funds.positions[i].key and funds.positions[i].key != key:
        i = (i + 1) & funds.mask
    return &funds.positions[i]


cdef int funds_make_room(Funds *funds) noexcept nogil:
    """Make sure two more positions fit at half load; doubles when not. -1 without memory."""
    cdef Position *old = funds.positions
    cdef uint64_t places = funds.mask + 1
    cdef uint64_t i
    cdef Position *fresh
    if 2 * (funds.count + 2) <= places:
        return 0
    fresh = <Position *>reserve(2 * places * sizeof(Position))
    if fresh == NULL:
        return -1
    funds.positions = fresh
    funds.mask = 2 * places - 1
    for i in range(places):
        if old[i].key:
            position_find(funds, old[i].key >> 32, old[i].key & 0xFFFFFFFFU)[0] = old[i]
    release(old, places * sizeof(Position))
    return 0


cdef void account_open(Funds *funds, uint32_t account) noexcept nogil:
    funds.accounts[account].open = True
    funds.digest += account_hash(account, &funds.accounts[account].cash)
    if account > funds.highest_account:
        funds.highest_account = account


cdef void position_open(Funds *funds, uint32_t account, uint32_t instrument) noexcept nogil:
    """Take a place for a position, so that it is there when a fill comes.

    There is room: funds_make_room.
    """
    cdef Position *position = position_find(funds, account, instrument)
    if position.key == 0:
        position.key = <uint64_t>account << 32 | instrument
        funds.count += 1


cdef void cash_change(
    Funds *funds, uint32_t account, int64_t balance, int64_t reserved
) noexcept nogil:
    """Add to an account's cash and to what is reserved of it (both may be negative)."""
    cdef Holding *cash = &funds.accounts[account].cash
    funds.digest -= account_hash(account, cash)
    cash.balance += balance
    cash.reserved += reserved
    funds.digest += account_hash(account, cash)


cdef void shares_change(
    Funds *funds, uint32_t account, uint32_t instrument, int64_t balance, int64_t reserved
) noexcept nogil:
    """The same for a position that has its place."""
    cdef Position *position = position_find(funds, account, instrument)
    funds.digest -= position_hash(position)
    position.shares.balance += balance
    position.shares.reserved += reserved
    funds.digest += position_hash(position)


cdef uint64_t funds_digest(Funds *funds) noexcept nogil:
    """The hash of all accounts and positions, worked out afresh."""
    cdef uint64_t total = 0
    cdef uint64_t i
    for i in range(1, funds.highest_account + 1):
        if funds.accounts[i].open:
            total += account_hash(i, &funds.accounts[i].cash)
    for i in range(funds.mask + 1):
        if funds.positions[i].key:
            total += position_hash(&funds.positions[i])
    return total
