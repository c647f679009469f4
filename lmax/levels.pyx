"""The slow part of the tree of price levels. See levels.pxd for the structure."""

from lmax.memory cimport pool_close, pool_give, pool_open, pool_take

cdef extern from *:
    int ctz "__builtin_ctzll" (unsigned long long) noexcept nogil


cdef int level_pools_open(LevelPools *pools, uint32_t max_leaves) noexcept nogil:
    """Room for max_leaves (at most 2^26) leaves; 0, or -1 when the system refuses it."""
    pools.owners = 0
    if pool_open(&pools.leaves, sizeof(Leaf), max_leaves) < 0:
        return -1
    if pool_open(&pools.inners, sizeof(Inner), max_leaves) < 0:
        pool_close(&pools.leaves)
        return -1
    return 0


cdef void level_pools_close(LevelPools *pools) noexcept nogil:
    pool_close(&pools.leaves)
    pool_close(&pools.inners)


cdef void levels_open(
    LevelPools *pools, LevelTree *tree, uint32_t *cache, uint32_t cache_size
) noexcept nogil:
    """An empty tree. cache: zeroed, a power of two entries, there as long as the tree is used."""
    pools.owners += 1
    tree.owner = pools.owners
    tree.best = tree.root = tree.height = tree.leaves = tree.inners = 0
    tree.best_key = NO_LEVEL_KEY
    tree.cache = cache
    tree.cache_mask = cache_size - 1


cdef inline uint32_t place(uint64_t key, uint32_t height) noexcept nogil:
    """Which child of a node at that height leads to the key."""
    return (key >> (6 * height)) & 63


cdef inline uint64_t above(uint64_t key, uint32_t height) noexcept nogil:
    """The part of a key that a tree of that height leaves open."""
    return 0 if height >= 10 else key >> (6 * (height + 1))


# -- nodes: what is free is all zeros, but for its first eight bytes -----------------------


cdef uint32_t new_leaf(LevelPools *pools, LevelTree *tree, uint64_t base) noexcept nogil:
    cdef uint32_t index = pool_take(&pools.leaves)
    cdef Leaf *leaf = leaf_at(pools, index)
    leaf.bitmap = 0
    leaf.base = base
    leaf.parent = 0
    leaf.owner = tree.owner
    tree.leaves += 1
    return index


cdef uint32_t new_inner(LevelPools *pools, LevelTree *tree) noexcept nogil:
    cdef uint32_t index = pool_take(&pools.inners)
    cdef Inner *inner = inner_at(pools, index)
    inner.bitmap = 0
    inner.parent = 0
    tree.inners += 1
    return index


cdef inline void drop_inner(LevelPools *pools, LevelTree *tree, uint32_t index) noexcept nogil:
    tree.inners -= 1
    pool_give(&pools.inners, index)


cdef inline void set_parent(
    LevelPools *pools, uint32_t child, uint32_t child_height, uint32_t parent
) noexcept nogil:
    if child_height:
        inner_at(pools, child).parent = parent
    else:
        leaf_at(pools, child).parent = parent


cdef void grow_root(LevelPools *pools, LevelTree *tree) noexcept nogil:
    """Put one node above the root."""
    cdef uint32_t index = new_inner(pools, tree)
    cdef Inner *inner = inner_at(pools, index)
    cdef uint32_t i = place(tree.best_key, tree.height + 1)
    inner.bitmap = <uint64_t>1 << i
    inner.child[i] = tree.root
    set_parent(pools, tree.root, tree.height, index)
    tree.root = index
    tree.height += 1


cdef void cut_root(LevelPools *pools, LevelTree *tree) noexcept nogil:
    """Take roots away that lead to one child only."""
    cdef uint32_t node
    cdef Inner *inner
    cdef int i
    while tree.height:
        inner = inner_at(pools, tree.root)
        if inner.bitmap & (inner.bitmap - 1):
            return
        i = ctz(inner.bitmap)
        node = inner.child[i]
        inner.child[i] = 0
        drop_inner(pools, tree, tree.root)
        tree.root = node
        tree.height -= 1
        set_parent(pools, node, tree.height, 0)


cdef void drop_leaf(LevelPools *pools, LevelTree *tree, uint32_t index) noexcept nogil:
    """Give back an empty leaf, the nodes above that it leaves empty, and needless roots."""
    cdef Leaf *leaf = leaf_at(pools, index)
    cdef uint64_t key = leaf.base << 6
    cdef uint32_t node = leaf.parent
    cdef uint32_t height = 1
    cdef uint32_t parent
    cdef Inner *inner
    leaf.owner = 0
    tree.leaves -= 1
    pool_give(&pools.leaves, index)
    while node:
        inner = inner_at(pools, node)
        inner.bitmap &= ~(<uint64_t>1 << place(key, height))
        inner.child[place(key, height)] = 0
        if inner.bitmap:
            cut_root(pools, tree)
            return
        parent = inner.parent
        drop_inner(pools, tree, node)
        node = parent
        height += 1
    tree.root = tree.height = 0


# -- finding -------------------------------------------------------------------------------


cdef uint32_t walk(LevelPools *pools, LevelTree *tree, uint64_t key) noexcept nogil:
    """The leaf of that key, made together with the nodes above it where missing."""
    cdef uint32_t node, child, i, height
    cdef Inner *inner
    if tree.root == 0:
        tree.root = new_leaf(pools, tree, key >> 6)
        tree.height = 0
        return tree.root
    while above(key, tree.height) != above(tree.best_key, tree.height):
        grow_root(pools, tree)
    node = tree.root
    height = tree.height
    while height:
        inner = inner_at(pools, node)
        i = place(key, height)
        child = inner.child[i]
        height -= 1
        if child == 0:
            child = new_inner(pools, tree) if height else new_leaf(pools, tree, key >> 6)
            set_parent(pools, child, height, node)
            inner.bitmap |= <uint64_t>1 << i
            inner.child[i] = child
        node = child
    return node


