# Accounts and positions: what is owned and what of it is reserved for open orders.
from libc.stdint cimport int64_t, uint32_t, uint64_t

from lmax.digest cimport KIND_ACCOUNT, KIND_POSITION, mix


cdef struct Holding:
    # available = balance - reserved, and 0 <= reserved <= balance always
    int64_t balance
    int64_t reserved


cdef struct Account:
    Holding cash
    bint open


cdef struct Position:
    uint64_t key  # account << 32 | instrument; 0 is an empty place
    Holding shares


cdef struct Funds:
    Account *accounts  # by account id
    uint32_t highest_account
    Position *positions  # open addressing, at most half full
    uint64_t mask
    uint64_t count
    int64_t total_cash
    uint64_t digest


cdef int funds_open(Funds *funds) noexcept nogil
cdef void funds_close(Funds *funds) noexcept nogil
cdef int funds_make_room(Funds *funds) noexcept nogil
cdef Position *position_find(Funds *funds, uint32_t account, uint32_t instrument) noexcept nogil
cdef void account_open(Funds *funds, uint32_t account) noexcept nogil
cdef void position_open(Funds *funds, uint32_t account, uint32_t instrument) noexcept nogil
cdef void cash_change(
    Funds *funds, uint32_t account, int64_t balance, int64_t reserved
) noexcept nogil
cdef void shares_change(
    Funds *funds, uint32_t account, uint32_t instrument, int64_t balance, int64_t reserved
) noexcept nogil
cdef uint64_t funds_digest(Funds *funds) noexcept nogil


cdef inline Position *position_home(
    Funds *funds, uint32_t account, uint32_t instrument
) noexcept nogil:
    """Where the search for a position begins."""
    return &funds.positions[mix(0, <uint64_t>account << 32 | instrument) & funds.mask]


cdef inline int64_t cash_available(Funds *funds, uint32_t account) noexcept nogil:
    return funds.accounts[account].cash.balance - funds.accounts[account].cash.reserved


cdef inline int64_t shares_available(
    Funds *funds, uint32_t account, uint32_t instrument
) noexcept nogil:
    cdef Position *position = position_find(funds, account, instrument)
    return position.shares.balance - position.shares.reserved


cdef inline uint64_t account_hash(uint64_t account, Holding *cash) noexcept nogil:
    return mix(mix(mix(KIND_ACCOUNT, account), cash.balance), cash.reserved)


cdef inline uint64_t position_hash(Position *position) noexcept nogil:
    """0 where nothing is owned: then it makes no difference whether the place was ever used."""
    if position.shares.balance == 0 and position.shares.reserved == 0:
        return 0
    return mix(
        mix(mix(KIND_POSITION, position.key), position.shares.balance), position.shares.reserved
    )
