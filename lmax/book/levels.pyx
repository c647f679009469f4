"""The slow part of the tree of price levels. See levels.pxd for the structure."""

from libc.string cimport memset

from lmax.base.memory cimport pool_close, pool_give, pool_open, pool_take, release, reserve


cdef int level_pools_open(LevelPools *pools, uint32_t max_leaves) noexcept nogil:
    """Room for max_leaves (at most 2^26) leaves; 0, or -1 when the system refuses it."""
    pools.owners = 0
    if pool_open(&pools.leaves, sizeof(Leaf), max_leaves) < 0:
        return -1
    if pool_open(&pools.inners, sizeof(Inner), max_leaves) < 0:
        pool_close(&pools.leaves)
        return -1
    pools.levels = <Level *>reserve(sizeof(Level) * 64 * max_leaves)
    if pools.levels == NULL:
        pool_close(&pools.leaves)
        pool_close(&pools.inners)
        return -1
    # No tree has leaf 0; flat_best reads it in an empty one.
    leaf_at(pools, 0).bitmap = <uint64_t>1 << 63
    return 0


cdef void level_pools_close(LevelPools *pools) noexcept nogil:
    release(pools.levels, sizeof(Level) * 64 * pools.leaves.capacity)
    pool_close(&pools.leaves)
    pool_close(&pools.inners)


cdef void clear_flat(LevelTree *tree) noexcept nogil:
    cdef int i
    for i in range(FLAT_LEAVES):
        tree.flat[i] = NO_LEVEL_KEY
        tree.flat_leaf[i] = 0
    tree.places = (1 << FLAT_LEAVES) - 1


cdef void levels_open(
    LevelPools *pools, LevelTree *tree, uint32_t *cache, uint32_t cache_size
) noexcept nogil:
    """An empty tree. cache: zeroed, a power of two entries, there as long as the tree is used."""
    pools.owners += 1
    memset(tree, 0, sizeof(LevelTree))
    tree.owner = pools.owners
    tree.best_key = NO_LEVEL_KEY
    clear_flat(tree)
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
    cdef uint32_t index = leaf_take(pools)
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
    """Give back an empty leaf of a deep tree, which has others, with the nodes that it leaves
    empty and needless roots."""
    cdef Leaf *leaf = leaf_at(pools, index)
    cdef uint64_t key = leaf.base << 6
    cdef uint32_t node = leaf.parent
    cdef uint32_t height = 1
    cdef uint32_t parent
    cdef Inner *inner
    tree.leaves -= 1
    leaf_give(pools, index)
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


# -- finding -------------------------------------------------------------------------------


cdef uint32_t walk(
    LevelPools *pools, LevelTree *tree, uint64_t key, uint32_t leaf
) noexcept nogil:
    """The leaf of that key in a deep tree, with the nodes above it where missing: put there,
    or if `leaf` is 0, made."""
    cdef uint32_t node, child, i, height
    cdef Inner *inner
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
            if height:
                child = new_inner(pools, tree)
            else:
                child = leaf if leaf else new_leaf(pools, tree, key >> 6)
            set_parent(pools, child, height, node)
            inner.bitmap |= <uint64_t>1 << i
            inner.child[i] = child
        node = child
    return node


cdef void make_deep(LevelPools *pools, LevelTree *tree) noexcept nogil:
    """Hang the leaves of a flat tree under inner nodes."""
    cdef uint32_t leaves[FLAT_LEAVES]
    cdef uint32_t first = tree.best >> 6
    cdef int i
    for i in range(FLAT_LEAVES):
        leaves[i] = tree.flat_leaf[i]
    clear_flat(tree)
    tree.places = 0
    tree.deep = 1
    tree.root = first
    tree.height = 0
    leaf_at(pools, first).parent = 0
    for i in range(FLAT_LEAVES):
        if leaves[i] != first:
            walk(pools, tree, leaf_at(pools, leaves[i]).base << 6, leaves[i])


cdef void make_flat(LevelPools *pools, LevelTree *tree) noexcept nogil:
    """The last leaf of a deep tree is its root."""
    cdef Leaf *leaf = leaf_at(pools, tree.root)
    tree.deep = 0
    clear_flat(tree)
    tree.places &= ~<uint32_t>1
    tree.flat[0] = leaf.base << 6
    tree.flat_leaf[0] = tree.root
    leaf.parent = 0
    tree.root = 0


cdef uint32_t deep_leaf_for(LevelPools *pools, LevelTree *tree, uint64_t key) noexcept nogil:
    """The leaf of that key, made if missing, and kept at hand. A flat tree gets deep."""
    cdef uint32_t index
    if not tree.deep:
        make_deep(pools, tree)
    index = walk(pools, tree, key, 0)
    tree.cache[(key >> 6) & tree.cache_mask] = index
    return index


