# Price levels in order: a radix tree over 64-bit keys, the smallest key first.
#
#     Inner  bitmap 0100…1   child[64] ──▶ Inner ──▶ … ──▶ Leaf  bitmap 0011…0  levels[64]
#
# A key is a number of ticks turned so that a *smaller key is a better price* (`price_key`); for
# other uses (times, trigger prices) any unsigned number will do. The tree is only as high as the
# keys in it are far apart (one Leaf for 64 neighbouring keys, one Inner above it for 4,096, … up
# to the whole 64-bit range), grows at its root when a farther key comes and shrinks when it
# goes. The next level: the lowest set bit, of this leaf or of the nearest ancestor that has one.
# How much rests plays no part.
#
# A level is named by a number, leaf << 6 | place in it; 0: none. Memory comes from pools that
# many trees share. **A level that is not there is all zeros**: so there is nothing to set up
# when it comes, and whoever empties one must leave zeros behind (`spare` too).
#
#     level = level_for(pools, tree, key)     # there is room: level_pools_have_room
#     … append to level_at(pools, level): count is not 0 when you are done
#     … take away from it
#     level_drop_if_empty(pools, tree, level)
#
# Leaves used lately are found through a table that the tree's owner gives (`levels_open`): one
# load instead of a walk from the root. 64 · its size is how many keys it can hold on to.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from lmax.memory cimport Pool, pool_at, pool_room


cdef enum:
    NODES_PER_LEVEL = 11  # most inner nodes that one new level can need

cdef extern from *:
    """
    #define NO_LEVEL_KEY ((uint64_t)-1)
    """
    const uint64_t NO_LEVEL_KEY  # best_key of an empty tree; a level may have it, too


cdef struct Level:  # 32 bytes, two in a cache line
    int64_t quantity  # that shows
    int64_t reserve  # that does not: the hidden part of icebergs
    uint32_t head  # oldest
    uint32_t tail
    uint32_t count
    uint32_t spare


cdef struct Leaf:  # 33 cache lines: leaves fall on all sets of a cache
    uint64_t bitmap
    uint64_t base  # key >> 6
    uint32_t parent
    uint32_t owner  # the tree it belongs to; 0: free
    uint64_t spare[5]
    Level levels[64]


cdef struct Inner:
    uint64_t bitmap
    uint32_t parent
    uint32_t spare
    uint32_t child[64]  # 0: none


cdef struct LevelPools:
    Pool leaves
    Pool inners
    uint32_t owners  # trees opened so far


cdef struct LevelTree:
    uint64_t best_key  # NO_LEVEL_KEY without a level
    uint32_t best  # level with the smallest key; 0: none
    uint32_t root  # Leaf at height 0, else Inner; 0: no level
    uint32_t height
    uint32_t owner
    uint32_t leaves  # of this tree
    uint32_t inners
    uint32_t *cache  # leaves used last, by the low bits of their base
    uint64_t cache_mask


cdef int level_pools_open(LevelPools *pools, uint32_t max_leaves) noexcept nogil
cdef void level_pools_close(LevelPools *pools) noexcept nogil
cdef void levels_open(
    LevelPools *pools, LevelTree *tree, uint32_t *cache, uint32_t cache_size
) noexcept nogil
cdef uint32_t level_next(
    LevelPools *pools, LevelTree *tree, uint32_t level
) noexcept nogil
cdef uint64_t levels_bytes(LevelTree *tree) noexcept nogil
cdef int levels_check(LevelPools *pools, LevelTree *tree) noexcept nogil

# The slow part of the inline functions below; not for use elsewhere.
cdef uint32_t leaf_for(LevelPools *pools, LevelTree *tree, uint64_t key) noexcept nogil
cdef uint32_t leaf_find(LevelPools *pools, LevelTree *tree, uint64_t key) noexcept nogil
cdef void level_gone(LevelPools *pools, LevelTree *tree, uint32_t level) noexcept nogil


cdef inline bint level_pools_have_room(LevelPools *pools, uint32_t levels) noexcept nogil:
    """So many more levels fit, wherever they are."""
    return (
        pool_room(&pools.leaves) >= levels
        and pool_room(&pools.inners) >= NODES_PER_LEVEL * levels
    )


cdef inline uint64_t price_key(uint8_t side, int64_t ticks) noexcept nogil:
    """A better price has a smaller key. Signed ticks are first shifted to unsigned order."""
    return <uint64_t>ticks ^ <uint64_t>1 << 63 ^ (<uint64_t>side - 1)


cdef inline int64_t key_price(uint8_t side, uint64_t key) noexcept nogil:
    """The ticks of a key."""
    return <int64_t>(key ^ <uint64_t>1 << 63 ^ (<uint64_t>side - 1))


cdef inline Leaf *leaf_at(LevelPools *pools, uint32_t index) noexcept nogil:
    return &(<Leaf *>pools.leaves.base)[index]


cdef inline Inner *inner_at(LevelPools *pools, uint32_t index) noexcept nogil:
    return &(<Inner *>pools.inners.base)[index]


cdef inline Level *level_at(LevelPools *pools, uint32_t level) noexcept nogil:
    return &leaf_at(pools, level >> 6).levels[level & 63]


cdef inline uint64_t level_key(LevelPools *pools, uint32_t level) noexcept nogil:
    return leaf_at(pools, level >> 6).base << 6 | (level & 63)


cdef inline uint32_t cached_leaf(
    LevelPools *pools, LevelTree *tree, uint64_t key
) noexcept nogil:
    """The leaf of that key if it was used lately, else 0. A reused leaf is told by its owner."""
    cdef uint64_t base = key >> 6
    cdef uint32_t index = tree.cache[base & tree.cache_mask]
    cdef Leaf *leaf = leaf_at(pools, index)
    # One test instead of two.
    return 0 if (leaf.base ^ base) | (leaf.owner ^ tree.owner) else index


cdef inline uint32_t level_for(LevelPools *pools, LevelTree *tree, uint64_t key) noexcept nogil:
    """The level of that key, made if there is none: then the caller puts something there."""
    cdef uint32_t index = cached_leaf(pools, tree, key)
    cdef uint32_t place = key & 63
    if index == 0:
        index = leaf_for(pools, tree, key)
    leaf_at(pools, index).bitmap |= <uint64_t>1 << place
    index = index << 6 | place
    # Equal: the best level itself, or the last key of all in an empty tree.
    if key <= tree.best_key:
        tree.best_key = key
        tree.best = index
    return index


cdef inline uint32_t level_find(LevelPools *pools, LevelTree *tree, uint64_t key) noexcept nogil:
    """The level of that key, or 0."""
    cdef uint32_t index = cached_leaf(pools, tree, key)
    if index == 0:
        index = leaf_find(pools, tree, key)
    return index << 6 | (key & 63) if leaf_at(pools, index).bitmap >> (key & 63) & 1 else 0


cdef inline void level_drop_if_empty(
    LevelPools *pools, LevelTree *tree, uint32_t level
) noexcept nogil:
    """After taking something out of a level: it goes if its count is 0."""
    cdef Leaf *leaf = leaf_at(pools, level >> 6)
    cdef uint64_t empty = leaf.levels[level & 63].count == 0
    leaf.bitmap &= ~(empty << (level & 63))
    if empty & ((level == tree.best) | (leaf.bitmap == 0)):
        level_gone(pools, tree, level)
