# Whole numbers of a step (a tick, a lot) without a division.
#
# step = odd · 2^twos. Modulo 2^64 an odd number has an inverse, and multiplying by it is dividing
# by it. So for 0 <= value < 2^63
#
#     count = rotate_right(value · inverse, twos)
#
# is value / step where that is whole. It is whole exactly if count <= (2^64 - 1) // step: the map
# from values to counts is one to one, and the multiples of the step already take those up.
# A 64-bit division takes ten times as long.
cimport cython
from libc.stdint cimport int64_t, uint32_t, uint64_t


cdef struct Step:
    uint64_t inverse  # of the odd part
    uint64_t most  # counts there can be
    uint32_t twos


@cython.cdivision(True)  # size is at least 1
cdef inline Step step_of(int64_t size) noexcept nogil:
    """A tick or lot of that size."""
    cdef Step step
    cdef uint64_t odd = size
    cdef int _
    step.twos = 0
    while odd & 1 == 0:
        odd >>= 1
        step.twos += 1
    step.inverse = odd  # right in its last 3 bits
    for _ in range(5):  # each round doubles how many are right
        step.inverse *= 2 - odd * step.inverse
    step.most = <uint64_t>-1 // <uint64_t>size
    return step


cdef inline uint64_t steps_in(Step *step, int64_t value) noexcept nogil:
    """How many steps a value has; more than `most` where it is not a multiple of the step."""
    cdef uint64_t turned = <uint64_t>value * step.inverse
    return turned >> step.twos | turned << (64 - step.twos & 63)
