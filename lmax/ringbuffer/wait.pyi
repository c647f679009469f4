from enum import IntEnum

class WaitStrategy(IntEnum):
    BUSY_SPIN = 0
    YIELD = 1
    BACKOFF = 2
    BLOCKING = 3
