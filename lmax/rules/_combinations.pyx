"""What goes together: the table of docs/matching.md. Side, type and time in force are known."""
from libc.stdint cimport uint32_t

from lmax.wire cimport (
    INSTRUCTION_ALL_OR_NONE, INSTRUCTION_HIDDEN, INSTRUCTION_POST_ONLY, INSTRUCTION_POST_SLIDE,
    INSTRUCTION_SHORT, INSTRUCTION_TRAIL_PERCENT, ORD_LIMIT, ORD_MARKET, ORD_TRAILING_STOP,
    SIDE_SELL, TIF_DAY, TIF_GTC, TIF_GTD, TIF_IOC,
)

cdef enum:
    KNOWN = 0xFF  # bits that have a name
    POSTING = INSTRUCTION_POST_ONLY | INSTRUCTION_POST_SLIDE
    RESTING = INSTRUCTION_HIDDEN | POSTING | INSTRUCTION_ALL_OR_NONE


cdef inline bint stays(Command *command) noexcept nogil:
    return (
        command.time_in_force == TIF_DAY
        or command.time_in_force == TIF_GTC
        or command.time_in_force == TIF_GTD
    )


cdef inline bint time_fits(Command *command) noexcept nogil:
    if command.order_type == ORD_LIMIT:
        return True
    if command.order_type == ORD_MARKET:
        return command.time_in_force != TIF_GTD
    return stays(command)


cdef inline bint conditions_fit(Command *command) noexcept nogil:
    """ALL_OR_NONE or a minimum quantity, with nothing beside it."""
    cdef uint32_t bits = command.instructions
    cdef bint all_or_none = bits & INSTRUCTION_ALL_OR_NONE != 0
    cdef bint least = command.min_quantity != 0
    cdef bint beside = bits & (INSTRUCTION_HIDDEN | POSTING) != 0 or command.display_quantity != 0
    return not (all_or_none and least) and not ((all_or_none or least) and beside)


cdef inline bint resting_fits(Command *command) noexcept nogil:
    """HIDDEN, a display quantity, POST_ONLY, POST_SLIDE and ALL_OR_NONE."""
    cdef uint32_t bits = command.instructions
    if bits & RESTING == 0 and command.display_quantity == 0:
        return True
    if bits & INSTRUCTION_HIDDEN and command.display_quantity:
        return False
    return (
        command.order_type == ORD_LIMIT
        and stays(command)
        and bits & POSTING != POSTING
        and conditions_fit(command)
    )


cdef inline bint minimum_fits(Command *command) noexcept nogil:
    if command.min_quantity == 0:
        return True
    if not conditions_fit(command):
        return False
    if command.order_type == ORD_LIMIT:
        return stays(command) or command.time_in_force == TIF_IOC
    return command.order_type == ORD_MARKET and command.time_in_force == TIF_IOC


cdef bint go_together(Command *command) noexcept nogil:
    cdef uint32_t bits = command.instructions
    return (
        time_fits(command)
        and bits & ~<uint32_t>KNOWN == 0
        and resting_fits(command)
        and minimum_fits(command)
        and (not bits & INSTRUCTION_TRAIL_PERCENT or command.order_type == ORD_TRAILING_STOP)
        and (not bits & INSTRUCTION_SHORT or command.side == SIDE_SELL)
    )
