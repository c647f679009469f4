# Price levels in order: a radix tree over 64-bit keys, the smallest key first.
#
#     Inner  bitmap 0100…1   child[64] ──▶ Inner ──▶ … ──▶ Leaf  bitmap 0011…0  ──▶ 64 levels
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
# A tree of up to four leaves has no inner nodes: it is *flat*, and its leaves stand in the tree
# itself, in any order. Finding a leaf, and the best of them, takes the least of four numbers, and
# no branch, which is what matters where levels come and go all the time. With a fifth leaf it
# becomes deep, with one leaf left it is flat again.
#
# The leaves of a deep tree that were used lately are found through a table that the tree's owner
# gives (`levels_open`): one load instead of a walk. 64 · its size is how many keys it can hold.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from lmax.base.memory cimport Pool, give_sized, pool_room, take_sized, unpoison


cdef enum:
    FLAT_LEAVES = 4
    # Most inner nodes that a new level can need: a path, and when the tree gets deep, four more.
    NODES_PER_LEVEL = 11
    NODES_OF_FLAT = 44

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


cdef struct Leaf:  # its 64 levels stand apart: level_at
    uint64_t bitmap
    uint64_t base  # key >> 6
    uint32_t parent  # flat: its place in the tree
    uint32_t owner  # the tree it belongs to; 0: free
    uint64_t spare  # 32 bytes: a shift finds it


cdef struct Inner:
    uint64_t bitmap
    uint32_t parent
    uint32_t spare
    uint32_t child[64]  # 0: none


cdef struct LevelPools:
    Pool leaves
    Level *levels  # 64 of each leaf
    Pool inners
    uint32_t owners  # trees opened so far


cdef struct LevelTree:
    uint64_t best_key  # NO_LEVEL_KEY without a level
    uint32_t best  # level with the smallest key; 0: none
    uint32_t owner
    uint32_t deep  # 0: flat
    uint32_t places  # flat: bits of the free ones
    uint64_t flat[FLAT_LEAVES]  # base << 6 | place, or NO_LEVEL_KEY
    uint32_t flat_leaf[FLAT_LEAVES]  # 0: none
    uint32_t leaves  # how many
    uint32_t inners
    uint32_t root  # deep: an Inner, or a Leaf at height 0
    uint32_t height
    uint32_t *cache  # deep: leaves used last, by the low bits of their base
    uint64_t cache_mask
    uint64_t spare[3]  # 128 bytes: a shift finds one of two


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
cdef uint32_t deep_leaf_for(LevelPools *pools, LevelTree *tree, uint64_t key) noexcept nogil
cdef uint32_t deep_leaf_find(LevelPools *pools, LevelTree *tree, uint64_t key) noexcept nogil
cdef void deep_level_gone(LevelPools *pools, LevelTree *tree, uint32_t level) noexcept nogil

cdef extern from *:
    int ctz "__builtin_ctzll" (unsigned long long) noexcept nogil


