"""Memory that changes by itself, for tests of what finds it."""
from libc.stdint cimport int64_t, uint32_t

from lmax._engine cimport Engine


def corrupt_cash(Engine engine, uint32_t account, int64_t by):
    """An account has more than its commands gave it; its hash is as it was."""
    engine.logic.funds.accounts[account].cash += by
