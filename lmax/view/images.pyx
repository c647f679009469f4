"""The state of an engine as bytes, and back: for snapshots. See lmax/state/image.pxd."""
from libc.stdint cimport uint64_t

from lmax.rules import RULES
from lmax.state cimport image
from lmax.state.declared cimport DECLARED
from lmax.state.image cimport (
    image_end, image_fill, image_take, placement, reader_close, reader_open, state_reset,
    writer_close, writer_open,
)
from lmax.view._view cimport StateView


class ImageError(ValueError):
    """These bytes are no state of this build."""


def layout():
    """32 bytes that only builds share whose images are the same: structs, where tables put what
    they hold, and the rules: after a way back to older ones nothing is left of the newer."""
    cdef bytes placed = (<int>placement()).to_bytes(8, "little")
    return bytes.fromhex((<bytes>DECLARED).decode()) + placed + RULES.to_bytes(8, "little")


def reset(StateView view not None):
    """Make a state empty, as if no command had been applied. No agent uses it meanwhile."""
    cdef int failed = 0
    state_reset(view.state, &failed)
    if failed:
        raise MemoryError("the engine's address space (20 GiB, used as needed) was refused")


cdef class ImageWriter:
    """The state of a view as a stream of bytes. It must not change before the last was taken."""

    cdef image.ImageWriter writer
    cdef StateView view

    def __cinit__(self, StateView view not None):
        self.view = view
        if view.state.fault:
            raise ImageError("the engine has stopped, so its state is that of no command")
        if writer_open(&self.writer, view.state) < 0:
            raise MemoryError("no memory for an image")

    def __dealloc__(self):
        writer_close(&self.writer)

    def fill(self, unsigned char[::1] buffer not None):
        """Put the next part into a buffer of 1 KiB or more; its size, 0 when there is no more.

        Each part is read by itself.
        """
        cdef uint64_t room = buffer.shape[0]
        cdef uint64_t filled
        if room < 1024:
            raise ValueError("a buffer holds 1 KiB or more")
        with nogil:
            filled = image_fill(&self.writer, <char *>&buffer[0], room)
        return filled


cdef class ImageReader:
    """Reads an image into a view, whose state is empty from now on. No agent uses it meanwhile.

    After an ImageError, and until `end`, the state is good for nothing but `reset`.
    """

    cdef image.ImageReader reader
    cdef StateView view

    def __cinit__(self, StateView view not None):
        self.view = view
        if reader_open(&self.reader, view.state) < 0:
            raise MemoryError("the engine's address space (20 GiB, used as needed) was refused")

    def __dealloc__(self):
        reader_close(&self.reader)

    def take(self, const unsigned char[::1] data not None):
        """The next part. Raises ImageError."""
        cdef uint64_t size = data.shape[0]
        cdef int failed = 0
        if size:
            with nogil:
                failed = image_take(&self.reader, <const char *>&data[0], size)
        if failed:
            raise ImageError((<bytes>self.reader.wrong).decode())

    def end(self):
        """That was all of it. Raises ImageError."""
        if image_end(&self.reader) < 0:
            raise ImageError((<bytes>self.reader.wrong).decode())
