"""CHECKPOINT. Rules: docs/matching.md.

The hash of a state is known only when the command that led to it was applied, which is after it
was journaled. So a checkpoint tells its own hash in its event, and the next one carries it in the
journal: who replays compares it with what he had there himself.
"""
from libc.stdint cimport int64_t, uint8_t, uint64_t

from lmax.ringbuffer.atomics cimport store_release_i64
from lmax.state._state cimport FAULT_DIVERGED, State, emit
from lmax.view._statehash cimport state_hash
from lmax.wire cimport EVT_ACCEPTED, REASON_INVALID_SETTING, REASON_NONE, Command, Event


cdef uint8_t checkpoint(State *state, Command *command) noexcept nogil:
    """Tell the state hash; stop for good where the last one was not what the primary had.

    Which sequences are accepted follows from the commands alone, not from the hashes: two
    engines that have diverged still agree on it.
    """
    cdef Event *event
    cdef uint64_t hash
    if command.state_sequence and command.state_sequence != state.checkpoint_sequence:
        return REASON_INVALID_SETTING
    if command.state_sequence and command.state_hash != state.checkpoint_hash:
        state.checkpoint_expected = command.state_hash
        state.fault = FAULT_DIVERGED
        return REASON_INVALID_SETTING
    hash = state_hash(state)
    event = emit(state, EVT_ACCEPTED)
    event.state_hash = hash
    # In this order: who reads them the other way round, while we run, has a sequence with its own
    # hash, or with that of a later one, which no checkpoint would be accepted with.
    state.checkpoint_hash = hash
    store_release_i64(<int64_t *>&state.checkpoint_sequence, <int64_t>state.sequence)
    return REASON_NONE