cdef uint32_t deep_leaf_find(LevelPools *pools, LevelTree *tree, uint64_t key) noexcept nogil:
    """The leaf of that key in a deep tree, or 0."""
    cdef uint32_t node = tree.root
    cdef uint32_t height = tree.height
    if above(key, height) != above(tree.best_key, height):
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


cdef uint32_t flat_next(LevelPools *pools, LevelTree *tree, uint64_t key) noexcept nogil:
    """The best level behind the leaf of that key in a flat tree."""
    cdef uint64_t after = NO_LEVEL_KEY
    cdef uint32_t leaf = 0
    cdef int i
    for i in range(FLAT_LEAVES):
        if tree.flat_leaf[i] and (key | 63) < tree.flat[i] <= after:
            after = tree.flat[i]
            leaf = tree.flat_leaf[i]
    return leaf << 6 | ctz(leaf_at(pools, leaf).bitmap) if leaf else 0


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
    if not tree.deep:
        return flat_next(pools, tree, key)
    while node:
        inner = inner_at(pools, node)
        rest = inner.bitmap >> place(key, height) >> 1
        if rest:
            node = inner.child[place(key, height) + 1 + ctz(rest)]
            return first_below(pools, node, height - 1)
        node = inner.parent
        height += 1
    return 0


cdef void deep_level_gone(LevelPools *pools, LevelTree *tree, uint32_t level) noexcept nogil:
    """A level is empty and its bit cleared: its leaf may be empty, or it was the best."""
    cdef uint64_t rest = leaf_at(pools, level >> 6).bitmap
    if rest == 0:
        drop_leaf(pools, tree, level >> 6)
    if level == tree.best:
        if rest:
            tree.best = (level & ~<uint32_t>63) | ctz(rest)
        else:
            tree.best = first_below(pools, tree.root, tree.height)
        tree.best_key = level_key(pools, tree.best)
    if tree.height == 0:
        make_flat(pools, tree)


cdef uint64_t levels_bytes(LevelTree *tree) noexcept nogil:
    """What the tree takes from the pools."""
    return tree.leaves * (sizeof(Leaf) + 64 * sizeof(Level)) + tree.inners * sizeof(Inner)


# -- checking ------------------------------------------------------------------------------


cdef bint sound_leaf(LevelPools *pools, LevelTree *tree, uint32_t index) noexcept nogil:
    """Its bits say which levels hold something, and the others are zeros."""
    cdef Leaf *leaf = leaf_at(pools, index)
    cdef Level *level
    cdef int i
    if leaf.bitmap == 0 or leaf.owner != tree.owner:
        return False
    for i in range(64):
        level = level_at(pools, index << 6 | i)
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


cdef bint sound_flat(LevelPools *pools, LevelTree *tree) noexcept nogil:
    """Each place has a leaf that knows where it stands, or is free."""
    cdef uint32_t leaves = 0
    cdef uint32_t index
    cdef int i
    if tree.inners:
        return False
    for i in range(FLAT_LEAVES):
        index = tree.flat_leaf[i]
        if (tree.places >> i & 1) != (index == 0) or (index == 0) != (
            tree.flat[i] == NO_LEVEL_KEY
        ):
            return False
        if index == 0:
            continue
        leaves += 1
        if leaf_at(pools, index).parent != <uint32_t>i or not sound_leaf(pools, tree, index):
            return False
        if tree.flat[i] != (leaf_at(pools, index).base << 6 | <uint64_t>i):
            return False
        if level_key(pools, index << 6) < tree.best_key & ~<uint64_t>63:
            return False
    return leaves == tree.leaves


cdef int levels_check(LevelPools *pools, LevelTree *tree) noexcept nogil:
    """0 if the whole tree is as it should be, else -1. Takes as long as the tree is large."""
    cdef Inner *root
    if tree.best == 0:
        return 0 if tree.best_key == NO_LEVEL_KEY and tree.leaves == 0 and not tree.deep else -1
    if tree.best_key != level_key(pools, tree.best):
        return -1
    if ctz(leaf_at(pools, tree.best >> 6).bitmap) != <int>(tree.best & 63):
        return -1
    if not tree.deep:
        return 0 if sound_flat(pools, tree) else -1
    if tree.height == 0 or tree.best != first_below(pools, tree.root, tree.height):
        return -1
    root = inner_at(pools, tree.root)
    if root.parent or not root.bitmap & (root.bitmap - 1):
        return -1
    if not sound_below(
        pools, tree, tree.root, tree.height, above(tree.best_key, tree.height)
    ):
        return -1
    return 0
