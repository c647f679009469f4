# The state hash: 64 bits that two engines in the same state share.
#
# What there may be much of (orders, closed ids, accounts, positions, trades) is kept up to date
# as it changes; instruments and counters are added when the hash is asked for. The idea is in
# lmax/base/digest.pxd.
from libc.stdint cimport uint64_t

from lmax.state._state cimport State


cdef uint64_t state_hash(State *state) noexcept nogil
cdef uint64_t state_hash_afresh(State *state) noexcept nogil
