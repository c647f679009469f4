# What a bare book does less often than to add and to take out: trade and refuse.
#
# `worst`: the key, on the side opposite, of the worst price to trade at.
from libc.stdint cimport int64_t, uint8_t, uint64_t

from lmax._book cimport BareBook
from lmax.wire cimport Message


cdef int64_t trade(
    BareBook *book, uint8_t side, uint64_t taker, int64_t leaves, uint64_t worst
) noexcept nogil
cdef bint can_fill(BareBook *book, uint8_t side, int64_t wanted, uint64_t worst) noexcept nogil
cdef void reject(BareBook *book, const Message *message, uint8_t reason) noexcept nogil
cdef uint8_t refusal(BareBook *book, const Message *message) noexcept nogil
cdef uint8_t why_not(
    BareBook *book, int64_t price, int64_t quantity, int64_t total
) noexcept nogil
