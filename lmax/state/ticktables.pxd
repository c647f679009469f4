# Tick tables: which tick holds at a price, and from when on.
#
# One in force, one that waits for its time, one being written. Nothing moves when a time comes:
# whoever asks says what time it is.
from libc.stdint cimport int64_t, uint8_t, uint64_t


cdef enum:
    MAX_ROWS = 24


cdef struct TickRow:
    int64_t start  # the price from which on …
    int64_t tick


cdef struct TickTable:
    int64_t effective_time
    int64_t count  # rows; 0: no table
    TickRow[MAX_ROWS] rows


cdef struct TickTables:
    TickTable in_force
    TickTable next
    TickTable draft
    int64_t draft_rows  # how many it is to have


cdef int64_t tick_of(
    TickTables *tables, int64_t price, int64_t now, int64_t otherwise
) noexcept nogil
cdef int64_t tick_up(
    TickTables *tables, int64_t price, int64_t now, int64_t otherwise
) noexcept nogil
cdef int64_t tick_down(
    TickTables *tables, int64_t price, int64_t now, int64_t otherwise
) noexcept nogil
cdef bint row_follows(
    TickTables *tables, uint8_t row, uint8_t rows, int64_t start
) noexcept nogil
cdef void row_set(
    TickTables *tables, uint8_t row, uint8_t rows, TickRow *given, int64_t effective_time,
    int64_t now,
) noexcept nogil
cdef uint64_t tick_tables_hash(TickTables *tables) noexcept nogil
