# Whole numbers from Python, fast, and a clear error for what is none or does not fit.
#
# Cython itself reads the digits of an int where they lie; PyLong_AsUnsignedLongLong copies
# them byte by byte, which costs as much as a whole message. Ints of one digit (30 bits) are read
# first, with no error to be ready for.
from libc.stdint cimport int64_t, uint8_t, uint64_t

cdef extern from *:
    """
    #if PY_VERSION_HEX >= 0x030C0000
    static inline int lmax_small_int(PyObject *value, int64_t *found)
    {
        if (!PyLong_CheckExact(value) || !PyUnstable_Long_IsCompact((PyLongObject *)value))
            return 0;
        *found = PyUnstable_Long_CompactValue((PyLongObject *)value);
        return 1;
    }
    #else
    #define lmax_small_int(value, found) 0
    #endif
    """
    bint small_int "lmax_small_int" (object value, int64_t *found) noexcept


cdef inline object whole(value, str name):
    """An int of anything that says it is a whole number, as those of NumPy do."""
    if not hasattr(value, "__index__"):
        raise TypeError(f"{name} is a whole number, not {value!r}")
    return value.__index__()


cdef inline int64_t signed_of(value, str name) except? -1:
    cdef int64_t found = 0
    if small_int(value, &found):
        return found
    if not isinstance(value, int):
        value = whole(value, name)
    try:
        return <int64_t>value
    except OverflowError:
        raise ValueError(f"{name} of {value} does not fit its field") from None


cdef inline uint64_t unsigned_of(value, str name) except? 0xFFFFFFFFFFFFFFFF:
    if not isinstance(value, int):
        value = whole(value, name)
    try:
        return <uint64_t>value
    except OverflowError:
        raise ValueError(f"{name} of {value} does not fit its field") from None


cdef inline uint8_t byte_of(value, str name) except? 255:
    cdef int64_t number = signed_of(value, name)
    if not 0 <= number <= 255:
        raise ValueError(f"{name} of {value} does not fit its field")
    return <uint8_t>number


cdef inline uint8_t side_of(value) except? 255:
    cdef int64_t side = signed_of(value, "side")
    if side not in (0, 1):
        raise ValueError(f"{value!r} is not a Side: 0 buys, 1 sells")
    return <uint8_t>side
