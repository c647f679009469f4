"""Copying a book that another thread changes. See _book.pxd."""
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from lmax.ringbuffer.atomics cimport cpu_pause, fetch_add_i32
from marketdata._levels cimport side_free

cdef enum:
    SPINS = 64  # tries before the processor is given away
    PATIENCE = 256  # tries before the agent is asked for a gap

cdef extern from "<sched.h>" nogil:
    int sched_yield()


cdef Book *book_new() noexcept nogil:
    cdef Book *book = <Book *>calloc(1, sizeof(Book))
    if book != NULL:
        book.version = 1
    return book


cdef void book_free(Book *book) noexcept nogil:
    if book != NULL:
        side_free(&book.sides[0])
        side_free(&book.sides[1])
        free(book)


cdef void copy_levels(const BookSide *side, Levels *levels, int which) noexcept nogil:
    cdef int64_t count = min(side.count, levels.room)
    levels.counts[which] = side.count
    if count:
        memcpy(levels.sides[which], side.levels + side.count - count, count * sizeof(Level))


cdef bint try_copy(Book *book, Book *copy, Levels *levels) noexcept nogil:
    cdef int64_t version = book_version(book)
    if version & 1:
        return False
    copy[0] = book[0]
    # Only now is it certain that each array and its count belong together.
    if not book_unchanged(book, version):
        return False
    if levels == NULL:
        return True
    copy_levels(&copy.sides[0], levels, 0)
    copy_levels(&copy.sides[1], levels, 1)
    return book_unchanged(book, version)


cdef void book_copy(Book *book, Book *copy, Levels *levels, int32_t *waiting) noexcept nogil:
    cdef int64_t tries = 0
    while not try_copy(book, copy, levels):
        tries += 1
        if tries == PATIENCE:
            fetch_add_i32(waiting, 1)
        if tries % SPINS == 0:
            sched_yield()
        else:
            cpu_pause()
    if tries >= PATIENCE:
        fetch_add_i32(waiting, -1)
