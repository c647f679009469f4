# Accounts and positions: what is owned and what of it is reserved for open orders.
#
# available = balance - reserved, and 0 <= reserved <= balance always.
#
# A position is found through a table of (account, instrument), and keeps its number in a pool for
# good: who has found it once (an order does) need not look for it again.
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from lmax.base.digest cimport KIND_ACCOUNT, KIND_POSITION, PI_0, PI_1, PI_2, PI_3, PI_4, fold
from lmax.base.memory cimport Pool, pool_take


cdef enum:
    MAX_POSITIONS = (1 << 27) + 1

cdef enum:  # Account.flags; an account with OPEN alone is a plain one
    ACCOUNT_OPEN = 1
    ACCOUNT_KILLED = 2  # by its own kill switch
    ACCOUNT_OF_HAND = 4  # it has a group or a self-trade mode
    ACCOUNT_FIRM_KILLED = 8  # by that of its firm


cdef struct Account:  # half a cache line
    int64_t cash
    int64_t reserved
    uint32_t first  # its open orders, the one that was opened first, …
    uint32_t last  # … and last; 0: none
    uint32_t group
    uint16_t firm
    uint8_t self_trade
    uint8_t flags


cdef struct Position:  # half a cache line
    uint32_t account
    uint32_t instrument
    int64_t shares
    int64_t reserved
    uint64_t hash  # what of it is in the digest


cdef struct PositionEntry:
    uint64_t key  # account << 32 | instrument; 0 is an empty place
    uint32_t index  # in the pool
    uint32_t spare


cdef struct Funds:
    Account *accounts  # by account id
    uint32_t highest_account
    Pool positions
    PositionEntry *table  # open addressing, at most half full
    uint64_t mask
    int64_t total_cash
    uint64_t digest


cdef int funds_open(Funds *funds) noexcept nogil
cdef void funds_close(Funds *funds) noexcept nogil
cdef int funds_grow(Funds *funds) noexcept nogil
cdef void account_open(Funds *funds, uint32_t account) noexcept nogil
cdef uint64_t funds_digest(Funds *funds) noexcept nogil


cdef inline Position *position_at(Funds *funds, uint32_t index) noexcept nogil:
    """Position 0 belongs to nobody and is empty."""
    return &(<Position *>funds.positions.base)[index]


cdef inline PositionEntry *position_home(
    Funds *funds, uint32_t account, uint32_t instrument
) noexcept nogil:
    """Where the search for a position begins."""
    cdef uint64_t home = fold(<uint64_t>account ^ PI_0, <uint64_t>instrument ^ PI_1)
    return &funds.table[home & funds.mask]


cdef inline PositionEntry *position_entry(
    Funds *funds, uint32_t account, uint32_t instrument
) noexcept nogil:
    """The entry of a position, or the empty one where it would go."""
    cdef uint64_t key = <uint64_t>account << 32 | instrument
    cdef PositionEntry *entry = position_home(funds, account, instrument)
    while entry.key and entry.key != key:
        entry = &funds.table[(entry - funds.table + 1) & funds.mask]
    return entry


cdef inline uint32_t position_find(
    Funds *funds, uint32_t account, uint32_t instrument
) noexcept nogil:
    """The number of a position, or 0."""
    return position_entry(funds, account, instrument).index


cdef inline uint32_t position_open(
    Funds *funds, uint32_t account, uint32_t instrument
) noexcept nogil:
    """The number of a position, made if there is none. There is room: funds_make_room."""
    cdef PositionEntry *entry = position_entry(funds, account, instrument)
    cdef Position *position
    if entry.key == 0:
        entry.key = <uint64_t>account << 32 | instrument
        entry.index = pool_take(&funds.positions)
        position = position_at(funds, entry.index)
        position.account = account
        position.instrument = instrument
    return entry.index


cdef inline int funds_make_room(Funds *funds) noexcept nogil:
    """Before each command: room for two more positions. 0, or -1 without memory."""
    if 2 * <uint64_t>(funds.positions.live + 2) <= funds.mask + 1:
        return 0
    return funds_grow(funds)


cdef inline int64_t cash_available(Funds *funds, uint32_t account) noexcept nogil:
    return funds.accounts[account].cash - funds.accounts[account].reserved


cdef inline int64_t shares_available(Funds *funds, uint32_t position) noexcept nogil:
    return position_at(funds, position).shares - position_at(funds, position).reserved


cdef inline uint64_t account_hash(uint64_t id, Account *account) noexcept nogil:
    cdef uint64_t settings = (
        <uint64_t>account.group << 32
        | <uint64_t>account.firm << 16
        | <uint64_t>account.self_trade << 8
        | account.flags
    )
    return fold(
        fold(<uint64_t>account.cash ^ PI_0, <uint64_t>account.reserved ^ PI_1)
        + fold(settings ^ PI_2, id ^ PI_3),
        KIND_ACCOUNT,
    )


cdef inline uint64_t position_hash(Position *position) noexcept nogil:
    """0 where nothing is owned: then it makes no difference whether the place was ever used."""
    if position.shares == 0:
        return 0
    return fold(
        fold(<uint64_t>position.shares ^ PI_2, <uint64_t>position.reserved ^ PI_3)
        + fold(<uint64_t>position.account << 32 ^ position.instrument ^ PI_0, PI_4),
        KIND_POSITION,
    )


cdef inline int64_t moved(int64_t balance, int64_t by) noexcept nogil:
    """Their sum; between the halves of a trade with oneself it may wrap over 63 bits."""
    return <int64_t>(<uint64_t>balance + <uint64_t>by)


cdef inline void cash_change(
    Funds *funds, uint32_t account, int64_t cash, int64_t reserved
) noexcept nogil:
    """Add to an account's cash and to what is reserved of it (both may be negative)."""
    cdef Account *changed = &funds.accounts[account]
    cdef uint64_t before = account_hash(account, changed)
    changed.cash = moved(changed.cash, cash)
    changed.reserved = moved(changed.reserved, reserved)
    funds.digest += account_hash(account, changed) - before


cdef inline void shares_change(
    Funds *funds, uint32_t position, int64_t shares, int64_t reserved
) noexcept nogil:
    """The same for a position."""
    cdef Position *changed = position_at(funds, position)
    cdef uint64_t after
    changed.shares = moved(changed.shares, shares)
    changed.reserved = moved(changed.reserved, reserved)
    after = position_hash(changed)
    funds.digest += after - changed.hash
    changed.hash = after


cdef inline void account_flag(
    Funds *funds, uint32_t account, uint8_t flag, bint on
) noexcept nogil:
    """Set a flag of an account, or take it away."""
    cdef Account *changed = &funds.accounts[account]
    cdef uint64_t before = account_hash(account, changed)
    changed.flags &= ~flag
    if on:
        changed.flags |= flag
    funds.digest += account_hash(account, changed) - before