cdef inline bint level_pools_have_room(LevelPools *pools, uint32_t levels) noexcept nogil:
    """So many more levels fit, wherever they are."""
    return (
        pool_room(&pools.leaves) >= levels
        and pool_room(&pools.inners) >= NODES_PER_LEVEL * levels + NODES_OF_FLAT
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
    return &pools.levels[level]


cdef inline uint64_t level_key(LevelPools *pools, uint32_t level) noexcept nogil:
    return leaf_at(pools, level >> 6).base << 6 | (level & 63)


cdef inline uint32_t leaf_take(LevelPools *pools) noexcept nogil:
    return take_sized(&pools.leaves, sizeof(Leaf))


cdef inline void leaf_give(LevelPools *pools, uint32_t index) noexcept nogil:
    """The caches still name it; cached_leaf sees that it has no owner."""
    leaf_at(pools, index).owner = 0
    give_sized(&pools.leaves, index, sizeof(Leaf))
    unpoison(leaf_at(pools, index), sizeof(Leaf))


cdef inline uint64_t least(uint64_t a, uint64_t b, uint64_t c, uint64_t d) noexcept nogil:
    cdef uint64_t e = a if a < b else b
    cdef uint64_t f = c if c < d else d
    return e if e < f else f


cdef inline uint64_t flat_place(LevelTree *tree, uint64_t key) noexcept nogil:
    """Where the leaf of that key stands in a flat tree; FLAT_LEAVES or more: nowhere."""
    cdef uint64_t base = key & ~<uint64_t>63
    return least(
        tree.flat[0] ^ base, tree.flat[1] ^ base, tree.flat[2] ^ base, tree.flat[3] ^ base
    )


cdef inline uint32_t flat_put(
    LevelPools *pools, LevelTree *tree, uint64_t key
) noexcept nogil:
    """A new leaf in a flat tree that has a place for it."""
    cdef uint32_t index = leaf_take(pools)
    cdef Leaf *leaf = leaf_at(pools, index)
    cdef uint32_t place = ctz(tree.places)
    leaf.bitmap = 0
    leaf.base = key >> 6
    leaf.parent = place
    leaf.owner = tree.owner
    tree.places &= tree.places - 1
    tree.flat[place] = (key & ~<uint64_t>63) | place
    tree.flat_leaf[place] = index
    tree.leaves += 1
    return index


cdef inline void flat_drop(LevelPools *pools, LevelTree *tree, uint32_t index) noexcept nogil:
    """Give back an empty leaf of a flat tree."""
    cdef Leaf *leaf = leaf_at(pools, index)
    cdef uint32_t place = leaf.parent
    leaf_give(pools, index)
    tree.places |= <uint32_t>1 << place
    tree.flat[place] = NO_LEVEL_KEY
    tree.flat_leaf[place] = 0
    tree.leaves -= 1


cdef inline void flat_best(LevelPools *pools, LevelTree *tree) noexcept nogil:
    """Find the best level of a flat tree. Leaf 0 ends with the last key of all (see
    level_pools_open), so an empty tree needs no question."""
    cdef uint64_t first = least(tree.flat[0], tree.flat[1], tree.flat[2], tree.flat[3])
    cdef uint32_t index = tree.flat_leaf[first & (FLAT_LEAVES - 1)]
    cdef uint32_t place = ctz(leaf_at(pools, index).bitmap)
    tree.best_key = (first & ~<uint64_t>63) | place
    tree.best = index << 6 | place if index else 0


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
    cdef uint32_t index
    cdef uint64_t place
    if tree.deep:
        index = cached_leaf(pools, tree, key)
        if index == 0:
            index = deep_leaf_for(pools, tree, key)
    else:
        place = flat_place(tree, key)
        if place < FLAT_LEAVES:
            index = tree.flat_leaf[place]
        elif tree.places:
            index = flat_put(pools, tree, key)
        else:
            index = deep_leaf_for(pools, tree, key)
    place = key & 63
    leaf_at(pools, index).bitmap |= <uint64_t>1 << place
    index = index << 6 | <uint32_t>place
    # Equal: the best level itself, or the last key of all in an empty tree.
    tree.best = index if key <= tree.best_key else tree.best
    tree.best_key = key if key <= tree.best_key else tree.best_key
    return index


cdef inline uint32_t level_find(LevelPools *pools, LevelTree *tree, uint64_t key) noexcept nogil:
    """The level of that key, or 0."""
    cdef uint32_t index
    cdef uint64_t place
    if tree.deep:
        index = cached_leaf(pools, tree, key)
        if index == 0:
            index = deep_leaf_find(pools, tree, key)
    else:
        place = flat_place(tree, key)
        index = tree.flat_leaf[place] if place < FLAT_LEAVES else 0
    if index == 0 or not leaf_at(pools, index).bitmap >> (key & 63) & 1:
        return 0
    return index << 6 | (key & 63)


cdef inline void level_drop_if_empty(
    LevelPools *pools, LevelTree *tree, uint32_t level
) noexcept nogil:
    """After taking something out of a level: it goes if its count is 0."""
    cdef Leaf *leaf = leaf_at(pools, level >> 6)
    if level_at(pools, level).count:
        return
    leaf.bitmap &= ~(<uint64_t>1 << (level & 63))
    if tree.deep:
        deep_level_gone(pools, tree, level)
        return
    if leaf.bitmap == 0:
        flat_drop(pools, tree, level >> 6)
    flat_best(pools, tree)
