# Written by `python -m lmax.schema`: the digest of all structs of the state (lmax/declarations.py).
cdef extern from *:
    """
    #define LMAX_DECLARED "c2119155e76d7cbf4a21e20c9c9cba96"
    """
    const char *DECLARED "LMAX_DECLARED"
