"""A tree of levels in Python's hands: every level counts how often its key was put in."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memset

from lmax.book.levels cimport (
    LevelPools,
    LevelTree,
    key_price,
    level_at,
    level_drop_if_empty,
    level_find,
    level_for,
    level_key,
    level_next,
    level_pools_close,
    level_pools_have_room,
    level_pools_open,
    levels_check,
    levels_open,
    price_key,
)

cdef enum:
    CACHE = 4  # small, so that leaves drive each other out


def key_of(uint8_t side, int64_t ticks):
    return price_key(side, ticks)


def ticks_of(uint8_t side, uint64_t key):
    return key_price(side, key)


cdef class Forest:
    """`trees` trees over one pair of pools. A key may be put in more than once."""

    cdef LevelPools pools
    cdef LevelTree trees[8]
    cdef uint32_t caches[8][CACHE]

    def __cinit__(self, int trees=2, uint32_t max_leaves=10_000):
        if level_pools_open(&self.pools, max_leaves) < 0:
            raise MemoryError
        memset(self.caches, 0, sizeof(self.caches))
        for i in range(trees):
            levels_open(&self.pools, &self.trees[i], self.caches[i], CACHE)

    def __dealloc__(self):
        level_pools_close(&self.pools)

    def put(self, int tree, uint64_t key):
        cdef uint32_t level = level_for(&self.pools, &self.trees[tree], key)
        level_at(&self.pools, level).count += 1
        level_at(&self.pools, level).quantity += 10
        return level

    def take(self, int tree, uint64_t key):
        cdef uint32_t level = level_find(&self.pools, &self.trees[tree], key)
        if level == 0:
            raise KeyError(key)
        level_at(&self.pools, level).count -= 1
        level_at(&self.pools, level).quantity -= 10
        level_drop_if_empty(&self.pools, &self.trees[tree], level)

    def best(self, int tree):
        cdef LevelTree *found = &self.trees[tree]
        return found.best_key if found.best else None

    def count(self, int tree, uint64_t key):
        cdef uint32_t level = level_find(&self.pools, &self.trees[tree], key)
        return level_at(&self.pools, level).count if level else 0

    def walk(self, int tree):
        """[(key, count)] from the best on."""
        cdef uint32_t level = self.trees[tree].best
        found = []
        while level:
            found.append((level_key(&self.pools, level), level_at(&self.pools, level).count))
            level = level_next(&self.pools, &self.trees[tree], level)
        return found

    def sound(self, int tree):
        return levels_check(&self.pools, &self.trees[tree]) == 0

    def live(self):
        """(leaves, inner nodes) in use by all trees."""
        return self.pools.leaves.live, self.pools.inners.live

    def ever(self):
        """(leaves, inner nodes) that were in use at one time."""
        return self.pools.leaves.used, self.pools.inners.used

    def has_room(self, uint32_t levels):
        return level_pools_have_room(&self.pools, levels)