cdef uint32_t leaf_for(LevelPools *pools, LevelTree *tree, uint64_t key) noexcept nogil:
    """The leaf of that key, made if missing, and kept at hand."""
    cdef uint32_t index = walk(pools, tree, key)
    tree.cache[(key >> 6) & tree.cache_mask] = index
    return index


cdef uint32_t leaf_find(LevelPools *pools, LevelTree *tree, uint64_t key) noexcept nogil:
    """The leaf of that key, or 0."""
    cdef uint32_t node = tree.root
    cdef uint32_t height = tree.height
    if node == 0 or above(key, height) != above(tree.best_key, height):
        return 0
    while height and node:
        node = inner_at(pools, node).child[place(key, height)]
        height -= 1
    return node


cdef uint32_t first_below(LevelPools *pools, uint32_t node, uint32_t height) noexcept nogil:
    """The best level of a subtree."""
    cdef Inner *inner
    while height:
        inner = inner_at(pools, node)
        node = inner.child[ctz(inner.bitmap)]
        height -= 1
    return node << 6 | ctz(leaf_at(pools, node).bitmap)


cdef uint32_t level_next(
    LevelPools *pools, LevelTree *tree, uint32_t level
) noexcept nogil:
    """The level behind it, or 0."""
    cdef Leaf *leaf = leaf_at(pools, level >> 6)
    cdef uint64_t key = level_key(pools, level)
    # Two shifts, because one by 64 is undefined.
    cdef uint64_t rest = leaf.bitmap >> (level & 63) >> 1
    cdef uint32_t node = leaf.parent
    cdef uint32_t height = 1
    cdef Inner *inner
    if rest:
        return level + 1 + ctz(rest)
    while node:
        inner = inner_at(pools, node)
        rest = inner.bitmap >> place(key, height) >> 1
        if rest:
            node = inner.child[place(key, height) + 1 + ctz(rest)]
            return first_below(pools, node, height - 1)
        node = inner.parent
        height += 1
    return 0


cdef void level_gone(LevelPools *pools, LevelTree *tree, uint32_t level) noexcept nogil:
    """A level is empty and its bit cleared: its leaf may be empty, or it was the best."""
    cdef Leaf *leaf = leaf_at(pools, level >> 6)
    cdef uint64_t rest = leaf.bitmap
    if rest == 0:
        drop_leaf(pools, tree, level >> 6)
    if level != tree.best:
        return
    if rest:
        tree.best = (level & ~<uint32_t>63) | ctz(rest)
    else:
        tree.best = first_below(pools, tree.root, tree.height) if tree.root else 0
    tree.best_key = level_key(pools, tree.best) if tree.best else NO_LEVEL_KEY


cdef uint64_t levels_bytes(LevelTree *tree) noexcept nogil:
    """What the tree takes from the pools."""
    return tree.leaves * sizeof(Leaf) + tree.inners * sizeof(Inner)


# -- checking ------------------------------------------------------------------------------


cdef bint sound_leaf(LevelPools *pools, LevelTree *tree, uint32_t index) noexcept nogil:
    """Its bits say which levels hold something, and the others are zeros."""
    cdef Leaf *leaf = leaf_at(pools, index)
    cdef Level *level
    cdef int i
    if leaf.bitmap == 0 or leaf.owner != tree.owner:
        return False
    for i in range(64):
        level = &leaf.levels[i]
        if (leaf.bitmap >> i & 1) != (level.count != 0):
            return False
        if level.count == 0 and (
            level.quantity or level.reserve or level.head or level.tail or level.spare
        ):
            return False
    return True


cdef bint sound_below(
    LevelPools *pools, LevelTree *tree, uint32_t node, uint32_t height, uint64_t prefix
) noexcept nogil:
    """Every child knows its parent and stands where its key says."""
    cdef Inner *inner
    cdef uint32_t child, parent
    cdef int i
    if height == 0:
        return leaf_at(pools, node).base == prefix and sound_leaf(pools, tree, node)
    inner = inner_at(pools, node)
    if inner.bitmap == 0:
        return False
    for i in range(64):
        child = inner.child[i]
        if (inner.bitmap >> i & 1) != (child != 0):
            return False
        if child == 0:
            continue
        parent = inner_at(pools, child).parent if height > 1 else leaf_at(pools, child).parent
        if parent != node or not sound_below(pools, tree, child, height - 1, prefix << 6 | i):
            return False
    return True


cdef int levels_check(LevelPools *pools, LevelTree *tree) noexcept nogil:
    """0 if the whole tree is as it should be, else -1. Takes as long as the tree is large."""
    cdef uint64_t prefix
    cdef Inner *root
    if tree.root == 0:
        return 0 if tree.best == 0 and tree.best_key == NO_LEVEL_KEY else -1
    if tree.best != first_below(pools, tree.root, tree.height):
        return -1
    if tree.best_key != level_key(pools, tree.best):
        return -1
    if tree.height:
        root = inner_at(pools, tree.root)
        if root.parent or not root.bitmap & (root.bitmap - 1):
            return -1
        prefix = above(tree.best_key, tree.height)
    else:
        prefix = tree.best_key >> 6
    return 0 if sound_below(pools, tree, tree.root, tree.height, prefix) else -1
