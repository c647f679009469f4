# Whole numbers from Python, fast, and a clear error for what is none or does not fit.
from libc.stdint cimport int64_t, uint8_t, uint64_t

cdef extern from "Python.h":
    # Declared without exceptions: the functions below look for them and say which value was wrong.
    long long PyLong_AsLongLong(object value) noexcept
    unsigned long long PyLong_AsUnsignedLongLong(object value) noexcept
    void *PyErr_Occurred() noexcept
    void PyErr_Clear() noexcept


cdef inline int refuse(value, str name) except -1:
    """Say which value it was, whatever C thought of it."""
    PyErr_Clear()
    if not hasattr(value, "__index__"):
        raise TypeError(f"{name} is a whole number, not {value!r}")
    raise ValueError(f"{name} of {value} does not fit its field")


cdef inline int64_t signed_of(value, str name) except? -1:
    cdef int64_t number = PyLong_AsLongLong(value)
    if number == -1 and PyErr_Occurred() != NULL:
        refuse(value, name)
    return number


cdef inline uint64_t unsigned_of(value, str name) except? 0xFFFFFFFFFFFFFFFF:
    cdef uint64_t number = PyLong_AsUnsignedLongLong(value)
    if number == <uint64_t>-1 and PyErr_Occurred() != NULL:
        PyErr_Clear()
        if hasattr(value, "__index__") and not isinstance(value, int):  # of NumPy, say
            return unsigned_of(value.__index__(), name)
        refuse(value, name)
    return number


cdef inline uint8_t byte_of(value, str name) except? 255:
    cdef int64_t number = signed_of(value, name)
    if not 0 <= number <= 255:
        refuse(value, name)
    return <uint8_t>number


cdef inline uint8_t side_of(value) except? 255:
    cdef int64_t side = signed_of(value, "side")
    if side not in (0, 1):
        raise ValueError(f"{value!r} is not a Side: 0 buys, 1 sells")
    return <uint8_t>side
