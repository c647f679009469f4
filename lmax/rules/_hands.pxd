# Self-trade prevention: whose orders are of one hand, and what is done instead of a trade.
from libc.stdint cimport uint8_t, uint32_t

from lmax.state._state cimport State


cdef struct Hand:
    uint32_t account
    uint32_t group  # 0: none
    uint8_t mode  # SelfTrade of the incoming order; 0: all trade with all


cdef Hand hand_of(
    State *state, uint32_t account, uint8_t self_trade, bint is_conditional
) noexcept nogil


cdef inline bint keeps_apart(State *state, Hand *hand, uint32_t account) noexcept nogil:
    """Whether the incoming order must not trade with one of that account."""
    if hand.mode == 0:
        return False
    return account == hand.account or (
        hand.group != 0 and state.funds.accounts[account].group == hand.group
    )
