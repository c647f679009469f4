"""Heaps of trailing stops, and trails that become one. See trails.pxd."""

from lmax.base.memory cimport pool_give


cdef inline void settle_children(HeapNode *nodes, HeapNode *node) noexcept nogil:
    """The higher rank to the left; the node's own rank follows."""
    cdef uint32_t left = node.left
    if nodes[left].rank < nodes[node.right].rank:
        node.left = node.right
        node.right = left
    node.rank = nodes[node.right].rank + 1


cdef uint32_t meld(HeapNode *nodes, uint32_t a, uint32_t b) noexcept nogil:
    """Two heaps as one; its top. Node 0 is nobody, of rank 0."""
    cdef uint32_t right
    if a == 0 or b == 0:
        return a | b
    if nodes[b].distance < nodes[a].distance:
        a, b = b, a
    right = meld(nodes, nodes[a].right, b)
    nodes[a].right = right
    nodes[right].up = a
    settle_children(nodes, &nodes[a])
    return a


cdef void heap_put(HeapNode *nodes, uint32_t *top, uint32_t index) noexcept nogil:
    """Put a stop into a heap; its distance and trail are set."""
    nodes[index].left = 0
    nodes[index].right = 0
    nodes[index].rank = 1
    top[0] = meld(nodes, top[0], index)
    nodes[top[0]].up = 0


cdef void heap_take(HeapNode *nodes, uint32_t *top, uint32_t index) noexcept nogil:
    """Take a stop out of a heap, wherever in it it is."""
    cdef uint32_t up = nodes[index].up
    cdef uint32_t rest = meld(nodes, nodes[index].left, nodes[index].right)
    cdef uint32_t rank
    nodes[rest].up = up
    nodes[0].up = 0
    if up == 0:
        top[0] = rest
    elif nodes[up].left == index:
        nodes[up].left = rest
    else:
        nodes[up].right = rest
    while up:
        rank = nodes[up].rank
        settle_children(nodes, &nodes[up])
        if nodes[up].rank == rank:
            return
        up = nodes[up].up


cdef uint32_t heap_after(HeapNode *nodes, uint32_t top, uint32_t index) noexcept nogil:
    """The stop that comes behind that one on a way through the heap; 0: it was the last."""
    cdef uint32_t up
    if nodes[index].left:  # where there is no left, there is no right
        return nodes[index].left
    while index != top:
        up = nodes[index].up
        if nodes[up].left == index and nodes[up].right:
            return nodes[up].right
        index = up
    return 0


cdef uint32_t trails_meld(
    Pool *trails, HeapNode *nodes, uint32_t one, uint32_t other
) noexcept nogil:
    """Two trails as one, with the number of the larger; its best price is the caller's business."""
    cdef Trail *larger
    cdef Trail *smaller
    cdef uint32_t index
    cdef int kind
    if trail_at(trails, one).count < trail_at(trails, other).count:
        one, other = other, one
    larger = trail_at(trails, one)
    smaller = trail_at(trails, other)
    for kind in range(2):
        index = smaller.top[kind]
        while index:
            nodes[index].trail = one
            index = heap_after(nodes, smaller.top[kind], index)
        larger.top[kind] = meld(nodes, larger.top[kind], smaller.top[kind])
        nodes[larger.top[kind]].up = 0
    larger.count += smaller.count
    pool_give(trails, other)
    return one
