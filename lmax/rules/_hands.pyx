"""Self-trade prevention. Rules: docs/matching.md."""

from lmax.state.funds cimport Account
from lmax.wire cimport STP_CANCEL_OLDEST


cdef Hand hand_of(
    State *state, uint32_t account, uint8_t self_trade, bint is_conditional
) noexcept nogil:
    """Of an incoming order. is_conditional: it has FOK, ALL_OR_NONE or a minimum quantity."""
    cdef Hand hand
    cdef Account *owner = &state.funds.accounts[account]
    hand.account = account
    hand.group = owner.group
    hand.mode = self_trade if self_trade else owner.self_trade
    if hand.mode and is_conditional:
        hand.mode = STP_CANCEL_OLDEST
    return hand
