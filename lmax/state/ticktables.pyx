# cython: cdivision=True
"""Tick tables by price and date. See ticktables.pxd; rules: docs/matching.md.

cdivision: divisors are ticks, which are at least 1.
"""

from lmax.base.digest cimport KIND_TICKS, mix
from lmax.base.money cimport INT64_MAX


cdef inline TickTable *table_at(TickTables *tables, int64_t now) noexcept nogil:
    """The table that holds at a time; it may have no rows."""
    if tables.next.count and now >= tables.next.effective_time:
        return &tables.next
    return &tables.in_force


cdef int64_t tick_of(
    TickTables *tables, int64_t price, int64_t now, int64_t otherwise
) noexcept nogil:
    """The tick of the last row that begins at or below the price; without a table `otherwise`."""
    cdef TickTable *table = table_at(tables, now)
    cdef int64_t i
    for i in range(table.count - 1, -1, -1):
        if table.rows[i].start <= price:
            return table.rows[i].tick
    return otherwise


cdef int64_t tick_down(
    TickTables *tables, int64_t price, int64_t now, int64_t otherwise
) noexcept nogil:
    """The highest price on the ticks that is not above one from 0 on."""
    return price - price % tick_of(tables, price, now, otherwise)


cdef int64_t tick_up(
    TickTables *tables, int64_t price, int64_t now, int64_t otherwise
) noexcept nogil:
    """The lowest price on the ticks that is not below one from 0 on; -1 if over 2^63 - 1."""
    cdef TickTable *table = table_at(tables, now)
    cdef int64_t tick = tick_of(tables, price, now, otherwise)
    cdef int64_t missing = (tick - price % tick) % tick
    cdef int64_t i
    for i in range(table.count):  # where the next row begins, there is a price, too
        if price < table.rows[i].start:
            missing = min(missing, table.rows[i].start - price)
            break
    return price + missing if price <= INT64_MAX - missing else -1


cdef bint row_follows(
    TickTables *tables, uint8_t row, uint8_t rows, int64_t start
) noexcept nogil:
    """Whether a row may be set next: the first of a table, or one behind what was set last."""
    if not 1 <= rows <= MAX_ROWS or row >= rows:
        return False
    if row == 0:
        return start == 0
    if row != tables.draft.count or rows != tables.draft_rows:
        return False
    return start > tables.draft.rows[row - 1].start


cdef void row_set(
    TickTables *tables, uint8_t row, uint8_t rows, TickRow *given, int64_t effective_time,
    int64_t now,
) noexcept nogil:
    """Set a row that follows; with the last one the table is scheduled."""
    tables.draft_rows = rows
    tables.draft.rows[row] = given[0]
    tables.draft.count = row + 1
    if tables.draft.count < rows:
        return
    tables.in_force = table_at(tables, now)[0]
    tables.next = tables.draft
    tables.next.effective_time = effective_time
    tables.draft.count = tables.draft_rows = 0


cdef uint64_t table_hash(uint64_t h, TickTable *table) noexcept nogil:
    cdef int64_t i
    h = mix(mix(h, table.count), table.effective_time)
    for i in range(table.count):
        h = mix(mix(h, table.rows[i].start), table.rows[i].tick)
    return h


cdef uint64_t tick_tables_hash(TickTables *tables) noexcept nogil:
    """Of all three tables; 0 where none was ever begun."""
    cdef uint64_t h = mix(KIND_TICKS, tables.draft_rows)
    if not (tables.in_force.count or tables.next.count or tables.draft.count):
        return 0
    h = table_hash(h, &tables.in_force)
    h = table_hash(h, &tables.next)
    return table_hash(h, &tables.draft)
