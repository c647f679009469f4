# What is said on a link once it is encrypted: the bodies of frames, little-endian.
#
# The same in Python: replicator/messages.py; a test compares the two.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t


cdef enum:
    MAX_MESSAGE = 131072  # bytes of a frame, head and tag with it

cdef enum Kind:
    # Told to the agent by its own node's control, never sent.
    TELL_KEYS = 100  # u64: address of a Secure; u32: 1 if it has yet to prove itself
    TELL_BEGIN = 101  # Begin
    TELL_LIVE = 102  # i64: number of the first batch that is to be sent; i64: the sequence before
    TELL_STOP = 103
    TELL_COUNT = 104  # u64: 1 if acknowledgements wait for this peer from now on
    # Clear and signed.
    HELLO = 1
    WELCOME = 2
    REFUSE = 3
    # Encrypted.
    JOIN = 10
    ANSWER = 11
    BATCHES = 12  # one or more: BatchHeader, commands
    ACK = 13
    HEARTBEAT = 14
    RESEND = 15  # u64: the sequence that is missing
    OFFER = 16  # of files, and pieces of them
    PIECE = 17
    WANT = 18
    SWITCH = 19

cdef enum Flags:
    COUNTED = 1  # HEARTBEAT: acknowledgements wait for you
    SERVED = 2  # HEARTBEAT: you get batches, from the journal or as they are made
    WAITED = 4  # HEARTBEAT: acknowledgements wait for what you have synced, not only received
    UNFIT = 1  # ACK: the disk here is full or stalls, or did lately: hand over to somebody else


cdef struct Ack:
    uint64_t epoch
    int64_t received
    int64_t synced
    int64_t applied
    uint32_t flags
    uint32_t zero


cdef struct Heartbeat:
    uint64_t epoch
    int64_t sent
    int64_t permitted
    int64_t clock_ns
    uint32_t flags
    uint32_t zero


cdef struct Begin:
    # What the standby's receiver goes on from.
    int64_t sequence
    uint32_t epoch  # of the last batch
    uint32_t leader_epoch  # none above it is taken
    uint8_t hash[32]
